//! The document as a client developer reads it: complete, consistent, and true to its own examples.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::schema::complaints;

/// One operation with its place.
pub(crate) struct Operation {
    pub(crate) path: String,
    pub(crate) method: String,
    pub(crate) value: Value,
}

impl Operation {
    pub(crate) fn id(&self) -> &str {
        self.value["operationId"].as_str().expect("an operationId")
    }

    fn responses(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.value["responses"].as_object().expect("responses").iter()
    }
}

pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().expect("methods").clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, value)| Operation {
            path: path.clone(),
            method,
            value,
        })
    };
    paths.iter().flat_map(of_path).collect()
}

/// The example of what a body holds.
pub(crate) fn example<'a>(document: &'a Value, content: &Value) -> &'a Value {
    let reference = content["schema"]["$ref"].as_str();
    let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
    let schema = pointer.and_then(|pointer| document.pointer(pointer));
    schema.map_or(&Value::Null, |schema| &schema["example"])
}

fn document() -> Value {
    portcullis_openapi::document()
}

#[test]
fn every_operation_says_what_it_is() {
    let document = document();
    let tags: Vec<_> = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| tag["name"].clone())
        .collect();
    let mut ids = BTreeSet::new();
    for operation in operations(&document) {
        let id = operation.id();
        assert!(ids.insert(id.to_owned()), "two operations are called {id}");
        let summary = operation.value["summary"].as_str().unwrap_or_default();
        assert!(
            (5..=60).contains(&summary.len()) && !summary.ends_with('.'),
            "{id}: summary {summary:?}"
        );
        let description = operation.value["description"].as_str().unwrap_or_default();
        assert!(
            description.len() > summary.len() + 20,
            "{id}: description {description:?}"
        );
        let own: Vec<_> = operation.value["tags"].as_array().into_iter().flatten().collect();
        assert!(own.len() == 1 && tags.contains(own[0]), "{id}: tags {own:?}");
        if operation.path.contains("/billing/invoices") || operation.path.contains("}/invoices") {
            assert_eq!(own[0], "Invoices", "{id}");
        }
    }
    assert!(ids.len() >= 35, "{} operations", ids.len());
    for tag in document["tags"].as_array().expect("tags") {
        assert!(
            tag["description"].as_str().is_some_and(|text| text.len() > 10),
            "{tag}"
        );
    }
}

