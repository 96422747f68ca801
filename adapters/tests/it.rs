//! Every linked adapter: what it says of itself, and the suite of its port. None can opt out.

use portcullis_adapters as _;
use portcullis_ports::testkit::{plugin, suite};

#[test]
fn every_adapter_is_linked_and_says_all_that_is_asked_of_it() {
    plugin::facade(env!("PLUGINS"));
}

#[tokio::test]
async fn every_adapter_conforms() {
    suite::every_plugin_conforms().await;
}
