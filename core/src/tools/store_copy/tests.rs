//! Tests of copying between stores.

use std::collections::BTreeMap;

use async_trait::async_trait;
use portcullis_ports::storage::{Key, MAX_BODY};
use portcullis_ports::testkit::{FakeClock, MemoryStore};
use portcullis_ports::{Error, Timestamp};

use super::*;
use crate::areas::sessions;
use crate::services::{audit, outbox};

/// A clock on which nobody waits.
struct Hasty(Arc<FakeClock>);

#[async_trait]
impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, span: Duration) {
        self.0.advance(span);
        tokio::task::yield_now().await;
    }
}

struct World {
    clock: Arc<FakeClock>,
    source: Arc<MemoryStore>,
    target: Arc<MemoryStore>,
    copying: StoreCopy,
}

fn families() -> [Collection; 3] {
    [audit::AUDIT, outbox::OUTBOX, sessions::SESSIONS]
}

fn connected(store: &Arc<MemoryStore>) -> ConnectedStore {
    ConnectedStore {
        records: Arc::clone(store) as Arc<dyn RecordStore>,
        scan: Arc::clone(store) as Arc<dyn Scan>,
        probe: Arc::clone(store) as Arc<dyn portcullis_ports::probe::Probe>,
    }
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(FakeClock::at(Timestamp::from_seconds(1_800_000_000)));
        let hasty: Arc<dyn Clock> = Arc::new(Hasty(Arc::clone(&clock)));
        let source = Arc::new(MemoryStore::new(Arc::clone(&hasty)));
        let target = Arc::new(MemoryStore::new(Arc::clone(&hasty)));
        let copying = StoreCopy::new(&connected(&source), &connected(&target), &hasty);
        Self {
            clock,
            source,
            target,
            copying,
        }
    }

    /// Writes `count` records of each family; every third expires, one of them after the other.
    async fn fill(&self, count: u64) {
        for family in families() {
            let writes = (0..count).map(|number| Write::Put {
                key: Key {
                    collection: family,
                    partition: format!("p{}", number % 7),
                    sort: format!("s{number}"),
                },
                body: format!("{{\"number\":{number}}}").into(),
                expires_at: (number % 3 == 0).then(|| self.clock.now() + Duration::from_secs(60 + number)),
                expect: Expect::Any,
            });
            for batch in batches(writes) {
                self.source.commit(&batch).await.unwrap();
            }
        }
    }

    async fn copy_all(&self) -> Result<BTreeMap<&'static str, Reached>> {
        let mut all = BTreeMap::new();
        for family in families() {
            let reached = all.entry(family.name).or_default();
            self.copying.copy(&family, reached, &mut |_| Ok(())).await?;
        }
        Ok(all)
    }

    async fn compare(&self, family: Collection) -> Comparison {
        self.copying.compare(&family, &|_| ()).await.unwrap()
    }

    async fn put(&self, store: &MemoryStore, body: &str, expires_at: Option<Timestamp>) {
        let key = Key {
            collection: audit::AUDIT,
            partition: "p0".to_owned(),
            sort: "s7".to_owned(),
        };
        let write = Write::Put {
            key,
            body: body.into(),
            expires_at,
            expect: Expect::Any,
        };
        store.commit(&[write]).await.unwrap();
    }
}

#[tokio::test]
async fn everything_arrives_with_its_expiry() {
    let world = World::new();
    world.fill(1_234).await;
    assert_eq!(world.copying.occupied(&families()).await.unwrap(), None);
    let reached = world.copy_all().await.unwrap();
    assert!(reached.values().all(|one| one.complete && one.records == 1_234));
    assert_eq!(
        world.copying.occupied(&families()).await.unwrap(),
        Some(audit::AUDIT)
    );
    for family in families() {
        let compared = world.compare(family).await;
        assert!(
            compared.same && compared.source == compared.target,
            "{compared:?}"
        );
    }
    // Long afterwards the same records have expired on both sides.
    world.clock.advance(Duration::from_secs(10_000));
    let compared = world.compare(audit::AUDIT).await;
    let lasting = (0..1_234).filter(|number| number % 3 != 0).count() as u64;
    assert_eq!(
        (compared.source, compared.target, compared.same),
        (lasting, lasting, true)
    );
}

