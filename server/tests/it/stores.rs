//! Record stores in the configuration: tables of their own, instances that are not selected, what they declare.

use std::time::Duration;

use portcullis_ports::registry;
use portcullis_ports::storage::Storage;
use portcullis_server::compose::connect_one;
use portcullis_server::config::StoreInstance;
use portcullis_server::reference::configuration_reference;
use portcullis_server::system::runtime;

use crate::setup::{Setup, says, with_file, with_more};

const FAKE_STORE: &str = "server.public_url = \"https://gate.example.com\"\n\
    store = { use = \"main\", main = { fake_store = {} } }\n\
    keys = { use = \"main\", main = { keyfile = { file = \"/keys.toml\" } } }\n\
    senders = { use = [\"post\"], post = { fake_sender = { account = \"1\", token = \"t\" } } }\n";

const POST: &str =
    "[senders]\nuse = [\"post\"]\n[senders.post.fake_sender]\naccount = \"1\"\ntoken = \"t\"\n";

const TWO: &str = "[store.old.embedded]\nfolder = \"/old\"\n[store.new.fake_store]\n";

fn planned(setup: &Setup, from: &str, to: &str) -> Result<Vec<StoreInstance>, String> {
    let loaded = setup.loaded();
    loaded
        .plan_stores(&[from, to])
        .map_err(|mistakes| mistakes.to_string())
}

#[test]
fn a_former_variable_names_the_table_of_everything_that_was_in_it() {
    let setup = with_file(FAKE_STORE)
        .variable("DDB_SESSIONS_TABLE", "web_sessions")
        .variable("DDB_TOTP_TABLE", "web_totp");
    for family in ["sessions", "account_sessions", "challenges", "budgets"] {
        assert_eq!(
            setup.shown(&format!("store.main.fake_store.tables.{family}")),
            ("\"web_sessions\"".into(), "DDB_SESSIONS_TABLE".into())
        );
    }
    assert_eq!(
        setup.shown("store.main.fake_store.tables.totp"),
        ("\"web_totp\"".into(), "DDB_TOTP_TABLE".into())
    );
    assert!(setup.validated().notes.is_empty());
}

#[test]
fn every_family_has_a_variable_that_moves_it() {
    for family in portcullis_core::collections() {
        let setup = with_file(FAKE_STORE).variable(family.variable, "elsewhere");
        let path = format!("store.main.fake_store.tables.{}", family.name);
        assert_eq!(
            setup.shown(&path),
            ("\"elsewhere\"".into(), family.variable.into())
        );
    }
}

#[test]
fn an_option_beats_a_former_variable_and_another_value_beside_it_is_a_mistake() {
    let path = "store.main.fake_store.tables.totp";
    let setup = with_file(FAKE_STORE).variable("DDB_TOTP_TABLE", "from_the_variable");
    let setup = setup.flag("--totp", path, "from_the_option");
    assert_eq!(setup.shown(path), ("\"from_the_option\"".into(), "--totp".into()));
    let said = with_file(FAKE_STORE)
        .variable("DDB_TOTP_TABLE", "one")
        .variable("PORTCULLIS_STORE__MAIN__FAKE_STORE__TABLES__TOTP", "other")
        .mistakes();
    says(
        &said,
        &[
            "DDB_TOTP_TABLE: store.main.fake_store.tables.totp",
            "Keep one of them.",
        ],
    );
}

#[test]
fn a_table_for_an_unknown_family_is_a_mistake() {
    let said = with_file(&FAKE_STORE.replace("{}", "{ tables = { sesions = \"x\" } }")).mistakes();
    says(&said, &["no key `sesions`", "Did you mean `sessions`?"]);
    let said = with_file(&FAKE_STORE.replace("{}", "{ tables = { totp = \"x\" } }")).mistakes();
    says(
        &said,
        &["store.main.fake_store.tables.totp", "The label is too short."],
    );
}

