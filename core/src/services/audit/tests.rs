//! Histories that are proven, pruned, and tampered with.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis_ports::Clock as _;
use portcullis_ports::storage::{Direction, Expect, Key, Query, RecordStore as _, Write};

use super::records::Checkpoint;
use super::*;
use crate::foundation::testing::elsewhere;
use crate::services::testing::{Bed, BedSettings, bed, bed_with, two_beds};

pub(super) const SIGN_IN: EventKind = EventKind::new("sign_in", "");
const TOTP_VERIFY: EventKind = EventKind::new("mfa_totp_verify", "");

fn ada() -> Subject {
    Subject::parse("usr_ada").unwrap()
}

/// So many entries, ten seconds apart; every third is about something that was refused.
async fn fill(bed: &Bed, subject: &Subject, count: usize) {
    let source = elsewhere(1);
    for n in 0..count {
        bed.wait(10);
        let event = if n % 3 == 2 {
            Event::failure(SIGN_IN, &source)
        } else {
            Event::success(SIGN_IN, &source)
        };
        bed.services
            .audit
            .record(subject, &[event.with("n", n)])
            .await
            .unwrap();
    }
}

fn generous() -> BedSettings {
    let mut settings = BedSettings::default();
    settings.audit.failures_per_account.most = 1_000_000;
    settings
}

async fn verified(bed: &Bed) -> Verified {
    bed.services.audit.verify(&ada()).await.unwrap().unwrap()
}

async fn broken(bed: &Bed) -> Broken {
    bed.services.audit.verify(&ada()).await.unwrap().unwrap_err()
}

async fn prune(bed: &Bed, retention: Retention) -> Pruned {
    bed.services.audit.prune(&ada(), &retention, false).await.unwrap()
}

async fn keys_of(bed: &Bed, subject: &Subject, prefix: &str) -> Vec<Key> {
    let query = Query {
        collection: AUDIT,
        partition: subject.to_string(),
        range: portcullis_ports::storage::Range::Prefix(prefix.to_owned()),
        direction: Direction::Ascending,
        limit: 1000,
        after: None,
    };
    let page = bed.store.query(&query).await.unwrap();
    page.records.into_iter().map(|record| record.key).collect()
}

async fn checkpoints(bed: &Bed) -> Vec<Checkpoint> {
    let table = bed.context.table::<Checkpoint>();
    let mut found = Vec::new();
    for key in keys_of(bed, &ada(), Checkpoint::PREFIX).await {
        found.push(
            table
                .find(&key.partition, &key.sort)
                .await
                .unwrap()
                .unwrap()
                .value,
        );
    }
    found
}

/// What somebody does who can write to the store and nothing more.
async fn tamper(bed: &Bed, write: Write) {
    bed.store.commit(&[write]).await.unwrap();
}

fn removal(subject: &Subject, sort: String) -> Write {
    Write::Delete {
        key: Key {
            collection: AUDIT,
            partition: subject.to_string(),
            sort,
        },
        expect: Expect::Present,
    }
}

fn forgery<T: crate::foundation::table::Stored>(value: &T) -> Write {
    let (partition, sort) = value.key();
    Write::Put {
        key: Key {
            collection: AUDIT,
            partition,
            sort,
        },
        body: serde_json::to_string(value).unwrap().into(),
        expires_at: None,
        expect: Expect::Any,
    }
}

/// What the next entry must name, as whoever writes to the store can compute it.
fn hash(entry: &Entry) -> String {
    fingerprint(&serde_json::to_string(entry).unwrap())
}

#[tokio::test]
async fn a_pruned_history_still_proves_itself_and_goes_on() {
    let bed = bed_with(generous()).await;
    let begun = bed.clock.now();
    fill(&bed, &ada(), 250).await;
    // Entries 1 to 200: more than one commit holds.
    let cut = Retention::before(begun + Duration::from_secs(2_005));
    assert_eq!(
        bed.services.audit.prune(&ada(), &cut, true).await.unwrap(),
        Pruned::Removed(200)
    );
    assert_eq!(
        verified(&bed).await,
        Verified {
            entries: 250,
            pruned: 0
        }
    );
    assert_eq!(prune(&bed, cut).await, Pruned::Removed(200));
    assert_eq!(
        verified(&bed).await,
        Verified {
            entries: 50,
            pruned: 200
        }
    );
    assert_eq!(prune(&bed, cut).await, Pruned::Removed(0));
    fill(&bed, &ada(), 20).await;
    assert_eq!(
        verified(&bed).await,
        Verified {
            entries: 70,
            pruned: 200
        }
    );
    // Later the checkpoint grows; there is never a second one beside it.
    let cut = Retention::before(begun + Duration::from_secs(2_105));
    assert_eq!(prune(&bed, cut).await, Pruned::Removed(10));
    assert_eq!(
        verified(&bed).await,
        Verified {
            entries: 60,
            pruned: 210
        }
    );
    assert_eq!(checkpoints(&bed).await.len(), 1);
    // Everything may go; the next entry follows all the same.
    let all = Retention::before(bed.clock.now() + Duration::from_secs(1));
    assert_eq!(prune(&bed, all).await, Pruned::Removed(60));
    assert_eq!(
        verified(&bed).await,
        Verified {
            entries: 0,
            pruned: 270
        }
    );
    fill(&bed, &ada(), 1).await;
    assert_eq!(
        verified(&bed).await,
        Verified {
            entries: 1,
            pruned: 270
        }
    );
}

