//! Linked plugins and what becomes of them when they connect.

use std::time::Duration;

use portcullis_ports::connections::AnyConnection;
use portcullis_ports::identity::Identity;
use portcullis_ports::notification::Senders;
use portcullis_ports::plugin::{Choice, Listed};
use portcullis_ports::registry::{self, PORTS};
use portcullis_ports::selection::Selection;
use portcullis_server::compose::{connect_all, connect_each, needed_probes};
use portcullis_server::config::ValidatedConfig;
use portcullis_server::exit::Failure;
use portcullis_server::plugins::{defects, linked};
use portcullis_server::system::runtime;

use crate::fake_senders::real_plugins;
use crate::setup::{Setup, says, with_more};

#[test]
fn the_program_links_a_plugin_for_every_port() {
    let ports: Vec<&str> = real_plugins().iter().map(|plugin| plugin.port).collect();
    for port in PORTS {
        assert!(ports.contains(&port.name), "{} has none", port.name);
    }
    assert_eq!(linked().unwrap().len(), registry::all().len());
}

#[test]
fn two_plugins_of_one_name_are_a_defect() {
    let mut plugins = real_plugins();
    plugins.push(plugins[0].clone());
    says(&defects(&plugins).join("\n"), &["two plugins are called store."]);
}

#[test]
fn a_name_that_no_variable_can_spell_is_a_defect() {
    for id in ["two-words", "", "9lives", "a__b", "Upper"] {
        let mut plugins = real_plugins();
        plugins[0].meta.id = id;
        says(
            &defects(&plugins).join("\n"),
            &["cannot be spelled in a variable"],
        );
    }
}

#[test]
fn a_program_without_a_plugin_of_a_port_that_is_needed_is_a_defect() {
    for port in PORTS {
        let without: Vec<Listed> = real_plugins()
            .into_iter()
            .filter(|plugin| plugin.port != port.name)
            .collect();
        let said = defects(&without).join("\n");
        let named = said.contains(&format!("no plugin is linked for `{}`", port.name));
        assert_eq!(named, port.choice != Choice::Several, "{}: {said}", port.name);
    }
}

fn with_behaviours(behaviours: &[&str]) -> Setup {
    let names: Vec<String> = (0..behaviours.len())
        .map(|index| format!("\"p{index}\""))
        .collect();
    let table = |(index, behaviour): (usize, &&str)| match *behaviour {
        "dishonest_sender" => format!("[senders.p{index}.dishonest_sender]\n"),
        behaviour => {
            format!(
                "[senders.p{index}.fake_sender]\naccount = \"1\"\ntoken = \"t\"\nbehaviour = \"{behaviour}\"\n"
            )
        }
    };
    let tables: Vec<String> = behaviours.iter().enumerate().map(table).collect();
    let text = format!("[senders]\nuse = [{}]\n{}", names.join(", "), tables.concat());
    with_more(&text).development(None, &["header"])
}

/// The plugins with store and keys that exist.
fn selection(behaviours: &[&str]) -> (Setup, Selection) {
    let setup = with_behaviours(behaviours);
    let key_file = setup.path("keys.toml");
    portcullis_adapters::keyfile::create(
        &key_file,
        runtime().unwrap().entropy.as_ref(),
        runtime().unwrap().clock.now(),
    )
    .unwrap();
    let store = setup.path("store");
    let setup = setup
        .flag("--keys", "keys.main.keyfile.file", key_file.to_str().unwrap())
        .flag("--folder", "store.main.embedded.folder", store.to_str().unwrap());
    let ValidatedConfig { plugins, .. } = setup.validated();
    (setup, plugins)
}

#[tokio::test]
async fn everything_connects_in_the_order_of_the_settings() {
    let (_setup, plugins) = selection(&["honest", "honest"]);
    let Ok(connected) = connect_all(plugins, None, &runtime().unwrap(), Duration::from_secs(20)).await else {
        panic!("it does not connect");
    };
    let senders = connected.many::<Senders>();
    let senders: Vec<&str> = senders.iter().map(|one| one.instance.as_str()).collect();
    assert_eq!(senders, ["p0", "p1"]);
    assert_eq!(connected.many::<Identity>().len(), 1);
    let probes = needed_probes(&connected);
    let names: Vec<&str> = probes.iter().map(|probe| probe.name.as_str()).collect();
    // Senders are none of those whose trouble takes a node out of service.
    assert_eq!(
        names,
        [
            "store.main (embedded)",
            "keys.main (keyfile)",
            "passwords.main (argon2id)",
            "identity.header (header)"
        ]
    );
}

#[tokio::test]
async fn every_plugin_that_does_not_connect_is_named() {
    let (_setup, plugins) = selection(&["rude", "silent", "dishonest_sender", "honest"]);
    let Err(Failure::Unavailable(said)) =
        connect_all(plugins, None, &runtime().unwrap(), Duration::from_secs(2)).await
    else {
        panic!("it connects");
    };
    says(
        &said,
        &[
            "senders.p0 (fake_sender) did not connect: Something went wrong on our side.; what: the horse is ill",
            "senders.p1 (fake_sender) did not connect: no answer within 2 s (server.connect_timeout)",
            "senders.p2 (dishonest_sender) did not connect: it declares Mailbox and brings no such thing",
        ],
    );
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[tokio::test]
async fn those_that_connect_are_told_from_those_that_do_not() {
    let (_setup, plugins) = selection(&["honest", "rude"]);
    let results = connect_each(plugins, None, &runtime().unwrap(), Duration::from_secs(20)).await;
    let connected = results.iter().flatten();
    let names: Vec<String> = connected.map(|one| AnyConnection::name(&**one)).collect();
    assert!(names.contains(&"store.main (embedded)".to_owned()), "{names:?}");
    assert!(
        names.contains(&"senders.p0 (fake_sender)".to_owned()),
        "{names:?}"
    );
    let failed: Vec<&str> = results
        .iter()
        .filter_map(|result| Some(result.as_ref().err()?.name.as_str()))
        .collect();
    assert_eq!(failed, ["senders.p1 (fake_sender)"]);
}
