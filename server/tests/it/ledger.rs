//! The ledger on every engine, and `portcullis ledger` as an operator runs it beside a service that runs.

use std::fs;
use std::sync::Arc;

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use portcullis_core::App;
use portcullis_core::ledger::{
    Cause, CauseId, EntryFilter, EntryPhase, HouseTransaction, InstanceName, ListEntries,
    PENDING_ENTRY_ENDED, Reason, Sale, Transaction,
};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::storage::{Collection, ConnectedStore, Expect, Scan, Storage, Write};
use portcullis_server::compose::{connect_all, dependencies};
use portcullis_server::system::runtime;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::program::{PATIENCE, Program, Store, ends};
use crate::setup::{Setup, says, with_file};

const LEDGER: Collection = Collection {
    name: "ledger",
    table: "ledger",
    variable: "LEDGER_TABLE_NAME",
};

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

fn amount(minor: i64) -> Amount {
    Amount::new(Money::new(minor, usd())).unwrap()
}

fn main() -> InstanceName {
    InstanceName::parse("main").unwrap()
}

fn cause() -> Cause {
    Cause::Order(CauseId::parse("ord_1").unwrap())
}

fn sale(net: i64, tax: i64) -> Transaction {
    Transaction::sale(&Sale::taxed(amount(net), amount(tax)).unwrap(), cause())
}

fn capture(minor: i64) -> Transaction {
    Transaction::capture(&main(), amount(minor), cause())
}

fn subject(name: &str) -> Subject {
    Subject::parse(&format!("usr_{name}")).unwrap()
}

/// A configuration of `portcullis dev` with this text in its file, and keys.
fn development(text: &str, store: Option<&str>) -> Setup {
    let setup = with_file(text).development(store, &[]);
    let keys = setup.path("data/secrets/keys.toml");
    fs::create_dir_all(keys.parent().unwrap()).unwrap();
    let folder = TempDir::new().unwrap();
    ends(&folder, &["keys", "create", "--file", keys.to_str().unwrap()], 0);
    setup
}

/// The use cases over the store of a configuration, and that store.
async fn opened(setup: &Setup) -> (Arc<App>, Arc<dyn Scan>) {
    let config = setup.validated();
    let runtime = runtime().unwrap();
    let connected = connect_all(config.plugins, None, &runtime, PATIENCE).await;
    let connected = connected.unwrap_or_else(|why| panic!("{why}"));
    let scan = Arc::clone(&connected.one::<Storage>().unwrap().scan);
    let dependencies = dependencies(connected, &runtime, None, config.texts);
    let app = App::open(dependencies, config.settings).await.unwrap();
    (Arc::new(app), scan)
}