#[tokio::test]
async fn what_was_refused_goes_earlier_than_the_rest() {
    let bed = bed_with(generous()).await;
    fill(&bed, &ada(), 30).await;
    let now = bed.clock.now() + Duration::from_secs(1);
    let failures = Retention {
        before: Timestamp::from_millis(0),
        failures_before: now,
    };
    assert_eq!(prune(&bed, failures).await, Pruned::Removed(10));
    assert_eq!(
        verified(&bed).await,
        Verified {
            entries: 20,
            pruned: 10
        }
    );
    let entries = bed.services.audit.entries(&ada()).await.unwrap();
    assert!(entries.iter().all(|entry| entry.outcome == EventOutcome::Success));
    assert_eq!(checkpoints(&bed).await.len(), 10);
    // The rest goes when its time has come, and one checkpoint is left of all.
    assert_eq!(prune(&bed, Retention::before(now)).await, Pruned::Removed(20));
    assert_eq!(
        verified(&bed).await,
        Verified {
            entries: 0,
            pruned: 30
        }
    );
    assert_eq!(checkpoints(&bed).await.len(), 1);
}

#[tokio::test]
async fn a_gap_without_a_checkpoint_is_found_wherever_it_is() {
    for gap in [vec![1], vec![1, 2, 3], vec![5], vec![9, 10], vec![10]] {
        let bed = bed_with(generous()).await;
        fill(&bed, &ada(), 10).await;
        for number in &gap {
            tamper(&bed, removal(&ada(), Entry::sort(*number))).await;
        }
        assert_eq!(broken(&bed).await.number, gap[0]);
        // Pruning does not wipe the traces away.
        let all = Retention::before(bed.clock.now());
        assert!(matches!(prune(&bed, all).await, Pruned::Refused(_)));
        assert_eq!(broken(&bed).await.number, gap[0]);
        assert!(checkpoints(&bed).await.is_empty());
    }
}

#[tokio::test]
async fn an_entry_that_was_changed_or_put_in_is_found() {
    let bed = bed_with(generous()).await;
    fill(&bed, &ada(), 10).await;
    let entries = bed.services.audit.entries(&ada()).await.unwrap();
    let mut changed = entries[4].clone();
    changed.ip = "192.0.2.99".into();
    tamper(&bed, forgery(&changed)).await;
    assert_eq!(broken(&bed).await.number, 6);
    tamper(&bed, forgery(&entries[4])).await;
    verified(&bed).await;
    // The last one is held by the head alone.
    let mut changed = entries[9].clone();
    changed.event = "nothing".into();
    tamper(&bed, forgery(&changed)).await;
    assert_eq!(broken(&bed).await.number, 11);
    tamper(&bed, forgery(&entries[9])).await;
    let mut more = entries[9].clone();
    more.number = 11;
    more.previous = hash(&entries[9]);
    tamper(&bed, forgery(&more)).await;
    assert_eq!(broken(&bed).await.number, 11);
    tamper(&bed, removal(&ada(), Entry::sort(11))).await;
    verified(&bed).await;
    tamper(&bed, removal(&ada(), Head::SORT.to_owned())).await;
    broken(&bed).await;
}

#[tokio::test]
async fn a_checkpoint_that_this_deployment_did_not_make_is_worthless() {
    let bed = bed_with(generous()).await;
    let begun = bed.clock.now();
    fill(&bed, &ada(), 10).await;
    let entries = bed.services.audit.entries(&ada()).await.unwrap();
    let forged = Checkpoint {
        subject: ada(),
        first: 1,
        last: 5,
        previous: String::new(),
        hash: hash(&entries[4]),
        at: bed.clock.now(),
        mac: "guessed".into(),
    };
    for entry in entries.iter().take(5) {
        tamper(&bed, removal(&ada(), Entry::sort(entry.number))).await;
    }
    tamper(&bed, forgery(&forged)).await;
    let found = broken(&bed).await;
    assert_eq!(found.number, 1);
    assert!(found.why.contains("not made by this deployment"), "{}", found.why);
    // With the entries back, and pruned in order, it is a real one: stretched, moved or removed it counts no more.
    for entry in entries.iter().take(5) {
        tamper(&bed, forgery(entry)).await;
    }
    tamper(&bed, removal(&ada(), Checkpoint::sort(1))).await;
    prune(&bed, Retention::before(begun + Duration::from_secs(35))).await;
    let real = checkpoints(&bed).await.remove(0);
    assert_eq!((real.first, real.last), (1, 3));
    let mut stretched = real.clone();
    stretched.last = 5;
    stretched.hash = hash(&entries[4]);
    tamper(&bed, forgery(&stretched)).await;
    for number in [4, 5] {
        tamper(&bed, removal(&ada(), Entry::sort(number))).await;
    }
    assert_eq!(broken(&bed).await.number, 1);
    for entry in &entries[3..5] {
        tamper(&bed, forgery(entry)).await;
    }
    tamper(&bed, forgery(&real)).await;
    verified(&bed).await;
    let mut foreign = real.clone();
    foreign.subject = Subject::parse("usr_bob").unwrap();
    tamper(&bed, forgery(&foreign)).await;
    assert!(
        bed.services
            .audit
            .verify(&foreign.subject)
            .await
            .unwrap()
            .is_err()
    );
    tamper(&bed, removal(&ada(), Checkpoint::sort(1))).await;
    assert_eq!(broken(&bed).await.number, 1);
}

