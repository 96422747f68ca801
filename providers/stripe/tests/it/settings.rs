//! The settings: what is refused, all at once; modes that do not fit; what health says.

use portcullis_ports::payments::Payments;
use portcullis_ports::plugin::Port;
use portcullis_provider_stripe::simulator;
use serde_json::{Value, json};

use crate::account::Account;

fn plugin() -> &'static portcullis_ports::plugin::Plugin<Payments> {
    Payments::plugins()
        .into_iter()
        .find(|plugin| plugin.meta.id == "stripe")
        .unwrap()
}

fn with(more: Value) -> Value {
    let mut settings = simulator::settings();
    settings
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    settings
}

fn mistakes(settings: Value) -> Vec<String> {
    let mistakes = plugin().plan(settings).err().unwrap_or_default();
    mistakes.into_iter().map(|mistake| mistake.field).collect()
}

#[test]
fn all_mistakes_are_named_at_once() {
    let wrong = json!({
        "secret_key": "pk_test_x",
        "publishable_key": "sk_test_x",
        "webhook_secret": "secret",
        "previous_webhook_secret": "whsec_",
        "account": "1Simulated",
        "timeout": "90s",
        "endpoint": "api.stripe.com",
        "script_origin": "ftp://js.stripe.com",
    });
    let expected = [
        "secret_key",
        "publishable_key",
        "webhook_secret",
        "previous_webhook_secret",
        "account",
        "timeout",
        "endpoint",
        "script_origin",
    ];
    assert_eq!(mistakes(wrong), expected);
    assert_eq!(mistakes(simulator::settings()), [""; 0]);
}

#[test]
fn a_request_lasts_no_longer_than_anybody_waits_for_it() {
    for (timeout, taken) in [
        ("999ms", false),
        ("1s", true),
        ("30s", true),
        ("30001ms", false),
        ("80s", false),
    ] {
        let found = mistakes(with(json!({ "timeout": timeout })));
        let expected: &[&str] = if taken { &[] } else { &["timeout"] };
        assert_eq!(found, expected, "{timeout}");
    }
    let wrong = with(json!({ "timeout": "31s" }));
    let mistakes = plugin().plan(wrong).err().unwrap();
    assert!(
        mistakes[0].problem.contains("from 1s to 30s"),
        "{}",
        mistakes[0].problem
    );
}

#[tokio::test]
async fn each_origin_is_named_once() {
    let origins = |account: &Account| {
        account
            .connected
            .browser
            .as_ref()
            .unwrap()
            .config()
            .origins
            .clone()
    };
    let own = Account::new().await;
    assert_eq!(
        origins(&own),
        [
            "https://api.stripe.com",
            "https://hooks.stripe.com",
            "https://js.stripe.com"
        ]
    );
    let one = "https://stripe.example.com";
    let simulated = Account::with(with(json!({ "endpoint": one, "script_origin": one }))).await;
    assert_eq!(origins(&simulated), [one]);
}

#[test]
fn keys_are_of_one_mode() {
    assert_eq!(
        mistakes(with(json!({ "publishable_key": "pk_live_x" }))),
        ["publishable_key"]
    );
    assert_eq!(mistakes(with(json!({ "mode": "live" }))), ["mode"]);
    assert_eq!(mistakes(with(json!({ "mode": "test" }))), [""; 0]);
    for key in ["sk_test_", "sk_prod_x", "rk_x", "test_sk_x"] {
        assert_eq!(
            mistakes(with(json!({ "secret_key": key }))),
            ["secret_key"],
            "{key}"
        );
    }
    let live = with(json!({ "secret_key": "rk_live_x", "publishable_key": "pk_live_x" }));
    assert_eq!(plugin().plan(live).ok().unwrap().notes().len(), 0);
    let whole = with(json!({ "secret_key": "sk_live_x", "publishable_key": "pk_live_x" }));
    assert_eq!(plugin().plan(whole).ok().unwrap().notes().len(), 1);
}

#[test]
fn former_variables_are_declared_and_secrets_are_secret() {
    let schema = plugin().schema();
    let properties = schema.as_value()["properties"].clone();
    for (field, variable) in [
        ("secret_key", "STRIPE_SECRET_KEY"),
        ("publishable_key", "STRIPE_PUBLISHABLE_KEY"),
        ("webhook_secret", "STRIPE_WEBHOOK_SECRET"),
    ] {
        assert_eq!(properties[field]["x-env"], json!([variable]));
    }
    for field in ["secret_key", "webhook_secret", "previous_webhook_secret"] {
        assert_eq!(properties[field]["x-secret"], json!(true), "{field}");
    }
}

#[tokio::test]
async fn health_says_that_the_key_is_wrong_after_one_try() {
    let account = Account::new().await;
    let well = account.connected.probe.check().await.unwrap();
    assert_eq!(well, "the key works, in test mode");
    let wrong = Account::with(with(json!({ "secret_key": "sk_test_of_nobody" }))).await;
    let error = wrong.connected.probe.check().await.unwrap_err();
    assert!(error.detail().contains("secret_key"), "{}", error.detail());
    assert_eq!(wrong.client.exchanges().len(), 1);
}
