//! What we send and what the simulator answers and posts, held against the vendor's own documents.
//!
//! The documents lie outside this repository, in the folder that `PORTCULLIS_VENDOR_SPECS` names.

use std::path::PathBuf;

use jsonschema::Validator;
use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::testkit::Vendor as _;
use serde_json::{Map, Value, json};

use crate::desk::{Desk, reference};

/// The folder with the documents, or `None` where they are not at hand.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("PORTCULLIS_VENDOR_SPECS").map(PathBuf::from);
    if folder.is_none() {
        println!("PORTCULLIS_VENDOR_SPECS is not set: nothing was held against the vendor's documents");
    }
    folder
}

/// One of the documents, with schemas as JSON Schema has them.
struct Document(Value);

impl Document {
    fn open(folder: &std::path::Path, name: &str) -> Self {
        let path = folder.join(name);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(serde_json::from_str(&text).unwrap())
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        let mut components = self.0["components"].clone();
        convert(&mut schema);
        if let Some(schemas) = components["schemas"].as_object_mut() {
            schemas.values_mut().for_each(convert);
        }
        schema
            .as_object_mut()
            .unwrap()
            .insert("components".to_owned(), components);
        jsonschema::validator_for(&schema).unwrap()
    }

    fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.0["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not in the document");
        operation
    }

    fn accepts_body(&self, path: &str, media_type: &str, body: &[u8]) {
        let schema = &self.operation("post", path)["requestBody"]["content"][media_type]["schema"];
        assert_valid(
            &self.validator(schema),
            &serde_json::from_slice(body).unwrap(),
            path,
        );
    }

    fn accepts_answer(&self, method: &str, path: &str, answer: &HttpResponse) {
        let response = &self.operation(method, path)["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{method} {path}: {}", answer.status);
        if let Some(kinds) = response["headers"]["x-amzn-ErrorType"]["schema"]["enum"].as_array() {
            let kind = answer.header("x-amzn-errortype").unwrap();
            assert!(
                kinds.iter().any(|known| known == kind),
                "{kind} is not in the document"
            );
        }
        let schema = &response["content"]["application/json"]["schema"];
        let body = serde_json::from_slice(&answer.body).unwrap();
        assert_valid(&self.validator(schema), &body, path);
    }
}

fn assert_valid(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
}

/// `nullable`, which JSON Schema does not know, becomes a type.
fn convert(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(convert),
        Value::Object(map) => {
            let nullable = map.remove("nullable") == Some(json!(true));
            for (key, inner) in map.iter_mut() {
                match (key.as_str(), inner) {
                    ("properties", Value::Object(fields)) => fields.values_mut().for_each(convert),
                    ("enum" | "default" | "example" | "required", _) => {}
                    (_, inner) => convert(inner),
                }
            }
            if nullable {
                if let Some(Value::Array(values)) = map.get_mut("enum") {
                    values.push(Value::Null);
                }
                let kind = map.get("type").cloned();
                match kind {
                    Some(kind) => {
                        map.insert("type".to_owned(), json!([kind, "null"]));
                    }
                    None if map
                        .keys()
                        .any(|key| ["$ref", "allOf", "anyOf"].contains(&key.as_str())) =>
                    {
                        let inner = Value::Object(std::mem::take(map));
                        *map = Map::from_iter([("anyOf".to_owned(), json!([inner, { "type": "null" }]))]);
                    }
                    None => {}
                }
            }
        }
        _ => {}
    }
}

const SEND: &str = "/v2/email/outbound-emails";
const ACCOUNT: &str = "/v2/email/account";

#[tokio::test]
async fn requests_and_answers_are_as_the_vendor_documents_them() {
    let Some(folder) = folder() else { return };
    let document = Document::open(&folder, "ses.json");
    let desk = Desk::new();
    let connected = desk.connect(json!({ "reply_to": "help@example.com" })).await;
    reference(connected.sender.send(&desk.message("ada@example.org")).await);
    connected.probe.check().await.unwrap();
    let requests: Vec<HttpRequest> = desk.client.sent();
    assert_eq!(requests.len(), 2);
    let (send, account) = (&requests[0], &requests[1]);
    assert_eq!((send.method, account.method), (HttpMethod::Post, HttpMethod::Get));
    assert!(send.url.ends_with(SEND) && account.url.ends_with(ACCOUNT));
    document.accepts_body(SEND, "application/json", &send.body);
    let schema = &document.0["components"]["schemas"]["SendEmailRequest"]["properties"];
    let body: Value = serde_json::from_slice(&send.body).unwrap();
    for name in body.as_object().unwrap().keys() {
        assert!(schema.get(name).is_some(), "{name} is not in the document");
    }
    document.accepts_answer("post", SEND, &desk.ses.answer(send));
    document.accepts_answer("get", ACCOUNT, &desk.ses.answer(account));
    desk.ses.set_account(|account| account.production = false);
    document.accepts_answer("post", SEND, &desk.ses.answer(send));
    desk.ses.set_account(|account| account.sending = false);
    let paused = desk.ses.answer(send);
    assert_eq!(paused.status, 400);
    document.accepts_answer("post", SEND, &paused);
}

#[tokio::test]
async fn what_is_posted_is_as_the_vendor_documents_it() {
    let Some(folder) = folder() else { return };
    let document = Document::open(&folder, "ses_events.json");
    let desk = Desk::new();
    let connected = desk.plain().await;
    for to in [
        "ada@example.org",
        "bounce@simulator.amazonses.com",
        "complaint@simulator.amazonses.com",
    ] {
        reference(connected.sender.send(&desk.message(to)).await);
    }
    let notices = desk.ses.notices();
    assert_eq!(notices.len(), 7);
    for notice in notices {
        document.accepts_body("/x-webhook/ses-sns", "text/plain", &notice.body());
        let event = notice.envelope()["Message"].as_str().unwrap();
        document.accepts_body("/x-webhook/ses-event", "application/json", event.as_bytes());
    }
    document.accepts_body(
        "/x-webhook/ses-sns",
        "text/plain",
        &desk.ses.subscription().body(),
    );
}