#[tokio::test]
async fn what_strangers_can_cause_is_bounded_per_account_and_counted() {
    let bed = bed().await;
    let bound = bed.settings.audit.failures_per_account;
    let source = elsewhere(7);
    let refused = async |name| {
        let event = Event::failure(name, &source);
        bed.services.audit.record(&ada(), &[event]).await.unwrap();
    };
    for _ in 0..bound.most + 200 {
        refused(SIGN_IN).await;
        bed.wait(1);
    }
    assert_eq!(verified(&bed).await.entries, u64::from(bound.most));
    // A flood of one kind does not hide another.
    refused(TOTP_VERIFY).await;
    let event = Event::success(SIGN_IN, &source);
    bed.services.audit.record(&ada(), &[event]).await.unwrap();
    let entries = bed.services.audit.entries(&ada()).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry.details.get("left_out"))
        .collect();
    assert_eq!(told, ["200"]);
    assert_eq!(entries.len() as u64, u64::from(bound.most) + 2);
    // The next window takes some again, and says what was left out of the one before.
    for _ in 0..7 {
        refused(SIGN_IN).await;
    }
    bed.clock.advance(bound.window.get());
    refused(SIGN_IN).await;
    let entries = bed.services.audit.entries(&ada()).await.unwrap();
    assert_eq!(entries.last().unwrap().details["left_out"], "7");
}

#[tokio::test]
async fn those_who_prune_at_the_same_time_do_not_break_the_chain() {
    let [a, b] = two_beds().await;
    let begun = a.clock.now();
    fill(&a, &ada(), 120).await;
    let work = (0..12_u64).map(|n| {
        let bed = if n % 2 == 0 { &a } else { &b };
        let retention = Retention {
            before: begun + Duration::from_secs(n * 90),
            failures_before: begun + Duration::from_secs(1_300 - n * 60),
        };
        async move { bed.services.audit.prune(&ada(), &retention, false).await.unwrap() }
    });
    for pruned in join_all(work).await {
        assert!(matches!(pruned, Pruned::Removed(_)), "{pruned:?}");
    }
    let left = verified(&a).await;
    let total = left.entries + left.pruned;
    assert_eq!(
        total,
        u64::try_from(a.services.audit.entries(&ada()).await.unwrap().len()).unwrap() + left.pruned
    );
    assert!(left.pruned >= 99, "{left:?}");
}

#[tokio::test]
async fn one_node_prunes_all_histories_once_a_day() {
    let [a, b] = two_beds().await;
    let histories = [
        Histories::new(&a.services.audit, a.store.clone()),
        Histories::new(&b.services.audit, b.store.clone()),
    ];
    for name in ["usr_ada", "usr_bob"] {
        fill(&a, &Subject::parse(name).unwrap(), 9).await;
    }
    let subjects = histories[0].subjects().next_page().await.unwrap();
    assert_eq!(
        subjects.unwrap().iter().map(Subject::as_str).collect::<Vec<_>>(),
        ["usr_ada", "usr_bob"]
    );
    let nodes = [&a.services.runners, &b.services.runners];
    // How many nodes pruned.
    let all = async || -> usize {
        let runs = join_all(nodes.map(|node| node.drain(DAILY_PRUNING.name))).await;
        runs.into_iter().map(Result::unwrap).sum()
    };
    // How many entries both histories have lost.
    let removed = async || {
        let mut pruned = 0;
        for name in ["usr_ada", "usr_bob"] {
            let subject = Subject::parse(name).unwrap();
            pruned += histories[0].verify(&subject).await.unwrap().unwrap().pruned;
        }
        pruned
    };
    assert_eq!((all().await, removed().await), (1, 0));
    a.clock.advance(Duration::from_hours(23));
    assert_eq!(all().await, 0);
    let kept = a.settings.audit.clone();
    a.clock.advance(kept.failures_kept.get());
    // Three of nine were refused, in each of two histories.
    assert_eq!((all().await, removed().await), (1, 6));
    a.clock.advance(kept.kept.get());
    assert_eq!((all().await, removed().await), (1, 18));
    assert_eq!(
        verified(&a).await,
        Verified {
            entries: 0,
            pruned: 9
        }
    );
    // What plans the next pruning is nobody's history.
    let subjects = histories[0].subjects().next_page().await.unwrap();
    assert_eq!(subjects.unwrap().len(), 2);
}
