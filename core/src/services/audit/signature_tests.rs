//! Heads that are signed: what somebody cannot do who writes to the store, and histories of before.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use portcullis_ports::keys::{EncryptionContext, KeyManager as _};
use portcullis_ports::storage::{Collection, Expect, Key, RecordStore as _, Write};
use portcullis_ports::testkit::{FakeClock, MemoryStore};

use super::prune::DailyPruning;
use super::tests::SIGN_IN;
use super::*;
use crate::foundation::keyring::KEYRING;
use crate::foundation::testing::{PlainKeys, elsewhere};
use crate::services::testing::{Bed, BedSettings, Office, bed, bed_over, observed_bed};

/// A history of that time, byte for byte. One entry has a field that is read no more.
const ENTRIES: [&str; 2] = [
    r#"{"subject":"usr_ada","number":1,"at":1700000000000,"event":"sign_up","outcome":"success","ip":"192.0.2.1","user_agent":"test browser","details":{},"previous":""}"#,
    r#"{"subject":"usr_ada","number":2,"at":1700000001000,"event":"sign_in","outcome":"failure","ip":"192.0.2.1","user_agent":"test browser","details":{"reason":"wrong_password"},"previous":"PREVIOUS","added_later":null}"#,
];

fn ada() -> Subject {
    Subject::parse("usr_ada").unwrap()
}

async fn put(store: &MemoryStore, collection: Collection, place: (&str, &str), body: &str) {
    let write = Write::Put {
        key: Key {
            collection,
            partition: place.0.to_owned(),
            sort: place.1.to_owned(),
        },
        body: body.into(),
        expires_at: None,
        expect: Expect::Any,
    };
    store.commit(&[write]).await.unwrap();
}

async fn body(bed: &Bed, sort: &str) -> Option<String> {
    let key = Key {
        collection: AUDIT,
        partition: "usr_ada".to_owned(),
        sort: sort.to_owned(),
    };
    let found = bed.store.get(&key).await.unwrap();
    found.map(|record| record.body.to_string())
}

async fn write(bed: &Bed, sort: &str, body: &str) {
    put(&bed.store, AUDIT, ("usr_ada", sort), body).await;
}

async fn remove(bed: &Bed, sort: &str) {
    let key = Key {
        collection: AUDIT,
        partition: "usr_ada".to_owned(),
        sort: sort.to_owned(),
    };
    let expect = Expect::Present;
    bed.store.commit(&[Write::Delete { key, expect }]).await.unwrap();
}

async fn append(bed: &Bed, count: usize) {
    let source = elsewhere(1);
    for _ in 0..count {
        bed.wait(10);
        let event = Event::success(SIGN_IN, &source);
        bed.services.audit.record(&ada(), &[event]).await.unwrap();
    }
}

async fn verify(bed: &Bed) -> std::result::Result<Verified, Broken> {
    bed.services.audit.verify(&ada()).await.unwrap()
}

