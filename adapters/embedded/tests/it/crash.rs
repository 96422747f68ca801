//! The process is killed at random moments: what was acknowledged is there, and no batch is torn.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use portcullis_ports::storage::{RecordStore, Version};

use crate::child::{Acknowledged, Child, WRITERS, batch_keys};
use crate::stores::{Place, number};

/// More rounds, for a long run.
const ROUNDS: &str = "PORTCULLIS_CRASH_ROUNDS";

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let rounds: u32 = std::env::var_os(ROUNDS)
        .and_then(|text| text.to_str()?.parse().ok())
        .unwrap_or(10);
    let place = Place::new();
    let mut history = History::default();
    for _ in 0..rounds {
        let mut child = Child::start(&place.store());
        // Counted in commits, not in time: whatever the speed of the disk, it is in the middle of its work.
        let random = RandomState::new().build_hasher().finish();
        let commits = 1 + usize::try_from(random % 600).unwrap();
        history.extend(child.wait_for_commits(commits));
        history.extend(child.kill());
        let store = place.open().await.records;
        history.check(&*store).await;
    }
    assert!(history.latest.values().any(|commit| commit.round > 0));
}

/// Everything that was ever acknowledged.
#[derive(Default)]
struct History {
    latest: HashMap<u64, Acknowledged>,
    log: HashMap<(u64, u64), Version>,
    given: HashSet<(usize, u64, Version)>,
}

impl History {
    fn extend(&mut self, commits: Vec<Acknowledged>) {
        for commit in commits {
            let before = self.latest.insert(commit.writer, commit);
            assert!(
                before.is_none_or(|before| before.round < commit.round),
                "{commit:?} after {before:?}"
            );
            self.log.insert((commit.writer, commit.round), commit.versions[0]);
            for (record, version) in commit.versions.into_iter().enumerate() {
                let fresh = self.given.insert((record, commit.writer, version));
                assert!(fresh, "a version returned: {commit:?}");
            }
        }
    }

    async fn check(&mut self, store: &dyn RecordStore) {
        for writer in 0..WRITERS {
            let acknowledged = self.latest.get(&writer).copied();
            let [_, latest, mirror] = batch_keys(writer, 0);
            let found = number(store, &latest).await;
            let round = found.map(|(round, _)| round);
            assert_eq!(
                number(store, &mirror).await.map(|(round, _)| round),
                round,
                "a torn batch of {writer}"
            );
            match (acknowledged, found) {
                (Some(commit), Some((round, version))) if round == commit.round => {
                    assert_eq!(version, commit.versions[1], "the version of {commit:?}");
                }
                // The commit that was on its way when the process died may have been done.
                (Some(commit), Some((round, _))) => assert_eq!(round, commit.round + 1, "after {commit:?}"),
                (None, Some((round, _))) => assert!(round == 0 || !self.log.contains_key(&(writer, 0))),
                (Some(commit), None) => panic!("{commit:?} was lost"),
                (None, None) => {}
            }
            for n in 0..=round.map_or(0, |round| round + 1) {
                let [log, _, _] = batch_keys(writer, n);
                let entry = number(store, &log).await;
                let wanted = round.is_some_and(|round| n <= round);
                assert_eq!(
                    entry.is_some(),
                    wanted,
                    "entry {n} of {writer}, whose last is {round:?}"
                );
                if let (Some((body, version)), Some(given)) = (entry, self.log.get(&(writer, n))) {
                    assert_eq!((body, version), (n, *given), "entry {n} of {writer}");
                }
            }
            // The unacknowledged commit that survived is what the next process builds on.
            if let (Some((round, version)), Some(commit)) = (found, self.latest.get_mut(&writer)) {
                commit.round = round;
                commit.versions[1] = version;
            }
        }
    }
}
