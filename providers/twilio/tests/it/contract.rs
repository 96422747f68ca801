//! What we send and what the simulator answers, held against the vendor's own documents.
//!
//! The documents lie outside this repository, in the folder that `PORTCULLIS_VENDOR_SPECS` names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jsonschema::Validator;
use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::testkit::Vendor;
use portcullis_provider_twilio::simulator::{self, Callback};
use serde_json::{Map, Value, json};

use crate::office::{Office, WEBHOOK, reference};

const TO: &str = "+15017122661";

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

    fn accepts_form(&self, path: &str, body: &[u8]) {
        let schema = &self.operation("post", path)["requestBody"]["content"]["application/x-www-form-urlencoded"]
            ["schema"];
        let form = typed(body, schema);
        let unknown: Vec<_> = form
            .keys()
            .filter(|name| schema["properties"].get(*name).is_none())
            .collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?} are not in the document");
        assert_valid(&self.validator(schema), &Value::Object(form), path);
    }

    fn accepts_answer(&self, method: &str, path: &str, answer: &HttpResponse) {
        let responses = &self.operation(method, path)["responses"];
        let status = answer.status.to_string();
        let response = responses.get(&status).unwrap_or(&responses["default"]);
        assert!(
            answer.status >= 400 || responses.get(&status).is_some(),
            "{method} {path}: {status}"
        );
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let validator = self.validator(&response["content"]["application/json"]["schema"]);
        assert_valid(&validator, &body, path);
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

/// A form with its values typed as the schema has them.
fn typed(body: &[u8], schema: &Value) -> Map<String, Value> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body).into_owned() {
        values.entry(name).or_default().push(value);
    }
    let one = |kind: &Value, text: &String| match kind.as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap(),
        _ => Value::String(text.clone()),
    };
    let typed = |name: &String, values: &Vec<String>| {
        let kind = &schema["properties"][name]["type"];
        if kind == "array" {
            json!(values)
        } else {
            assert_eq!(values.len(), 1, "{name} is given twice");
            one(kind, &values[0])
        }
    };
    values
        .iter()
        .map(|(name, values)| (name.clone(), typed(name, values)))
        .collect()
}

const MESSAGES: &str = "/2010-04-01/Accounts/{AccountSid}/Messages.json";
const MESSAGE: &str = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json";
const SERVICE: &str = "/v2/Services/{Sid}";
const VERIFICATIONS: &str = "/v2/Services/{ServiceSid}/Verifications";
const VERIFICATION: &str = "/v2/Services/{ServiceSid}/Verifications/{Sid}";
const CHECK: &str = "/v2/Services/{ServiceSid}/VerificationCheck";

/// Asks the simulator as the client would.
fn ask(office: &Office, method: HttpMethod, path: &str, form: &[(&str, &str)]) -> HttpResponse {
    let authorization = office.client.sent()[0]
        .headers
        .iter()
        .find(|(name, _)| name == "authorization")
        .unwrap()
        .1
        .clone();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = HttpRequest::new(method, format!("https://api.twilio.com{path}"))
        .header("authorization", authorization)
        .body("application/x-www-form-urlencoded", body);
    office.twilio.answer(&request)
}

#[tokio::test]
async fn messages_are_as_the_vendor_documents_them() {
    let Some(folder) = folder() else { return };
    let document = Document::open(&folder, "twilio_messages.json");
    let office = Office::new();
    let by_number = office.plain().await.sender;
    let by_service = office
        .connect(json!({ "messaging_service_sid": simulator::MESSAGING_SERVICE }))
        .await
        .sender;
    let sid = reference(by_number.send(&office.text(TO)).await);
    reference(by_service.send(&office.code(TO, "123456")).await);
    for request in office.client.sent() {
        document.accepts_form(MESSAGES, &request.body);
        document.accepts_answer("post", MESSAGES, &office.twilio.answer(&request));
    }
    let account = format!("/2010-04-01/Accounts/{}", simulator::ACCOUNT);
    office.twilio.report(&sid, "undelivered", Some(30003)).unwrap();
    let one = ask(
        &office,
        HttpMethod::Get,
        &format!("{account}/Messages/{sid}.json"),
        &[],
    );
    assert_eq!(one.status, 200);
    document.accepts_answer("get", MESSAGE, &one);
    let all = ask(
        &office,
        HttpMethod::Get,
        &format!("{account}/Messages.json?To=%2B15017122661&PageSize=2"),
        &[],
    );
    assert_eq!(all.status, 200);
    document.accepts_answer("get", MESSAGES, &all);
    let refused = ask(
        &office,
        HttpMethod::Post,
        &format!("{account}/Messages.json"),
        &[("To", TO)],
    );
    assert_eq!(refused.status, 400);
    document.accepts_answer("post", MESSAGES, &refused);
}

#[tokio::test]
async fn verifications_are_as_the_vendor_documents_them() {
    let Some(folder) = folder() else { return };
    let document = Document::open(&folder, "twilio_verify.json");
    let office = Office::new();
    let connected = office.with_verify().await;
    for code in ["123456", "234567"] {
        reference(connected.sender.send(&office.code(TO, code)).await);
    }
    let mut seen = 0;
    for request in office.client.sent() {
        let path = if request.url.ends_with("/Verifications") {
            VERIFICATIONS
        } else {
            VERIFICATION
        };
        document.accepts_form(path, &request.body);
        document.accepts_answer("post", path, &office.twilio.answer(&request));
        seen += 1;
    }
    assert_eq!(seen, 4, "created, created again, canceled, created");
    let service = format!("/v2/Services/{}", simulator::VERIFY_SERVICE);
    document.accepts_answer("get", SERVICE, &ask(&office, HttpMethod::Get, &service, &[]));
    let pending = office
        .twilio
        .verifications()
        .into_iter()
        .rfind(|known| known.status == "pending")
        .unwrap();
    let path = format!("{service}/Verifications/{}", pending.sid);
    let one = ask(&office, HttpMethod::Get, &path, &[]);
    assert_eq!(one.status, 200);
    document.accepts_answer("get", VERIFICATION, &one);
    let check = |code: &str| {
        let form = [("VerificationSid", pending.sid.as_str()), ("Code", code)];
        document.accepts_form(
            CHECK,
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish()
                .as_bytes(),
        );
        let answer = ask(
            &office,
            HttpMethod::Post,
            &format!("{service}/VerificationCheck"),
            &form,
        );
        document.accepts_answer("post", CHECK, &answer);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["status"].as_str().map(str::to_owned).unwrap_or_default()
    };
    assert_eq!(check("000000"), "pending");
    assert_eq!(check(&pending.code), "approved");
    let again = ask(
        &office,
        HttpMethod::Post,
        &format!("{service}/VerificationCheck"),
        &[("To", "+15017122669")],
    );
    assert_eq!(again.status, 404);
    document.accepts_answer("post", CHECK, &again);
}

#[tokio::test]
async fn callbacks_are_as_the_vendor_documents_them() {
    let Some(folder) = folder() else { return };
    let document = Document::open(&folder, "twilio_webhooks.json");
    let office = Office::new();
    let sender = office.plain().await.sender;
    let sid = reference(sender.send(&office.text(TO)).await);
    let report: Callback = office.twilio.report(&sid, "failed", Some(30005)).unwrap();
    document.accepts_form("/x-webhook/twilio-status", &report.body);
    let incoming = office.twilio.incoming(WEBHOOK, TO, "Stop", Some("STOP"));
    document.accepts_form("/x-webhook/twilio-inbound", &incoming.body);
}