#[tokio::test]
async fn what_has_expired_is_left_behind() {
    let world = World::new();
    world.fill(30).await;
    world.clock.advance(Duration::from_secs(10_000));
    let reached = world.copy_all().await.unwrap();
    assert!(reached.values().all(|one| one.records == 20));
}

#[tokio::test]
async fn an_interrupted_copy_goes_on_where_it_was() {
    let world = World::new();
    world.fill(1_800).await;
    let mut reached = Reached::default();
    let mut left = 2;
    let mut interrupt = |_: &Reached| {
        left -= 1;
        if left == 0 {
            Err(Error::internal("interrupted"))
        } else {
            Ok(())
        }
    };
    let ended = world
        .copying
        .copy(&audit::AUDIT, &mut reached, &mut interrupt)
        .await;
    assert!(ended.is_err());
    assert!(
        !reached.complete && reached.records > 0 && reached.records < 1_800,
        "{reached:?}"
    );
    let before = reached.records;
    assert!(!world.compare(audit::AUDIT).await.same);

    let text = serde_json::to_string(&reached).unwrap();
    let mut reached: Reached = serde_json::from_str(&text).unwrap();
    let mut first = None;
    world
        .copying
        .copy(&audit::AUDIT, &mut reached, &mut |now| {
            first.get_or_insert(now.records);
            Ok(())
        })
        .await
        .unwrap();
    assert!(first.unwrap() > before, "it goes on and does not begin again");
    assert_eq!(reached.records, 1_800, "nothing is counted twice");
    assert!(world.compare(audit::AUDIT).await.same);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_asked_again() {
    let world = World::new();
    world.fill(50).await;
    world.source.fail_next(3);
    world.target.commit_then_fail_next();
    world.copy_all().await.unwrap();
    assert!(world.compare(audit::AUDIT).await.same);

    world.source.fail_next(100);
    let mut reached = Reached::default();
    let ended = world
        .copying
        .copy(&audit::AUDIT, &mut reached, &mut |_| Ok(()))
        .await;
    assert_eq!(ended.unwrap_err().kind(), portcullis_ports::Kind::Unavailable);
    assert_eq!(reached, Reached::default());
}

#[tokio::test]
async fn every_difference_is_found() {
    let world = World::new();
    world.fill(40).await;
    world.copy_all().await.unwrap();
    let later = world.clock.now() + Duration::from_secs(100_000);
    world.put(&world.target, r#"{"number":8}"#, None).await;
    let compared = world.compare(audit::AUDIT).await;
    assert_eq!((compared.source, compared.target), (40, 40));
    assert!(!compared.same, "another body");
    world.put(&world.target, r#"{"number":7}"#, Some(later)).await;
    assert!(!world.compare(audit::AUDIT).await.same, "another expiry");
    world.put(&world.target, r#"{"number":7}"#, None).await;
    assert!(world.compare(audit::AUDIT).await.same);
    world.copying.clear(&audit::AUDIT).await.unwrap();
    let compared = world.compare(audit::AUDIT).await;
    assert_eq!((compared.source, compared.target, compared.same), (40, 0, false));
}

#[tokio::test]
async fn clearing_takes_one_family_and_all_of_it() {
    let world = World::new();
    world.fill(1_100).await;
    world.copy_all().await.unwrap();
    assert_eq!(world.copying.clear(&audit::AUDIT).await.unwrap(), 1_100);
    assert_eq!(world.copying.clear(&audit::AUDIT).await.unwrap(), 0);
    assert_eq!(
        world.copying.occupied(&families()).await.unwrap(),
        Some(outbox::OUTBOX)
    );
}

#[test]
fn a_commit_holds_no_more_than_the_contract_allows() {
    let write = |number: usize, size: usize| Write::Put {
        key: Key {
            collection: audit::AUDIT,
            partition: "p".to_owned(),
            sort: number.to_string(),
        },
        body: "x".repeat(size).into(),
        expires_at: None,
        expect: Expect::Any,
    };
    for size in [0, 10, MAX_BODY / 2, MAX_BODY] {
        let made = batches((0..250).map(|number| write(number, size)));
        assert_eq!(made.iter().map(Vec::len).sum::<usize>(), 250);
        for batch in &made {
            portcullis_ports::storage::check_commit(batch).unwrap();
        }
    }
    assert_eq!(batches((0..250).map(|number| write(number, 10))).len(), 3);
    assert_eq!(
        batches((0..25).map(|number| write(number, MAX_BODY))).len(),
        3,
        "ten of the largest fit"
    );
}
