//! The database file: the suite of its port, and files that are none.

use portcullis_ports::Kind;
use portcullis_ports::geo::Geo;
use portcullis_ports::plugin::Port as _;
use portcullis_ports::testkit::{FakeRuntime, suite};
use portcullis_provider_mmdb as _;
use serde_json::{Value, json};

fn file(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
    json!({ "file": format!("{folder}{name}") })
}

#[tokio::test]
async fn it_conforms() {
    suite::every_plugin_conforms().await;
}

#[tokio::test]
async fn cities_are_named_in_the_language_that_was_chosen_or_in_english() {
    for (language, city) in [("fr", "Londres"), ("en", "London"), ("tlh", "London")] {
        let mut settings = file("city.mmdb");
        settings["language"] = language.into();
        let connected = FakeRuntime::default()
            .connect::<Geo>("mmdb", settings)
            .await
            .unwrap();
        let found = connected
            .locator
            .locate("81.2.69.142".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(found.unwrap().city.as_deref(), Some(city), "{language}");
    }
}

#[tokio::test]
async fn a_file_that_is_none_does_not_connect() {
    for name in ["missing.mmdb", "LICENCES.md"] {
        let refused = FakeRuntime::default().connect::<Geo>("mmdb", file(name)).await;
        let error = refused.err().unwrap();
        assert_eq!(error.kind(), Kind::Config, "{name}");
        assert!(error.detail().contains(name), "{}", error.detail());
    }
}

#[tokio::test]
async fn an_entry_that_refers_to_itself_ends() {
    // Whether the file or the lookup is refused does not matter; that neither runs forever does.
    if let Ok(connected) = FakeRuntime::default()
        .connect::<Geo>("mmdb", file("cyclic.mmdb"))
        .await
    {
        let found = connected.locator.locate("1.1.1.1".parse().unwrap()).await;
        assert!(!matches!(found, Ok(Some(_))), "{found:?}");
    }
}

#[test]
fn a_file_must_be_named() {
    let mistakes = Geo::plugins()[0].plan(json!({ "file": "" })).err().unwrap();
    assert_eq!(mistakes[0].field, "file");
}
