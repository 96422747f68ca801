//! Acme from outside: the suite of the port, and mistakes in settings.

use portcullis_ports::passwords::Passwords;
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::{json, suite};
use portcullis_provider_acme as _;

#[tokio::test]
async fn it_keeps_the_promises_of_the_port() {
    suite::every_plugin_conforms().await;
}

#[test]
fn a_cost_that_is_too_small_is_named() {
    let mistakes = Passwords::plugins()[0].plan(json!({ "cost": 3 })).err().unwrap();
    assert_eq!(mistakes[0].field, "cost");
}
