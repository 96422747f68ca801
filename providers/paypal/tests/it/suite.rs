//! The suite of the port.

use portcullis_ports::testkit::suite;

#[tokio::test]
async fn it_keeps_what_the_port_promises() {
    suite::every_plugin_conforms().await;
}
