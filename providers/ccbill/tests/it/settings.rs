//! Mistakes in settings, all at once, each with its field; and what the probe says of wrong credentials.

use portcullis_ports::Kind;
use portcullis_ports::payments::Payments;
use portcullis_ports::plugin::Port as _;
use portcullis_provider_ccbill::simulator;
use serde_json::{Value, json};

use crate::account::Account;

fn fields(settings: Value) -> Vec<String> {
    let plugin = Payments::plugins()
        .into_iter()
        .find(|plugin| plugin.meta.id == "ccbill")
        .unwrap();
    match plugin.plan(settings) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.field).collect(),
    }
}

#[test]
fn every_mistake_is_named_with_its_field() {
    assert_eq!(fields(simulator::settings()), Vec::<String>::new());
    for (field, wrong) in [
        ("client_account", json!(12_345)),
        ("client_subaccount", json!(10_000)),
        ("frontend_id", json!("")),
        ("backend_id", json!("simulated-frontend")),
        ("datalink_user", json!(" ")),
        ("salt", json!("")),
        ("form", json!("01234567")),
        ("webhook_token", json!("short")),
        ("webhook_token", json!("a slash / in a token of 24 letters")),
        ("previous_webhook_token", json!("short")),
        ("webhook_addresses", json!([])),
        ("webhook_addresses", json!(["64.38.212.0/24", "everywhere"])),
        ("period_days", json!(1)),
        ("period_days", json!(366)),
        ("report_currency", json!("CHF")),
        ("timeout", json!("61s")),
        ("endpoint", json!("somewhere")),
        ("datalink_endpoint", json!("somewhere")),
        ("script_origin", json!("somewhere")),
    ] {
        let mut settings = simulator::settings();
        settings[field] = wrong.clone();
        assert_eq!(fields(settings), [field], "{wrong}");
    }
    let mut settings = simulator::settings();
    settings["client_account"] = json!(1);
    settings["salt"] = json!("");
    assert_eq!(fields(settings), ["client_account", "salt"]);
}

#[tokio::test]
async fn wrong_credentials_are_told_by_their_field_within_one_try() {
    let account = Account::new().await;
    assert!(
        account
            .connected
            .probe
            .check()
            .await
            .unwrap()
            .contains("test mode")
    );
    assert!(
        account
            .connected
            .browser
            .as_ref()
            .unwrap()
            .token(None)
            .await
            .unwrap()
            .is_some()
    );
    for (field, named) in [
        ("frontend_secret", "frontend_id"),
        ("backend_secret", "backend_id"),
        ("datalink_password", "datalink_password"),
    ] {
        let mut settings = simulator::settings();
        settings[field] = json!("wrong");
        let account = Account::with(settings).await;
        let error = account.connected.probe.check().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(
            error.to_string().contains(named) || format!("{error:?}").contains(named),
            "{error:?}"
        );
        assert!(account.vendor.logins().1 <= 1);
    }
}