#[test]
fn every_operation_tells_success_and_failure_apart() {
    let document = document();
    for operation in operations(&document) {
        let statuses: Vec<&str> = operation.responses().map(|(status, _)| status.as_str()).collect();
        let id = operation.id();
        assert!(
            statuses
                .iter()
                .any(|status| status.starts_with('2') || *status == "303"),
            "{id}: {statuses:?}"
        );
        assert!(
            statuses
                .iter()
                .all(|status| status.parse().is_ok_and(|status: u16| status >= 200)),
            "{id} names a range: {statuses:?}"
        );
        assert!(statuses.contains(&"500"), "{id}: {statuses:?}");
        for (status, response) in operation
            .responses()
            .filter(|(status, _)| *status >= &"400".to_owned())
        {
            let content = &response["content"]["application/problem+json"];
            assert_eq!(
                content["schema"]["$ref"], "#/components/schemas/Problem",
                "{id} {status}"
            );
            let shown = content["examples"].as_object().expect("examples");
            for name in shown.keys() {
                let example = &document["components"]["examples"][name]["value"];
                assert_eq!(
                    example["status"].to_string(),
                    *status,
                    "{id}: {name} stands at the wrong status"
                );
            }
        }
        for (status, response) in operation.responses() {
            assert!(
                response["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{id} {status}"
            );
        }
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = document();
    let mut compared = 0;
    for operation in operations(&document) {
        let mut contents = vec![(
            "request".to_owned(),
            operation.value["requestBody"]["content"]["application/json"].clone(),
        )];
        contents.retain(|(_, content)| !content.is_null());
        for (status, response) in operation
            .responses()
            .filter(|(status, _)| status.starts_with('2') && *status != "204")
        {
            let content = &response["content"]["application/json"];
            // What is printed is no JSON, and its schema says nothing about it.
            if content.is_null() && response["content"].get("application/pdf").is_some() {
                continue;
            }
            contents.push((status.clone(), content.clone()));
        }
        for (place, content) in contents {
            let example = example(&document, &content);
            assert!(!example.is_null(), "{} {place} has no example", operation.id());
            let found = complaints(&document, &content["schema"], example);
            assert!(found.is_empty(), "{} {place}: {found:#?}", operation.id());
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared} examples");
    let problem = &document["components"]["schemas"]["Problem"];
    for (name, example) in document["components"]["examples"].as_object().expect("examples") {
        let found = complaints(&document, problem, &example["value"]);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn every_field_is_described() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        assert!(
            schema["description"].as_str().is_some_and(|text| text.len() > 5),
            "{name} has no description"
        );
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let described = property["description"]
                .as_str()
                .is_some_and(|text| text.len() > 3);
            assert!(described, "{name}.{field} has no description: {property}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_part_is_used() {
    let document = document();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in &references {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference into this document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for name in document["components"]["schemas"]
        .as_object()
        .expect("schemas")
        .keys()
    {
        assert!(
            references.contains(&format!("#/components/schemas/{name}")),
            "{name} is used nowhere"
        );
    }
    for name in ["Problem", "AccessToken", "Me"] {
        assert!(
            document["components"]["schemas"].get(name).is_some(),
            "{name} is missing"
        );
    }
}

fn collect(part: &Value, references: &mut BTreeSet<String>) {
    match part {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, references)),
        Value::Object(table) => {
            references.extend(table.get("$ref").and_then(Value::as_str).map(str::to_owned));
            table.values().for_each(|value| collect(value, references));
        }
        _ => {}
    }
}

#[test]
fn nothing_is_null_except_in_examples() {
    fn look(part: &Value, place: &str) {
        match part {
            Value::Null => panic!("{place} is null"),
            Value::Array(elements) => elements.iter().for_each(|element| look(element, place)),
            Value::Object(table) => {
                let kept = table.iter().filter(|(key, _)| !key.starts_with("example"));
                kept.for_each(|(key, value)| look(value, &format!("{place}/{key}")));
            }
            _ => {}
        }
    }
    look(&document(), "");
}

#[test]
fn what_may_be_null_has_a_type() {
    fn look(part: &Value, place: &str) {
        match part {
            Value::Array(elements) => elements.iter().for_each(|element| look(element, place)),
            Value::Object(table) => {
                let bare =
                    table.get("nullable").is_some_and(|value| value == true) && !table.contains_key("type");
                assert!(!bare, "{place} may be null and has no type");
                table
                    .iter()
                    .for_each(|(key, value)| look(value, &format!("{place}/{key}")));
            }
            _ => {}
        }
    }
    let document = document();
    look(&document, "");
    let factor = &document["components"]["schemas"]["ConfirmRemoval"]["properties"]["factor"];
    assert_eq!(
        (&factor["type"], &factor["nullable"]),
        (&"string".into(), &true.into())
    );
}

/// Every property of every schema, with its place.
fn properties(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            found.push((format!("{name}.{field}"), property));
        }
    }
    found
}

#[test]
fn ids_and_codes_have_patterns() {
    let document = document();
    let mut found = 0;
    for (place, property) in properties(&document) {
        let field = place.rsplit('.').next().expect("a field");
        let is_id = field.ends_with("_id") || field.ends_with("_cursor");
        let is_code = property["writeOnly"] == true && field.ends_with("code");
        if is_id || is_code {
            let pattern = property["pattern"].as_str().unwrap_or_default();
            assert!(
                pattern.starts_with('^') && pattern.ends_with('$'),
                "{place}: {property}"
            );
            assert!(regex::Regex::new(pattern).is_ok(), "{place}: {pattern}");
            found += 1;
        }
    }
    assert!(found > 30, "{found}");
    let cursor = &document["paths"]["/ui/sessions"]["get"]["parameters"][0];
    assert!(cursor["schema"]["pattern"].is_string(), "{cursor}");
}

#[test]
fn secrets_say_how_long_they_are() {
    let document = document();
    let lengths = |property: &Value| Some((property["minLength"].as_u64()?, property["maxLength"].as_u64()?));
    for (place, property) in properties(&document)
        .into_iter()
        .filter(|(_, property)| property["writeOnly"] == true)
    {
        let expected = match place.as_str() {
            "SignUp.password" | "ChangePassword.new_password" | "ConfirmRecovery.new_password" => {
                Some((8, 256))
            }
            // Chosen some time ago, perhaps under other rules.
            _ if place.ends_with("password") => Some((1, 1024)),
            _ if place.ends_with("challenge_id") => Some((31, 31)),
            _ if place.ends_with("sign_up_id") => Some((30, 83)),
            _ if place.contains("RecoveryCode.") || place.ends_with("recovery_code") => Some((16, 64)),
            _ if place.ends_with("code") => Some((6, 64)),
            "VerifyApiKey.api_key" => Some((68, 68)),
            _ => None,
        };
        assert_eq!(lengths(property), expected, "{place}");
    }
}

#[test]
fn a_field_with_two_names_is_sent_once() {
    let document = document();
    let mut found = 0;
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let described = |property: &Value| property["description"].as_str().unwrap_or_default().to_owned();
        for (field, _) in
            properties.filter(|(_, property)| described(property).contains("also be sent as `code`"))
        {
            let both = schema["not"]["required"] == serde_json::json!([field, "code"]);
            let either = schema["allOf"][0]["oneOf"]
                .as_array()
                .is_some_and(|list| list.len() == 2);
            assert!(both || either, "{name}.{field}");
            assert!(schema["properties"]["code"]["pattern"].is_string(), "{name}");
            found += 1;
        }
    }
    assert_eq!(found, 8);
}

#[test]
fn codes_are_what_people_type() {
    let document = document();
    let fits = |schema: &str, field: &str, text: &str| {
        let pattern = &document["components"]["schemas"][schema]["properties"][field]["pattern"];
        let pattern = pattern.as_str().expect("a pattern");
        regex::Regex::new(pattern)
            .expect("a regular expression")
            .is_match(text)
    };
    let printed = "abcd-efgh-0123-4567";
    let link = "0123456789abcdefghjkmnpqrst0123456789abcdefghjkmnpqr";
    for digits in [
        "287082",
        " 287 082 ",
        "２８７－０８２",
        "٢٨٧٠٨٢",
        "२८७०८२",
        "\u{202a}287082\u{202c}",
    ] {
        for (schema, field) in [
            ("VerifyTotp", "totp_code"),
            ("VerifyCode", "code"),
            ("ConfirmRemoval", "code"),
            ("ConfirmRecovery", "confirmation_code"),
        ] {
            assert!(fits(schema, field, digits), "{schema}.{field} {digits:?}");
        }
        assert!(!fits("UseRecoveryCode", "recovery_code", digits));
    }
    for wrong in ["28708", "2870822", "287082x", "287.082", printed, link] {
        assert!(!fits("VerifyTotp", "totp_code", wrong), "{wrong}");
    }
    for typed in [printed, "ABCDEFGH01234567", "abcd efgh 0123 4567"] {
        assert!(fits("UseRecoveryCode", "recovery_code", typed), "{typed}");
        assert!(fits("ConfirmRemoval", "code", typed), "{typed}");
    }
    assert!(fits("VerifyRecovery", "confirmation_code", link));
}

#[test]
fn every_path_parameter_is_declared() {
    for operation in operations(&document()) {
        let named: BTreeSet<_> = operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{'))
            .collect();
        let (parameters, others): (Vec<_>, Vec<_>) = operation.value["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .partition(|parameter| parameter["in"] == "path");
        for parameter in &others {
            let needed = parameter["in"] == "header" && parameter["name"] == "Idempotency-Key";
            assert!(
                parameter["description"].is_string() && parameter["required"] == needed,
                "{parameter}"
            );
            let asked = parameter["in"] == "header" && parameter["name"] == "If-None-Match";
            assert!(needed || asked || parameter["in"] == "query", "{parameter}");
        }
        for parameter in &parameters {
            let name = parameter["name"].as_str().expect("a name");
            assert!(
                named.contains(format!("{name}}}").as_str()),
                "{}: {name} is not in the path",
                operation.id()
            );
            assert!(
                parameter["required"] == true && parameter["in"] == "path",
                "{}: {parameter}",
                operation.id()
            );
            assert!(
                parameter["description"].is_string(),
                "{}: {name} has no description",
                operation.id()
            );
        }
        assert_eq!(parameters.len(), named.len(), "{}", operation.id());
    }
}

#[test]
fn a_body_that_may_be_left_out_is_marked_so() {
    let optional = |id: &str| {
        let operation = operations(&document())
            .into_iter()
            .find(|operation| operation.id() == id)
            .expect("known");
        operation.value["requestBody"]["required"].clone()
    };
    assert_eq!(optional("start_session"), false);
    assert_eq!(optional("remove_totp_device"), false);
    assert_eq!(optional("sign_in"), true);
}
