//! Payments without a vendor, through the plugin as it is linked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use portcullis_ports::payments::{Payments, SourceKind};
use portcullis_ports::plugin::Port as _;
use portcullis_ports::testkit::{FakeRuntime, suite};
use portcullis_provider_manual as _;
use serde_json::{Value, json};

#[tokio::test]
async fn it_keeps_what_the_port_promises() {
    suite::every_plugin_conforms().await;
}

fn settings() -> Value {
    json!({
        "kind": "bank_transfer",
        "currencies": ["EUR"],
        "account_holder": "Plum Kettles",
        "iban": "DE89370400440532013000",
    })
}

/// The settings with one field changed, or left out if it becomes null.
fn with(field: &str, value: Value) -> Value {
    let mut settings = settings();
    settings[field] = value;
    let fields = settings.as_object_mut().unwrap();
    fields.retain(|_, value| !value.is_null());
    settings
}

/// The fields that hold mistakes.
fn mistaken(settings: Value) -> Vec<String> {
    let mut plugins = Payments::plugins().into_iter();
    let plugin = plugins.find(|one| one.meta.id == "manual").unwrap();
    match plugin.plan(settings) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.field).collect(),
    }
}

#[test]
fn mistakes_in_settings_are_named() {
    assert_eq!(mistaken(settings()), Vec::<String>::new());
    for (field, value) in [
        ("iban", json!("DE88370400440532013000")),
        ("iban", Value::Null),
        ("bic", json!("COBA")),
        ("account_holder", json!(" ")),
        ("currencies", json!([])),
        ("currencies", json!(["EUR", "euro"])),
        ("valid_for", json!("1h")),
        ("text", json!("x".repeat(1_001))),
    ] {
        assert_eq!(mistaken(with(field, value.clone())), [field], "{value}");
    }
    let mut cash = with("iban", Value::Null);
    cash["kind"] = json!("cash");
    assert_eq!(mistaken(cash.clone()), ["text"]);
    cash["text"] = json!("At the desk, Monday to Friday");
    assert_eq!(mistaken(cash), Vec::<String>::new());
}

#[tokio::test]
async fn it_offers_what_needs_no_vendor() {
    let connected = FakeRuntime::default()
        .connect::<Payments>("manual", settings())
        .await;
    let connected = connected.unwrap();
    let terms = connected.payments.terms();
    assert_eq!(terms.sources, [SourceKind::Offline]);
    assert!(terms.live, "it is real money where nothing else is said");
    assert!(connected.probe.check().await.is_ok());
}
