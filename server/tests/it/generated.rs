//! The generated files: committed, compared, and rewritten under `UPDATE=1`.

use std::fs;
use std::path::PathBuf;

use portcullis_core::settings::SignUpMode;
use portcullis_ports::notification::Senders;
use portcullis_ports::storage::Storage;
use portcullis_server::config::document;
use portcullis_server::reference::{configuration_reference, default_file, providers_reference};

use crate::fake_senders::real_plugins;
use crate::setup::{Setup, with_file};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

#[track_caller]
fn is_up_to_date(place: &str, text: &str) {
    let file = root().join(place);
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differs = committed
        .lines()
        .zip(text.lines())
        .position(|(old, new)| old != new);
    assert!(
        committed == text,
        "{place} is out of date, first at line {}: run `UPDATE=1 cargo test -p portcullis --test it generated`",
        differs.unwrap_or(committed.lines().count().min(text.lines().count())) + 1
    );
}

#[test]
fn the_default_file_is_up_to_date() {
    is_up_to_date("config/default.toml", &default_file(&real_plugins()));
}

#[test]
fn the_configuration_reference_is_up_to_date() {
    is_up_to_date(
        "docs/reference/configuration.md",
        &configuration_reference(&real_plugins()),
    );
}

#[test]
fn the_plugin_reference_is_up_to_date() {
    is_up_to_date(
        "docs/reference/providers.md",
        &providers_reference(&real_plugins()),
    );
}

#[test]
fn the_reference_of_records_is_up_to_date() {
    is_up_to_date("docs/reference/records.md", &portcullis_core::records_reference());
}

#[test]
fn the_reference_of_events_is_up_to_date() {
    is_up_to_date("docs/reference/events.md", &portcullis_core::events_reference());
}

/// Every setting switched on: a `#` that no space follows is taken away.
fn switched_on(text: &str) -> String {
    let on = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(on).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_line_of_the_default_file_can_be_switched_on() {
    let text = switched_on(&default_file(&real_plugins()));
    let mistakes = with_file(&text).loaded().errors;
    // `main` is one instance with one plugin; where several are linked, the file shows all of them.
    let others: Vec<String> = mistakes
        .iter()
        .map(ToString::to_string)
        .filter(|said| !said.contains("The instance names "))
        .collect();
    assert!(others.is_empty(), "{}", others.join("\n\n"));
}

#[test]
fn the_default_file_changes_nothing() {
    let entries = |setup: Setup| {
        let shown = setup.development(None, &[]).loaded().shown();
        // The data folder is another one each time.
        let values = shown
            .entries
            .into_iter()
            .filter(|entry| !["folder", "file"].contains(&entry.path.last()));
        values
            .map(|entry| (entry.path.to_string(), entry.value))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        entries(with_file(&default_file(&real_plugins()))),
        entries(with_file(""))
    );
}

#[test]
fn every_setting_is_documented() {
    fn undocumented(schema: &serde_json::Value, path: &str, found: &mut Vec<String>) {
        let properties = schema.get("properties").and_then(serde_json::Value::as_object);
        for (key, inner) in properties.into_iter().flatten() {
            let path = format!("{path}.{key}");
            let described = inner.get("description").and_then(serde_json::Value::as_str);
            if described.is_none_or(str::is_empty) {
                found.push(path.clone());
            }
            undocumented(inner, &path, found);
        }
        if let Some(inner) = schema
            .get("additionalProperties")
            .filter(|inner| inner.is_object())
        {
            undocumented(inner, &format!("{path}.*"), found);
        }
    }
    let mut found = Vec::new();
    undocumented(&document(&real_plugins()), "", &mut found);
    assert!(found.is_empty(), "settings without a description: {found:?}");
}

#[test]
fn the_example_for_production_plans_with_every_alternative() {
    let text = fs::read_to_string(root().join("config/production.example.toml")).unwrap();
    let password = ("PORTCULLIS_SENDERS__POST__SMTP__PASSWORD", "secret");
    let config = with_file(&text).variable(password.0, password.1).validated();
    assert_eq!(config.settings.accounts.sign_up, SignUpMode::Verified);

    let text = switched_on(&text).replace("use = [\"post\"]", "use = [\"post\", \"cloud\", \"phone\"]");
    let config = with_file(&text)
        .variable(password.0, password.1)
        .variable("PORTCULLIS_SENDERS__PHONE__TWILIO__AUTH_TOKEN", "secret")
        .variable("PORTCULLIS_STORE__USE", "cloud")
        .validated();
    assert_eq!(config.plugins.one::<Storage>().unwrap().instance, "cloud");
    assert_eq!(config.plugins.many::<Senders>().len(), 3);
    assert!(config.settings.sms_spend.is_limited());
}
