//! Whoever can write to the store, and has no keys, leaves traces that are found.

use portcullis_ports::storage::{Collection, Expect, Key, RecordStore as _, Scan as _, Write};
use serde_json::Value;

use super::testing::{LedgerBed, captured, held, ledger, main, payment, sold, subject, usd};
use super::*;

/// An account with five entries, of which one is pending, and a transaction of the house.
async fn used() -> LedgerBed {
    let bed = ledger().await;
    let ada = subject("ada");
    bed.post(&ada, &[sold(100), held(30), held(50)]).await.unwrap();
    bed.post(&ada, &[captured(30).settling(2), sold(7)])
        .await
        .unwrap();
    let fee = HouseTransaction::fee(&main(), super::testing::dollars(3), payment());
    bed.post_house(&fee).await.unwrap();
    bed
}

fn key(sort: &str) -> Key {
    Key {
        collection: LEDGER,
        partition: "usr_ada#USD".to_owned(),
        sort: sort.to_owned(),
    }
}

fn balance_of(name: &str) -> Key {
    Key {
        collection: LEDGER,
        partition: format!("usr_{name}#"),
        sort: "USD".to_owned(),
    }
}

async fn body(bed: &LedgerBed, key: &Key) -> String {
    bed.base.store.get(key).await.unwrap().unwrap().body.to_string()
}

async fn write(bed: &LedgerBed, key: Key, body: &str) {
    let put = Write::Put {
        key,
        body: body.into(),
        expires_at: None,
        expect: Expect::Any,
    };
    bed.base.store.commit(&[put]).await.unwrap();
}

async fn remove(bed: &LedgerBed, key: Key) {
    let expect = Expect::Present;
    bed.base
        .store
        .commit(&[Write::Delete { key, expect }])
        .await
        .unwrap();
}

/// Changes members of a stored record.
async fn change(bed: &LedgerBed, key: Key, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_str(&body(bed, &key).await).unwrap();
    let before = value.clone();
    change(&mut value);
    assert_ne!(before, value, "nothing was changed");
    write(bed, key, &value.to_string()).await;
}

async fn broken(bed: &LedgerBed) -> (u64, &'static str) {
    let verified = bed.ledgers().verify(&subject("ada"), usd()).await.unwrap();
    let Broken { number, why } = verified.unwrap_err();
    (number, why)
}

#[tokio::test]
async fn an_untouched_ledger_is_whole() {
    let bed = used().await;
    let summary = bed
        .ledgers()
        .verify_all(None, &mut |found| panic!("{found:?}"))
        .await
        .unwrap();
    assert_eq!(
        (summary.accounts, summary.entries, summary.house_transactions),
        (1, 5, 1)
    );
    assert_eq!(summary.customers, [(usd(), 77)]);
}

#[tokio::test]
async fn a_changed_amount_is_found() {
    let bed = used().await;
    change(&bed, key("000000000001"), |entry| {
        entry["postings"][0]["minor"] = 99.into();
    })
    .await;
    assert_eq!(
        broken(&bed).await,
        (1, "its figures are not those before it and its postings")
    );
}

#[tokio::test]
async fn an_amount_that_is_changed_with_all_figures_breaks_the_chain() {
    let bed = used().await;
    change(&bed, key("000000000005"), |entry| {
        entry["postings"][0]["minor"] = 1.into();
        entry["after"]["debits_posted"] = 101.into();
    })
    .await;
    assert_eq!(
        broken(&bed).await,
        (6, "the account does not end where its balance says")
    );
}

#[tokio::test]
async fn a_changed_reason_or_cause_breaks_the_chain_behind_it() {
    let bed = used().await;
    change(&bed, key("000000000001"), |entry| {
        entry["cause"] = serde_json::json!({ "order": "other" });
    })
    .await;
    assert_eq!(broken(&bed).await, (2, "it does not follow from the one before"));
}

#[tokio::test]
async fn a_removed_entry_is_missed() {
    let bed = used().await;
    // A pending one is missed by the chain before it is by its end.
    remove(&bed, key("000000000003")).await;
    assert_eq!(broken(&bed).await.0, 3);
    let bed = used().await;
    remove(&bed, key("000000000005")).await;
    assert_eq!(
        broken(&bed).await,
        (5, "the account does not end where its balance says")
    );
}

#[tokio::test]
async fn an_entry_that_is_put_behind_the_end_is_found() {
    let bed = used().await;
    let mut entry: Value = serde_json::from_str(&body(&bed, &key("000000000005")).await).unwrap();
    entry["number"] = 6.into();
    write(&bed, key("000000000006"), &entry.to_string()).await;
    assert_eq!(broken(&bed).await, (6, "it stands behind the end of the account"));
}

#[tokio::test]
async fn a_forged_balance_is_found_and_nothing_is_booked_upon_it() {
    for member in ["debits_posted", "credits_pending"] {
        let bed = used().await;
        change(&bed, balance_of("ada"), |balance| {
            balance["figures"][member] = 1.into();
        })
        .await;
        assert_eq!(
            broken(&bed).await.1,
            "the balance of the account was not written by this deployment"
        );
        let ada = subject("ada");
        let refused = bed.post(&ada, &[sold(1)]).await.unwrap_err();
        assert_eq!(refused.code(), LEDGER_BROKEN);
        let refused = bed.ledger.balance(&ada, usd()).await.unwrap_err();
        assert_eq!(refused.code(), LEDGER_BROKEN);
    }
    let bed = used().await;
    change(&bed, balance_of("ada"), |balance| {
        balance["open"] = serde_json::json!([]);
    })
    .await;
    assert!(bed.post(&subject("ada"), &[sold(1)]).await.is_err());
}