/// Customers of their own and one whom all share, on all nodes at once.
async fn business(nodes: &[Arc<App>], scan: &Arc<dyn Scan>) {
    let mut tasks = JoinSet::new();
    for writer in 0..12_usize {
        let app = Arc::clone(&nodes[writer % nodes.len()]);
        tasks.spawn(async move {
            let (own, shared) = (subject(&format!("own{writer}")), subject("shared"));
            let ledger = &app.ledger;
            for round in 1..=3 {
                ledger.record(&own, &[sale(100 * round, 19)]).await.unwrap();
                let hold = Transaction::hold(&main(), amount(50), cause());
                let number = ledger.record(&own, &[hold]).await.unwrap().remove(0).number;
                let end = if round == 2 {
                    Transaction::void(usd(), number, cause())
                } else {
                    capture(49).settling(number)
                };
                ledger.record(&own, std::slice::from_ref(&end)).await.unwrap();
                let again = ledger.record(&own, &[end]).await.unwrap_err();
                assert_eq!(again.code(), PENDING_ENTRY_ENDED);
                ledger.record(&shared, &[sale(10, 2), capture(5)]).await.unwrap();
                let fee = HouseTransaction::fee(&main(), amount(3), cause());
                ledger.record_house(&fee).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    for app in nodes {
        let shared = app.ledger.balance(&subject("shared"), usd()).await.unwrap();
        assert_eq!((shared.entries, shared.owed), (72, 36 * 7));
        let own = app.ledger.balance(&subject("own3"), usd()).await.unwrap();
        assert_eq!((own.entries, own.owed, own.credits_pending), (9, 657 - 98, 0));
        let holds = ListEntries {
            filter: EntryFilter {
                phase: Some(EntryPhase::Voided),
                ..EntryFilter::default()
            },
            ..ListEntries::all(usd())
        };
        let page = app.ledger.entries(&subject("own3"), &holds).await.unwrap();
        let numbers: Vec<u64> = page.entries.iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [6]);
        let ledgers = app.ledgers(Arc::clone(scan));
        let summary = ledgers
            .verify_all(None, &mut |found| panic!("{found:?}"))
            .await
            .unwrap();
        assert_eq!(
            (summary.accounts, summary.entries, summary.house_transactions),
            (13, 12 * 9 + 72, 36)
        );
        let customers = 12 * (657 - 98) + 36 * 7;
        assert_eq!(summary.customers, [(usd(), customers)]);
        let house = app.ledger.house_totals().await.unwrap();
        let house: i64 = house.iter().map(|total| total.moved.net()).sum();
        assert_eq!(i128::from(house), -customers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_holds_on_the_embedded_store() {
    let setup = development("", None);
    let (app, scan) = opened(&setup).await;
    business(&[app], &scan).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_holds_on_two_nodes_over_dynamodb() {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        return;
    };
    let text = format!(
        "[store.chosen.dynamodb]\nendpoint = \"{}\"\n",
        emulator.endpoint()
    );
    let setup = development(&text, Some("dynamodb"));
    let (one, scan) = opened(&setup).await;
    let (other, _) = opened(&setup).await;
    business(&[one, other], &scan).await;
}

/// A data folder in which one customer bought something and pays for it.
async fn used() -> Setup {
    let setup = development("", None);
    let (app, _) = opened(&setup).await;
    let ada = subject("ada");
    let hold = Transaction::hold(&main(), amount(1000), cause());
    let reason = Reason::parse("=sorry, \"twice\"").unwrap();
    let credit = Transaction::credit(amount(250), cause(), reason);
    app.ledger
        .record(&ada, &[sale(1000, 190), hold, credit])
        .await
        .unwrap();
    let fee = HouseTransaction::fee(&main(), amount(30), cause());
    app.ledger.record_house(&fee).await.unwrap();
    setup
}

#[tokio::test]
async fn the_ledger_is_proven_shown_and_exported_while_the_service_runs() {
    let setup = used().await;
    let folder = TempDir::new().unwrap();
    let data = setup.path("data");
    let program = Program::start(&data, Store::Embedded);
    let ledger = |arguments: &[&str], code| {
        let all = [&["ledger"], arguments, &["--data", data.to_str().unwrap()]].concat();
        ends(&folder, &all, code)
    };
    let said = ledger(&["verify", "--complete"], 0).0;
    says(
        &said,
        &[
            "1 accounts with 3 entries, 1 transactions of the house: all intact",
            "customers                9.40 USD",
            "revenue                  -10.00 USD",
        ],
    );
    says(&ledger(&["verify"], 0).0, &["leave out the last minute"]);
    says(
        &ledger(&["verify", "--account", "usr_ada"], 0).0,
        &["1 accounts with 3 entries: all intact"],
    );
    let json: Value = serde_json::from_str(&ledger(&["verify", "--complete", "--json"], 0).0).unwrap();
    assert_eq!(json["findings"], Value::Array(Vec::new()));
    assert_eq!(json["customers"][0]["owed"], "940");
    says(
        &ledger(&["balance", "--account", "usr_ada"], 0).0,
        &["9.40 USD owed, 0.00 USD payable, 10.00 USD held"],
    );
    says(
        &ledger(&["balance", "--account", "usr_bob"], 0).0,
        &["Nothing was ever posted to usr_bob"],
    );
    let json: Value = serde_json::from_str(&ledger(&["balance", "--json"], 0).0).unwrap();
    assert_eq!(json[0]["account"], "fees/main");
    // Every entry is a line.
    let lines = ledger(&["export"], 0).0;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        (&lines[1]["kind"], &lines[1]["phase"]),
        (&"hold".into(), &"pending".into())
    );
    assert_eq!(lines[3]["customer"], Value::Null);
    says(
        &ledger(&["export", "--account", "usr_ada", "--format", "csv"], 0).0,
        &[
            "transaction,at,customer,number,kind,phase,account,side,amount,currency,resolves,cause,cause_id,reason\n",
            ",usr_ada,1,sale,posted,revenue,credit,10.00,USD,,order,ord_1,\n",
            ",goodwill,debit,2.50,USD,,order,ord_1,\"'=sorry, \"\"twice\"\"\"\n",
        ],
    );
    let to = folder.path().join("ledger.csv");
    let export = ["export", "--format", "csv", "--to", to.to_str().unwrap()];
    says(&ledger(&export, 0).0, &["Wrote 4 entries to"]);
    assert_eq!(
        fs::read_to_string(&to).unwrap().lines().count(),
        1 + 4 + 2 + 2 + 2
    );
    says(&ledger(&export, 64).1, &["--to", "exists"]);
    says(&ledger(&["verify", "--account", ""], 64).1, &["--account"]);
    assert!(program.terminate().success());
}

/// The store of a data folder, without the program.
async fn store(setup: &Setup) -> ConnectedStore {
    let config = setup.validated();
    let runtime = runtime().unwrap();
    let connected = connect_all(config.plugins, None, &runtime, PATIENCE).await;
    let connected = connected.unwrap_or_else(|why| panic!("{why}"));
    let store = connected.one::<Storage>().unwrap();
    ConnectedStore {
        records: Arc::clone(&store.records),
        scan: Arc::clone(&store.scan),
        probe: Arc::clone(&store.probe),
    }
}

#[tokio::test]
async fn a_ledger_that_was_tampered_with_is_named() {
    let setup = used().await;
    let tampered = store(&setup).await;
    let page = tampered.scan.scan(&LEDGER, None, 1000).await.unwrap();
    let entry = page
        .records
        .into_iter()
        .find(|record| record.key.sort == "000000000001")
        .unwrap();
    let body = entry.body.replacen("\"minor\":1000", "\"minor\":1001", 1);
    let put = Write::Put {
        key: entry.key,
        body: body.into(),
        expires_at: None,
        expect: Expect::Present,
    };
    tampered.records.commit(&[put]).await.unwrap();
    drop(tampered);
    let folder = TempDir::new().unwrap();
    let data = setup.path("data");
    for arguments in [
        &["verify", "--complete"][..],
        &["verify", "--account", "usr_ada"],
        &["verify", "--complete", "--json"],
    ] {
        let all = [&["ledger"], arguments, &["--data", data.to_str().unwrap()]].concat();
        let said = ends(&folder, &all, 1).0;
        says(&said, &["its figures are not those before it and its postings"]);
    }
}