#[test]
fn a_store_without_tables_is_not_disturbed_by_their_names() {
    let setup = with_more(POST)
        .variable("DDB_SESSIONS_TABLE", "web_sessions")
        .variable("DDB_SMS_TABLE", "web_sms");
    let notes = setup.validated().notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    says(
        &notes[0],
        &["DDB_SESSIONS_TABLE, DDB_SMS_TABLE", "`embedded`", "not used"],
    );
    assert!(with_more(POST).validated().notes.is_empty());
}

#[test]
fn the_reference_lists_the_tables_with_their_variables() {
    let reference = configuration_reference(&registry::all());
    says(
        &reference,
        &[
            "| `tables.sessions` |",
            "`PORTCULLIS_STORE__MAIN__FAKE_STORE__TABLES__SESSIONS`<br>`DDB_SESSIONS_TABLE`",
        ],
    );
}

#[test]
fn development_lets_a_store_make_its_tables() {
    let setup = with_file("").development(Some("fake_store"), &[]);
    assert_eq!(
        setup.shown("store.chosen.fake_store.create_missing"),
        ("true".into(), "--store".into())
    );
    assert_eq!(
        setup.validated().plugins.one::<Storage>().unwrap().name(),
        "store.chosen (fake_store)"
    );
}

#[test]
fn stores_are_planned_by_name_whether_they_are_selected_or_not() {
    let setup = with_file(TWO)
        .stores(&["old", "new"])
        .variable("DDB_EMAIL_TABLE", "web_email");
    let stores = planned(&setup, "old", "new").unwrap();
    let names: Vec<String> = stores.iter().map(|store| store.selected.name()).collect();
    assert_eq!(names, ["store.old (embedded)", "store.new (fake_store)"]);
    assert!(
        stores[0]
            .settings
            .contains(&"store.old.embedded.folder = \"/old\"".to_owned())
    );
    assert!(
        stores[0]
            .settings
            .contains(&"store.old.embedded.readers = 8".to_owned()),
        "{:?}",
        stores[0].settings
    );
    assert!(
        stores[1]
            .settings
            .contains(&"store.new.fake_store.tables.email = \"web_email\"".to_owned()),
        "{:?}",
        stores[1].settings
    );
    let selected = with_file(&format!("store.use = \"old\"\n{TWO}")).stores(&["new", "old"]);
    let stores = planned(&selected, "new", "old").unwrap();
    assert_eq!(stores[0].selected.name(), "store.new (fake_store)");
}

#[test]
fn all_mistakes_in_stores_that_are_asked_for_are_told_and_no_others() {
    let text = "server.public_url = 7\n[store.old.embedded]\n[store.new.fake_store]\nhonest = 3\n[store.third.nonsense]\n";
    let setup = with_file(text).stores(&["old", "new"]);
    let said = planned(&setup, "old", "new").err().unwrap();
    says(
        &said,
        &[
            "`folder` is needed here",
            "store.new.fake_store.honest",
            "2 mistakes",
        ],
    );
    let setup = with_file(TWO).stores(&["odl", "nwe"]);
    let said = planned(&setup, "odl", "nwe").err().unwrap();
    says(
        &said,
        &[
            "--from: store.odl",
            "Did you mean `old`?",
            "--to: store.nwe",
            "2 mistakes",
        ],
    );
    let setup = with_file(text).stores(&["third", "old"]);
    says(
        &planned(&setup, "third", "old").err().unwrap(),
        &["No plugin `nonsense` is linked"],
    );
}

#[tokio::test]
async fn a_store_that_declares_tables_must_bring_them() {
    let stores = |honest: bool| {
        let text = format!("{TWO}honest = {honest}\n");
        planned(&with_file(&text).stores(&["old", "new"]), "old", "new").unwrap()
    };
    let runtime = runtime().unwrap();
    for honest in [true, false] {
        let store = stores(honest).pop().unwrap().selected;
        let connected = connect_one(store, &runtime, Duration::from_secs(5)).await;
        assert_eq!(connected.is_ok(), honest);
        if let Err(why) = connected {
            says(&why.to_string(), &["declares Tables and brings no such thing"]);
        }
    }
}