#[tokio::test]
async fn a_balance_of_another_account_or_an_earlier_moment_is_found() {
    let bed = ledger().await;
    let (ada, bob) = (subject("ada"), subject("bob"));
    bed.post_one(&ada, sold(100)).await;
    let earlier = body(&bed, &balance_of("ada")).await;
    bed.post_one(&ada, sold(1)).await;
    write(&bed, balance_of("ada"), &earlier).await;
    assert_eq!(broken(&bed).await, (2, "it stands behind the end of the account"));
    bed.post_one(&bob, sold(1)).await;
    write(&bed, balance_of("ada"), &body(&bed, &balance_of("bob")).await).await;
    assert!(bed.ledgers().verify(&ada, usd()).await.unwrap().is_err());
}

#[tokio::test]
async fn a_lost_balance_is_found() {
    let bed = used().await;
    remove(&bed, balance_of("ada")).await;
    assert_eq!(broken(&bed).await, (6, "the balance of the account is missing"));
}

#[tokio::test]
async fn an_account_of_which_only_the_balance_is_left_is_found() {
    let bed = used().await;
    for key in keys(&bed, LEDGER).await {
        if key.partition == "usr_ada#USD" {
            remove(&bed, key).await;
        }
    }
    let found = findings(&bed).await;
    assert!(
        found
            .iter()
            .any(|one| matches!(one, Finding::Account { subject, .. } if subject.as_str() == "usr_ada")),
        "{found:?}"
    );
}

async fn findings(bed: &LedgerBed) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut keep = |finding: &Finding| found.push(finding.clone());
    bed.ledgers().verify_all(None, &mut keep).await.unwrap();
    found
}

/// The keys of all records of a family.
async fn keys(bed: &LedgerBed, collection: Collection) -> Vec<Key> {
    let page = bed.base.store.scan(&collection, None, 1000).await.unwrap();
    page.records.into_iter().map(|record| record.key).collect()
}

#[tokio::test]
async fn a_transaction_of_the_house_that_is_changed_or_removed_is_found() {
    let bed = used().await;
    let key = keys(&bed, LEDGER_HOUSE).await.remove(0);
    change(&bed, key.clone(), |entry| {
        entry["postings"][0]["minor"] = 1.into();
    })
    .await;
    let found = findings(&bed).await;
    assert!(
        matches!(&found[0], Finding::Record { why, .. } if why.contains("this deployment")),
        "{found:?}"
    );
    assert_eq!(found.len(), 3, "and the two accounts that it moved: {found:?}");
    remove(&bed, key).await;
    let found = findings(&bed).await;
    assert!(
        found.iter().all(|one| matches!(one, Finding::House { .. })) && found.len() == 2,
        "{found:?}"
    );
}

#[tokio::test]
async fn a_removed_or_changed_line_is_found() {
    let is_line = |key: &Key| key.sort.starts_with("txn_");
    let bed = used().await;
    let lines: Vec<Key> = keys(&bed, LEDGER_OPEN)
        .await
        .into_iter()
        .filter(is_line)
        .collect();
    assert_eq!(lines.len(), 5, "two sales, a payment, both sides of a fee");
    for line in lines {
        let kept = body(&bed, &line).await;
        remove(&bed, line.clone()).await;
        let found = findings(&bed).await;
        assert!(
            matches!(&found[..], [Finding::House { .. }, Finding::Sum { .. }]),
            "{found:?}"
        );
        write(&bed, line, &kept).await;
    }
    assert_eq!(findings(&bed).await, []);
}

#[tokio::test]
async fn a_broken_account_is_named_among_all() {
    let bed = used().await;
    bed.post_one(&subject("bob"), sold(5)).await;
    change(&bed, balance_of("ada"), |balance| {
        balance["collecting"] = "pay_01h2xcejqtf2nbrexx3vqjhp41".into();
    })
    .await;
    let found = findings(&bed).await;
    assert!(
        matches!(&found[..], [Finding::Account { subject, .. }] if subject.as_str() == "usr_ada"),
        "{found:?}"
    );
}

#[tokio::test]
async fn whoever_removes_what_leads_to_an_account_or_a_day_is_found() {
    let notes = |key: &Key| key.sort.starts_with("day#") || key.partition == "house accounts";
    let bed = used().await;
    let notes: Vec<Key> = keys(&bed, LEDGER_OPEN).await.into_iter().filter(notes).collect();
    assert_eq!(notes.len(), 6, "three accounts, and a day of each");
    for note in notes {
        let kept = body(&bed, &note).await;
        remove(&bed, note.clone()).await;
        let found = findings(&bed).await;
        assert!(
            matches!(&found[..], [Finding::Record { why, .. }, ..] if why.contains("note")),
            "{found:?}"
        );
        write(&bed, note, &kept).await;
    }
}

/// As a defect of this program would: with the right signature.
async fn sign_wrongly(bed: &LedgerBed, wrong: impl FnOnce(&mut Balance)) {
    let stored = body(bed, &balance_of("ada")).await;
    let mut balance: Balance = serde_json::from_str(&stored).unwrap();
    wrong(&mut balance);
    balance.sign(&bed.base.context.keyring).unwrap();
    write(bed, balance_of("ada"), &serde_json::to_string(&balance).unwrap()).await;
}

#[tokio::test]
async fn a_balance_that_is_not_the_sum_of_its_entries_is_found_whoever_signed_it() {
    let why = "the balance is not the sum of the entries";
    let bed = used().await;
    sign_wrongly(&bed, |balance| balance.figures.credits_posted += 1).await;
    assert_eq!(broken(&bed).await, (6, why));
    let bed = used().await;
    sign_wrongly(&bed, |balance| balance.open.clear()).await;
    assert_eq!(broken(&bed).await, (6, why));
}