/// A deployment that holds a history of before heads were signed.
async fn of_before() -> Bed {
    let clock = Arc::new(FakeClock::default());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let context = EncryptionContext::new("keyring-root");
    let sealed = PlainKeys.seal(&[1; 32], &context).await.unwrap().0;
    let root = format!(r#"{{"sealed":"{sealed}"}}"#);
    put(&store, KEYRING, ("root", "1"), &root).await;
    let second = ENTRIES[1].replace("PREVIOUS", &fingerprint(ENTRIES[0]));
    put(&store, AUDIT, ("usr_ada", &Entry::sort(1)), ENTRIES[0]).await;
    put(&store, AUDIT, ("usr_ada", &Entry::sort(2)), &second).await;
    let head = format!(
        r#"{{"subject":"usr_ada","entries":2,"hash":"{}"}}"#,
        fingerprint(&second)
    );
    put(&store, AUDIT, ("usr_ada", Head::SORT), &head).await;
    bed_over(store, clock).await
}

/// Changes an entry, and all hashes behind it, as somebody does who knows how they are computed.
async fn rewrite(bed: &Bed, number: u64, last: u64, text: (&str, &str)) {
    let mut previous: Option<String> = None;
    for at in number..=last {
        let mut entry: serde_json::Value =
            serde_json::from_str(&body(bed, &Entry::sort(at)).await.unwrap()).unwrap();
        if let Some(previous) = previous {
            entry["previous"] = previous.into();
        }
        let mut forged = serde_json::from_value::<Entry>(entry).unwrap();
        forged.event = forged.event.replace(text.0, text.1);
        let forged = serde_json::to_string(&forged).unwrap();
        write(bed, &Entry::sort(at), &forged).await;
        previous = Some(fingerprint(&forged));
    }
    let head = body(bed, Head::SORT).await.unwrap();
    let mut head: serde_json::Value = serde_json::from_str(&head).unwrap();
    head["hash"] = previous.unwrap().into();
    write(bed, Head::SORT, &head.to_string()).await;
}

#[tokio::test]
async fn who_rewrites_an_entry_and_all_hashes_behind_it_is_found() {
    let bed = bed().await;
    append(&bed, 4).await;
    verify(&bed).await.unwrap();
    rewrite(&bed, 2, 4, ("sign_in", "sign_up")).await;
    let found = verify(&bed).await.unwrap_err();
    assert!(found.why.contains("not written by this deployment"), "{found:?}");
    // Going on signs a new head, and hides nothing.
    append(&bed, 2).await;
    let found = verify(&bed).await.unwrap_err();
    assert_eq!(found.number, 5);
    assert!(found.why.contains("was broken here"), "{found:?}");
}

#[tokio::test]
async fn who_cuts_entries_off_is_found_also_without_a_signature() {
    for signed in [true, false] {
        let bed = bed().await;
        append(&bed, 3).await;
        let second = body(&bed, &Entry::sort(2)).await.unwrap();
        let mut head: serde_json::Value =
            serde_json::from_str(&body(&bed, Head::SORT).await.unwrap()).unwrap();
        remove(&bed, &Entry::sort(3)).await;
        head["entries"] = 2.into();
        head["hash"] = fingerprint(&second).into();
        if !signed {
            let head = head.as_object_mut().unwrap();
            head.remove("mac");
            head.remove("signed_after");
        }
        write(&bed, Head::SORT, &head.to_string()).await;
        assert!(verify(&bed).await.is_err(), "signed: {signed}");
        append(&bed, 1).await;
        assert_eq!(verify(&bed).await.unwrap_err().number, 3, "signed: {signed}");
    }
}

#[tokio::test]
async fn a_history_of_before_verifies_as_it_did_and_is_held_from_the_next_entry_on() {
    let bed = of_before().await;
    let intact = |entries| Verified { entries, pruned: 0 };
    assert_eq!(verify(&bed).await, Ok(intact(2)));
    append(&bed, 1).await;
    assert_eq!(verify(&bed).await, Ok(intact(3)));
    let head: serde_json::Value = serde_json::from_str(&body(&bed, Head::SORT).await.unwrap()).unwrap();
    assert_eq!(head["signed_after"], 2);
    // From now on its old entries are held as well.
    rewrite(&bed, 1, 3, ("sign_up", "sign_in")).await;
    assert!(verify(&bed).await.is_err());
}

#[tokio::test]
async fn once_all_heads_are_signed_one_without_a_signature_is_forged() {
    let bed = of_before().await;
    let unsigned = body(&bed, Head::SORT).await.unwrap();
    let histories = Histories::new(&bed.services.audit, bed.store.clone());
    assert!(!histories.are_all_signed());
    histories.prune_all().await.unwrap();
    assert!(body(&bed, Head::SORT).await.unwrap().contains("\"mac\""));
    // Whoever signs nothing may still have been at work.
    assert!(!histories.are_all_signed());
    bed.clock.advance(Duration::from_hours(25));
    histories.prune_all().await.unwrap();
    assert!(histories.are_all_signed());
    verify(&bed).await.unwrap();
    write(&bed, Head::SORT, &unsigned).await;
    assert!(verify(&bed).await.is_err());
    // It is the same after a start, and nobody can take it back by hand.
    let again = bed_over(bed.store.clone(), bed.clock.clone()).await;
    assert!(Histories::new(&again.services.audit, again.store.clone()).are_all_signed());
    assert!(verify(&again).await.is_err());
}

#[tokio::test]
async fn what_one_history_answers_does_not_keep_the_others_from_being_pruned() {
    let (bed, store) = observed_bed(BedSettings::default(), vec![Office::new("main")]).await;
    append(&bed, 2).await;
    let source = elsewhere(1);
    let event = Event::success(SIGN_IN, &source);
    let bob = Subject::parse("usr_bob").unwrap();
    bed.services.audit.record(&bob, &[event]).await.unwrap();
    let kept = bed.settings.audit.kept.get();
    bed.clock.advance(kept + Duration::from_hours(1));
    let failing = Arc::clone(&store);
    store.before_commits(move |writes| {
        let of_ada = writes.iter().any(|write| write.key().partition == "usr_ada");
        failing.forgetful.store(of_ada, Ordering::SeqCst);
        None
    });
    let histories = Histories::new(&bed.services.audit, bed.store.clone());
    let done = histories.prune_all().await.unwrap();
    let expected = DailyPruning {
        removed: 1,
        broken: 0,
        failed: 1,
    };
    assert_eq!(done, expected);
}

#[tokio::test]
async fn an_unreadable_head_locks_nobody_out_and_the_history_stays_broken() {
    let bed = bed().await;
    append(&bed, 2).await;
    write(&bed, Head::SORT, "{}").await;
    append(&bed, 2).await;
    let broken = verify(&bed).await.unwrap_err();
    assert_eq!(broken.number, 3);
    append(&bed, 1).await;
    assert_eq!(verify(&bed).await.unwrap_err().number, 3, "it stays broken");
}

#[tokio::test]
async fn an_empty_head_without_a_signature_in_place_of_a_history_is_found() {
    let bed = bed().await;
    append(&bed, 2).await;
    for number in 1..=2 {
        remove(&bed, &Entry::sort(number)).await;
    }
    write(&bed, Head::SORT, r#"{"subject":"usr_ada","entries":0,"hash":""}"#).await;
    verify(&bed).await.unwrap_err();
}
