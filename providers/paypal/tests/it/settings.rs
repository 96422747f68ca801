//! The settings: what is refused, all at once, and what is pointed out.

use portcullis_ports::payments::Payments;
use portcullis_ports::plugin::{Plugin, Port};
use portcullis_provider_paypal::simulator;
use serde_json::{Value, json};

use crate::account::{Account, with};

fn plugin() -> &'static Plugin<Payments> {
    let mut plugins = Payments::plugins().into_iter();
    plugins.find(|plugin| plugin.meta.id == "paypal").unwrap()
}

fn mistakes(settings: Value) -> Vec<String> {
    let mistakes = plugin().plan(settings).err().unwrap_or_default();
    mistakes.into_iter().map(|mistake| mistake.field).collect()
}

#[test]
fn all_mistakes_are_named_at_once() {
    let wrong = json!({
        "client_id": "",
        "client_secret": "with a space",
        "webhook_id": "WH-1",
        "mode": "sandbox",
        "merchant_id": "short",
        "brand_name": "",
        "webhook_roots": "no certificate",
        "timeout": "90s",
        "endpoint": "api.paypal.com",
        "script_origin": "ftp://www.paypal.com",
    });
    let expected = [
        "client_id",
        "client_secret",
        "webhook_id",
        "merchant_id",
        "brand_name",
        "webhook_roots",
        "timeout",
        "endpoint",
        "script_origin",
    ];
    assert_eq!(mistakes(wrong), expected);
    assert_eq!(mistakes(simulator::settings()), [""; 0]);
    assert_eq!(mistakes(with(json!({ "mode": "test" }))).len(), 1);
}

#[tokio::test]
async fn the_mode_says_where_the_api_is_and_whether_money_is_real() {
    for (mode, host, live) in [
        ("sandbox", "https://api-m.sandbox.paypal.com/", false),
        ("live", "https://api-m.paypal.com/", true),
    ] {
        let account = Account::with(with(json!({ "mode": mode }))).await;
        assert_eq!(account.connected.payments.terms().live, live);
        account.connected.probe.check().await.unwrap();
        let exchanges = account.client.exchanges();
        assert!(
            exchanges.iter().all(|(request, _)| request.url.starts_with(host)),
            "{mode}"
        );
    }
}

#[test]
fn what_is_risky_is_pointed_out() {
    let mut settings = simulator::settings();
    settings.as_object_mut().unwrap().remove("merchant_id");
    let plan = plugin().plan(settings).unwrap();
    assert!(plan.notes()[0].contains("merchant_id"));
    assert!(plugin().plan(simulator::settings()).unwrap().notes().is_empty());
}
