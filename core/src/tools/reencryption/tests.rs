//! Tests of sealing anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use portcullis_ports::keys::KEYS_UNAVAILABLE;
use portcullis_ports::probe::Probe;
use portcullis_ports::storage::{Page, Query, Version};

use super::*;
use crate::foundation::former_keys::tests::TestKeys;
use crate::foundation::testing::PlainKeys;
use crate::testing::{World, world};

const ANEW: Extent = Extent {
    all: false,
    dry: false,
};

fn store_of(world: &World) -> ConnectedStore {
    ConnectedStore {
        records: Arc::clone(&world.store) as Arc<dyn RecordStore>,
        scan: Arc::clone(&world.store) as Arc<dyn Scan>,
        probe: Arc::clone(&world.store) as Arc<dyn Probe>,
    }
}

/// Two people with authenticator apps, whose messages were not delivered yet.
async fn lived_in() -> World {
    let world = world().await;
    for email in ["ada@example.com", "bob@example.com"] {
        let session = world.session(&world.sign_up(email).await).await;
        world.enrol_totp(&session).await;
    }
    world
}

struct Run {
    tally: Tally,
    shut: Vec<String>,
}

async fn run(reencryption: &Reencryption) -> Result<Run> {
    let mut all = Run {
        tally: Tally::default(),
        shut: Vec::new(),
    };
    for collection in Reencryption::collections() {
        let shut = &mut all.shut;
        let mut told = |heard: Heard<'_>| {
            if let Heard::Shut(key, _) = heard {
                shut.push(key.to_string());
            }
        };
        all.tally += reencryption.reseal(&collection, &mut told).await?;
    }
    Ok(all)
}

async fn records(world: &World) -> BTreeMap<String, Record> {
    let mut all = BTreeMap::new();
    for collection in crate::collections() {
        let page = world.store.scan(&collection, None, 1000).await.unwrap();
        assert!(page.records.len() < 1000, "one page holds all");
        all.extend(
            page.records
                .into_iter()
                .map(|record| (record.key.to_string(), record)),
        );
    }
    all
}

/// How many texts a key manager opens, of how many.
async fn opened(world: &World, keys: &dyn KeyManager) -> (u64, u64) {
    let (mut open, mut all) = (0, 0);
    for kind in kinds() {
        let page = world.store.scan(&kind.collection, None, 1000).await.unwrap();
        for record in page.records {
            let mut held = (kind.read)(&record.body).unwrap();
            for (context, sealed) in held.texts() {
                all += 1;
                open += u64::from(keys.open(sealed, &context).await.is_ok());
            }
        }
    }
    (open, all)
}

fn reencryption(world: &World, new: &Arc<TestKeys>, extent: Extent) -> Reencryption {
    let clock: Arc<dyn Clock> = world.app.clock().clone();
    let former: Vec<Arc<dyn KeyManager>> = vec![Arc::new(PlainKeys)];
    Reencryption::new(&store_of(world), new.clone(), former, &clock, extent)
}

#[tokio::test]
async fn all_that_a_former_key_manager_sealed_is_sealed_anew_and_nothing_else_changes() {
    let world = lived_in().await;
    let new = Arc::new(TestKeys::new("new"));
    let before = records(&world).await;
    let (old, all) = opened(&world, &PlainKeys).await;
    assert!(
        old == all && all >= 5,
        "the root secret, two apps, their notices: {old} of {all}"
    );

    let done = run(&reencryption(&world, &new, ANEW)).await.unwrap();
    assert_eq!(
        (done.tally.resealed, done.tally.current, done.tally.shut),
        (all, 0, 0)
    );
    assert_eq!(opened(&world, new.as_ref()).await, (all, all));
    assert_eq!(opened(&world, &PlainKeys).await, (0, all));

    let after = records(&world).await;
    assert!(before.keys().eq(after.keys()));
    for (name, record) in &after {
        assert_eq!(record.expires_at, before[name].expires_at, "{name}");
        let held = kinds().any(|kind| kind.collection == record.key.collection);
        assert_eq!(
            *record == before[name],
            !held || !record.body.contains("new."),
            "{name}"
        );
    }

    let again = run(&reencryption(&world, &new, ANEW)).await.unwrap();
    assert_eq!((again.tally.resealed, again.tally.current), (0, all));
    assert_eq!(records(&world).await, after);
}

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing() {
    let world = lived_in().await;
    let before = records(&world).await;
    let dry = Extent { dry: true, ..ANEW };
    let done = run(&reencryption(&world, &Arc::new(TestKeys::new("new")), dry))
        .await
        .unwrap();
    assert!(done.tally.resealed >= 5 && done.tally.texts() == done.tally.resealed);
    assert_eq!(records(&world).await, before);
}

#[tokio::test]
async fn what_the_key_manager_in_use_sealed_is_sealed_anew_on_demand() {
    let world = lived_in().await;
    let new = Arc::new(TestKeys::new("new"));
    let first = run(&reencryption(&world, &new, ANEW)).await.unwrap();
    let before = new.sealed();
    let all = Extent { all: true, ..ANEW };
    let second = run(&reencryption(&world, &new, all)).await.unwrap();
    assert_eq!(second.tally, first.tally);
    assert_eq!(new.sealed() - before, first.tally.texts());
}

