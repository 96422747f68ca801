//! The races between readers and the writer, one step at a time.

use std::convert::Infallible;
use std::sync::Arc;

use portcullis_ports::storage::{Collection, Key, Version};

use super::{Known, Name, OwnedName, RecordCache, Stored};

const PLENTY: u64 = 16 << 20;

/// A body that no cache of that size keeps.
fn heavy() -> String {
    "x".repeat(16 << 20)
}

fn key() -> Key {
    Key {
        collection: Collection {
            name: "things",
            table: "things",
            variable: "THINGS_TABLE",
        },
        partition: "p".to_owned(),
        sort: "s".to_owned(),
    }
}

fn state(version: u64, body: &str) -> Stored {
    Stored {
        version: Version(version),
        expires_at: None,
        body: Arc::from(body),
    }
}

fn commit(cache: &RecordCache, stored: Option<Stored>) {
    let name = OwnedName::from(key());
    let announced = cache.announce([&name].into_iter());
    cache.settle(name, stored);
    cache.conclude(announced);
}

#[test]
fn a_reader_that_was_overtaken_by_a_commit_leaves_nothing_old_behind() {
    let heavy = heavy();
    for (new, wanted) in [
        (Some(state(2, "new")), Known::Settled(Some(state(2, "new")))),
        (None, Known::Settled(None)),
        // Too heavy to be kept: nobody knows then.
        (Some(state(2, &heavy)), Known::Nothing),
    ] {
        let cache = RecordCache::new(PLENTY);
        let seen = cache.fill(&key(), || {
            commit(&cache, new.clone());
            Ok::<_, Infallible>(Some(state(1, "old")))
        });
        assert_eq!(seen, Ok(Some(state(1, "old"))));
        assert_eq!(cache.get(Name::from(&key())), wanted);
    }
}

#[test]
fn a_reader_that_was_overtaken_by_the_removal_of_an_expired_record_leaves_nothing_behind() {
    let cache = RecordCache::new(PLENTY);
    let seen = cache.fill(&key(), || {
        cache.forget(Name::from(&key()));
        Ok::<_, Infallible>(Some(state(1, "expired")))
    });
    assert_eq!(seen, Ok(Some(state(1, "expired"))));
    assert_eq!(cache.get(Name::from(&key())), Known::Nothing);
}

#[test]
fn an_announced_record_sends_readers_to_the_file_until_it_is_settled() {
    let cache = RecordCache::new(PLENTY);
    commit(&cache, Some(state(1, "old")));
    let name = OwnedName::from(key());
    let announced = cache.announce([&name].into_iter());
    assert_eq!(cache.get(Name::from(&key())), Known::InFlight);
    cache.settle(name, Some(state(2, "new")));
    assert_eq!(cache.get(Name::from(&key())), Known::InFlight);
    cache.conclude(announced);
    assert_eq!(
        cache.get(Name::from(&key())),
        Known::Settled(Some(state(2, "new")))
    );
}

#[test]
fn a_failed_read_leaves_the_gap_open() {
    let cache = RecordCache::new(PLENTY);
    assert_eq!(
        cache.fill(&key(), || Err::<Option<Stored>, _>("broken")),
        Err("broken")
    );
    assert_eq!(cache.get(Name::from(&key())), Known::Nothing);
    assert_eq!(cache.fill(&key(), || Ok::<_, Infallible>(None)), Ok(None));
    assert_eq!(cache.get(Name::from(&key())), Known::Settled(None));
}

#[test]
fn a_heavy_state_takes_the_place_of_a_light_one_by_removing_it() {
    let cache = RecordCache::new(PLENTY);
    commit(&cache, Some(state(1, "light")));
    commit(&cache, Some(state(2, &heavy())));
    assert_eq!(cache.get(Name::from(&key())), Known::Nothing);
}

#[test]
fn the_memory_keeps_to_its_size() {
    let cache = RecordCache::new(1 << 20);
    for n in 0..10_000_u64 {
        let name = OwnedName::from(Key {
            sort: n.to_string(),
            ..key()
        });
        cache.settle(name, Some(state(n, &"x".repeat(1000))));
    }
    assert!(cache.entries.weight() <= 1 << 20);
    assert!(cache.entries.len() > 500);
}
