//! The settings: what is refused, all at once, and what is never shown.

use portcullis_ports::notification::Senders;
use portcullis_ports::plugin::Port;
use portcullis_provider_twilio::simulator;
use serde_json::{Value, json};

use crate::simulated_account::settings;

fn mistakes(settings: Value) -> Vec<String> {
    let plugin = Senders::plugins()
        .into_iter()
        .find(|plugin| plugin.meta.id == "twilio")
        .unwrap();
    let mistakes = plugin.plan(settings).err().unwrap_or_default();
    mistakes.into_iter().map(|mistake| mistake.field).collect()
}

#[test]
fn all_mistakes_are_named_at_once() {
    let wrong = json!({
        "account_sid": "AC123",
        "auth_token": " ",
        "secondary_auth_token": "",
        "api_key_sid": "AC00000000000000000000000000000001",
        "shared_keys": { "k1": "" },
        "from": "555-0100",
        "verify_service_sid": "VAx",
        "validity": "11h",
        "timeout": "0s",
        "endpoint": "api.twilio.com",
        "verify_endpoint": "ftp://verify.twilio.com",
    });
    let expected = [
        "account_sid",
        "api_key_sid",
        "verify_service_sid",
        "auth_token",
        "api_key_secret",
        "secondary_auth_token",
        "shared_keys.k1",
        "from",
        "validity",
        "timeout",
        "endpoint",
        "verify_endpoint",
    ];
    assert_eq!(mistakes(wrong), expected);
}

#[test]
fn exactly_one_origin_of_plain_messages_is_taken() {
    let (number, service) = (simulator::NUMBER, simulator::MESSAGING_SERVICE);
    assert_eq!(mistakes(settings(json!({}))), ["from"]);
    assert_eq!(
        mistakes(settings(
            json!({ "from": number, "messaging_service_sid": service })
        )),
        ["from"]
    );
    for fine in [
        json!({ "from": number }),
        json!({ "messaging_service_sid": service }),
        json!({ "verify_service_sid": simulator::VERIFY_SERVICE }),
    ] {
        assert_eq!(mistakes(settings(fine)), [""; 0]);
    }
}

#[test]
fn an_api_key_is_complete_or_absent() {
    let sid = "SK00000000000000000000000000000001";
    let with = |more: Value| {
        let mut all = settings(json!({ "from": simulator::NUMBER }));
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        mistakes(all)
    };
    assert_eq!(with(json!({ "api_key_sid": sid })), ["api_key_secret"]);
    assert_eq!(with(json!({ "api_key_secret": "s" })), ["api_key_sid"]);
    assert_eq!(
        with(json!({ "api_key_sid": sid, "api_key_secret": "s" })),
        [""; 0]
    );
}

#[test]
fn former_variables_are_declared() {
    let plugin = Senders::plugins()
        .into_iter()
        .find(|plugin| plugin.meta.id == "twilio")
        .unwrap();
    let schema = plugin.schema();
    let properties = schema.as_value()["properties"].clone();
    for (field, variable) in [
        ("account_sid", "TWILIO_ACCOUNT_SID"),
        ("auth_token", "TWILIO_AUTH_TOKEN"),
        ("verify_service_sid", "TWILIO_VERIFY_SERVICE_SID"),
    ] {
        assert_eq!(properties[field]["x-env"], json!([variable]));
    }
    for field in ["auth_token", "secondary_auth_token", "api_key_secret"] {
        assert_eq!(properties[field]["x-secret"], json!(true), "{field}");
    }
}
