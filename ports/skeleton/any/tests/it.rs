//! Acme from outside: the suite of the port, and mistakes in settings.

use portcullis_ports::notification::Senders;
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::{json, suite};
use portcullis_provider_acme as _;

#[tokio::test]
async fn it_keeps_the_promises_of_the_port() {
    suite::every_plugin_conforms().await;
}

#[test]
fn all_mistakes_are_named_at_once() {
    let wrong = json!({ "api_key": "", "timeout": "2m", "endpoint": "acme" });
    let mistakes = Senders::plugins()[0].plan(wrong).err().unwrap();
    let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["api_key", "timeout", "endpoint"]);
}