#[tokio::test]
async fn what_nobody_opens_is_told_and_left_and_keeps_nothing_from_being_done() {
    let world = lived_in().await;
    let stored = records(&world).await;
    let spoilt = stored
        .values()
        .find(|record| record.key.collection.name == "totp")
        .unwrap();
    let unreadable = stored
        .values()
        .find(|record| record.key.collection.name == "outbox")
        .unwrap();
    let (before, after) = spoilt.body.split_once("\"secret\":\"").unwrap();
    let foreign = format!("{before}\"secret\":\"foreign{after}");
    for (record, body) in [(spoilt, foreign.as_str()), (unreadable, "{}")] {
        let write = Write::Put {
            key: record.key.clone(),
            body: body.into(),
            expires_at: record.expires_at,
            expect: Expect::Version(record.version),
        };
        world.store.commit(&[write]).await.unwrap();
    }
    let new = Arc::new(TestKeys::new("new"));
    let done = run(&reencryption(&world, &new, ANEW)).await.unwrap();
    let told: BTreeSet<String> = done.shut.into_iter().collect();
    assert_eq!(told, [spoilt.key.to_string(), unreadable.key.to_string()].into());
    assert_eq!(done.tally.shut, 2);
    assert!(done.tally.resealed >= 3);
    let left = world.store.get(&spoilt.key).await.unwrap().unwrap();
    assert_eq!(*left.body, *foreign);
}

#[tokio::test]
async fn a_key_manager_that_does_not_answer_stops_it_and_nothing_is_lost() {
    let world = lived_in().await;
    let new = Arc::new(TestKeys::new("new"));
    let before = records(&world).await;
    new.silence(true);
    let error = run(&reencryption(&world, &new, ANEW)).await.err().unwrap();
    assert_eq!(error.code(), KEYS_UNAVAILABLE);
    assert_eq!(records(&world).await, before);
    new.silence(false);
    run(&reencryption(&world, &new, ANEW)).await.unwrap();
    let (open, all) = opened(&world, new.as_ref()).await;
    assert_eq!(open, all);
}

/// Seals and cannot open.
struct Forgetful;

#[async_trait]
impl KeyManager for Forgetful {
    async fn seal(&self, _: &[u8], _: &EncryptionContext) -> Result<Sealed> {
        Ok(Sealed("forgotten.".into()))
    }

    async fn open(&self, _: &Sealed, _: &EncryptionContext) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        Err(NOT_OURS.error())
    }
}

#[tokio::test]
async fn no_text_is_replaced_by_one_that_does_not_open() {
    let world = lived_in().await;
    let before = records(&world).await;
    let clock: Arc<dyn Clock> = world.app.clock().clone();
    let former: Vec<Arc<dyn KeyManager>> = vec![Arc::new(PlainKeys)];
    let reencryption = Reencryption::new(&store_of(&world), Arc::new(Forgetful), former, &clock, ANEW);
    let error = run(&reencryption).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error:?}");
    assert_eq!(records(&world).await, before);
}

/// A store in which somebody else changes a record just before the first commit.
struct Contested {
    inner: Arc<dyn RecordStore>,
    intruder: Mutex<Option<Write>>,
}

#[async_trait]
impl RecordStore for Contested {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.inner.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        self.inner.query(query).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<Vec<Option<Version>>, StoreError> {
        let intruder = self.intruder.lock().unwrap().take();
        if let Some(write) = intruder {
            self.inner.commit(&[write]).await?;
        }
        self.inner.commit(writes).await
    }
}

#[tokio::test]
async fn a_record_that_changes_meanwhile_keeps_the_change() {
    for gone in [false, true] {
        let world = lived_in().await;
        let stored = records(&world).await;
        let record = stored
            .values()
            .find(|record| record.key.collection.name == "totp")
            .unwrap();
        let (before, after) = record.body.split_once("\"last_step\":").unwrap();
        let body = format!("{before}\"last_step\":9{after}");
        let key = record.key.clone();
        let intruder = if gone {
            Write::Delete {
                key: key.clone(),
                expect: Expect::Present,
            }
        } else {
            Write::Put {
                key: key.clone(),
                body: body.clone().into(),
                expires_at: None,
                expect: Expect::Present,
            }
        };
        let new = Arc::new(TestKeys::new("new"));
        let reencryption = Reencryption {
            store: Arc::new(Contested {
                inner: world.store.clone(),
                intruder: Mutex::new(Some(intruder)),
            }),
            ..reencryption(&world, &new, ANEW)
        };
        let collection = record.key.collection;
        let tally = reencryption.reseal(&collection, &mut |_| {}).await.unwrap();
        assert_eq!(tally.resealed, if gone { 1 } else { 2 });
        let left = world.store.get(&key).await.unwrap();
        assert_eq!(left.is_none(), gone);
        if let Some(left) = left {
            let (_, was) = body.split_once("\"last_step\":").unwrap();
            assert!(
                left.body.contains(&format!("\"last_step\":{was}")),
                "{}",
                left.body
            );
            assert!(left.body.contains("\"secret\":\"new."));
        }
    }
}
