//! Mistakes in the settings are named, all at once.

use portcullis_ports::notification::Senders;
use portcullis_ports::plugin::Port;
use serde_json::{Value, json};

fn fields(settings: Value) -> Vec<String> {
    let plugins = Senders::plugins();
    let plugin = plugins.iter().find(|plugin| plugin.meta.id == "ses").unwrap();
    let mistakes = plugin.plan(settings).err().unwrap_or_default();
    mistakes.into_iter().map(|mistake| mistake.field).collect()
}

#[test]
fn every_mistake_is_named_at_once() {
    assert_eq!(fields(json!({ "from": "a@example.com" })), Vec::<String>::new());
    let wrong = json!({
        "from": "nobody", "region": "eu central", "endpoint": "http://ses.example.com", "configuration_set": "a b",
        "topics": ["arn:aws:sns:eu-central-1:123456789012:mail", "mail"], "timeout": "0s",
    });
    assert_eq!(
        fields(wrong),
        [
            "from",
            "region",
            "endpoint",
            "configuration_set",
            "topics[1]",
            "timeout"
        ]
    );
}

#[test]
fn addresses_and_topics_are_looked_at_closely() {
    for (field, good, value) in [
        (
            "endpoint",
            true,
            json!("https://email-fips.us-east-1.amazonaws.com"),
        ),
        ("endpoint", true, json!("http://localhost:4579")),
        ("endpoint", true, json!("http://[::1]:4579/")),
        ("endpoint", false, json!("http://localhost@evil.example")),
        ("endpoint", false, json!("http://127.0.0.1.evil.example")),
        ("endpoint", false, json!("https://example.com/path")),
        (
            "topics",
            true,
            json!(["arn:aws-cn:sns:cn-north-1:123456789012:a_b-c"]),
        ),
        (
            "topics",
            false,
            json!(["arn:aws:sns:eu-central-1:123456789012:mail.fifo"]),
        ),
        (
            "topics",
            false,
            json!(["arn:aws:sqs:eu-central-1:123456789012:mail"]),
        ),
        ("topics", false, json!(["arn:aws:sns:eu-central-1:1234:mail"])),
        (
            "topics",
            false,
            json!(["arn:aws:sns:eu-central-1:123456789012:mail:sub"]),
        ),
        ("reply_to", false, json!("nobody")),
    ] {
        let mut settings = json!({ "from": "a@example.com" });
        settings[field] = value.clone();
        assert_eq!(fields(settings).is_empty(), good, "{field} = {value}");
    }
}
