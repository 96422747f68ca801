//! Every linked provider: what it says of itself, and the suite of its port. None can opt out.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use portcullis_ports::notification::Senders;
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::{self, FakeRuntime};
use portcullis_providers as _;
use serde_json::json;

/// Port, plugin and whether its feature is on. Features and plugins have the same names.
const PROVIDERS: &[(&str, &str, bool)] = &[
    (Senders::NAME, "mailbox", cfg!(feature = "mailbox")),
    ("geo", "mmdb", cfg!(feature = "mmdb")),
    (Senders::NAME, "ses", cfg!(feature = "ses")),
    (Senders::NAME, "smtp", cfg!(feature = "smtp")),
    (Senders::NAME, "twilio", cfg!(feature = "twilio")),
];

fn no_set_up(port: &str, id: &str) -> ! {
    panic!("the linked plugin {port}.{id} has no test set-up: add one to this file")
}

#[test]
fn every_provider_is_linked_and_says_all_that_is_asked_of_it() {
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().unwrap();
    let features = manifest["features"].as_table().unwrap().keys();
    let features = features
        .map(String::as_str)
        .filter(|feature| *feature != "default");
    testkit::plugin::facade(PROVIDERS, &features.collect());
}

#[tokio::test]
async fn every_sender_conforms() {
    for plugin in Senders::plugins() {
        let folder = tempfile::tempdir().unwrap();
        let (runtime, settings) = match plugin.meta.id {
            "mailbox" => (FakeRuntime::default(), json!({ "folder": folder.path() })),
            #[cfg(feature = "ses")]
            "ses" => portcullis_provider_ses::simulator::set_up(),
            #[cfg(feature = "smtp")]
            "smtp" => portcullis_provider_smtp::simulator::set_up().await.unwrap(),
            #[cfg(feature = "twilio")]
            "twilio" => portcullis_provider_twilio::simulator::set_up(),
            other => no_set_up(Senders::NAME, other),
        };
        let connected = runtime
            .connect::<Senders>(plugin.meta.id, settings)
            .await
            .unwrap();
        testkit::senders::conforms(&connected, plugin.capabilities, &runtime).await;
        connected.probe.check().await.unwrap();
    }
}
