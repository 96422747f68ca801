//! The conformance suite of record stores: what every store must pass, whatever it is made of.
//!
//! A case is one public function about one behaviour. It works in partitions of its own, so that the suite also runs
//! on a shared store that is not empty, and it never waits: what is expired was written so.

mod batches;
mod expectations;
mod expiry;
mod limits;
mod paging;
mod queries;
mod races;
mod scans;
mod subject;
mod texts;
mod versions;

use std::sync::Arc;

use super::suite::{SetUp, Suite};
use crate::plugin::Plugin;
use crate::storage::{ConnectedStore, Storage};

pub use batches::*;
pub use expectations::*;
pub use expiry::*;
pub use limits::*;
pub use paging::*;
pub use queries::*;
pub use races::*;
pub use scans::*;
pub use subject::{COLLECTIONS, Failure, PasswordCheck, StoreSubject, SubjectClock};
pub use texts::*;
pub use versions::*;

impl Suite for Storage {
    type Expectations = ();

    #[expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]
    async fn conforms(_: &'static Plugin<Self>, connected: &ConnectedStore, set_up: &SetUp<Self>) {
        let clock = SubjectClock::Fake(Arc::clone(&set_up.runtime.clock));
        if let Err(failure) = conforms(&StoreSubject::new(connected, clock)).await {
            panic!("{failure}");
        }
    }
}

/// Runs every case and returns what failed, one line per case.
///
/// # Errors
/// The failed cases by name, each with what went wrong.
pub async fn conforms(subject: &StoreSubject) -> Result<(), Failure> {
    let mut failed = Vec::new();
    macro_rules! run {
        ($($case:ident),+ $(,)?) => {
            $(if let Err(failure) = $case(subject).await {
                failed.push(format!("{}: {failure}", stringify!($case)));
            })+
        };
    }
    run!(
        a_record_is_created_once,
        a_put_that_expects_nothing_creates_and_replaces,
        a_put_that_expects_presence_only_replaces,
        a_stale_version_is_refused,
        a_delete_obeys_its_expectation,
        deleting_what_is_not_there_is_fine,
        a_check_obeys_its_expectation_and_changes_nothing,
        a_conflict_names_exactly_the_failed_writes,
        a_commit_returns_the_versions_that_are_read,
        every_put_changes_the_version,
        a_version_never_returns_after_a_delete,
        a_version_never_returns_after_expiry,
        a_batch_reaches_every_collection,
        a_batch_with_one_failed_expectation_writes_nothing,
        a_batch_whose_check_fails_writes_nothing,
        a_batch_holds_one_to_a_hundred_writes,
        two_writes_to_one_key_are_refused,
        an_expired_record_is_not_read,
        an_expired_record_is_not_listed,
        an_expired_record_counts_as_absent,
        an_expired_record_can_be_created_again,
        an_expiry_can_be_moved_and_lifted,
        a_record_disappears_when_its_moment_comes,
        a_body_reaches_its_limit_and_not_beyond,
        a_commit_reaches_its_limit_and_not_beyond,
        a_key_reaches_its_limits_and_not_beyond,
        a_check_that_expects_nothing_is_refused,
        a_query_that_breaks_the_rules_is_refused,
        sort_keys_are_ordered_by_their_bytes,
        a_prefix_selects_what_begins_with_it,
        a_range_includes_both_of_its_ends,
        a_query_sees_its_own_partition_only,
        a_query_returns_whole_records,
        pages_visit_every_record_exactly_once,
        pages_stay_inside_a_prefix_and_a_range,
        pages_of_large_records_visit_every_record,
        a_cursor_needs_no_record_to_stand_on,
        pages_lose_nothing_while_others_write,
        special_characters_survive_in_keys,
        keys_that_look_alike_stay_apart,
        a_body_comes_back_character_by_character,
        counting_at_the_same_time_loses_nothing,
        a_name_is_given_to_exactly_one,
        a_finished_commit_is_seen_by_every_later_read,
        a_scan_visits_every_record_of_its_family_once,
        a_scan_shows_nothing_that_expired,
        a_scan_that_breaks_the_rules_is_refused,
    );
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(failed.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;

    use super::{StoreSubject, SubjectClock, conforms};
    use crate::storage::ConnectedStore;
    use crate::testkit::{FakeClock, MemoryStore};

    fn connected(store: Arc<MemoryStore>) -> ConnectedStore {
        ConnectedStore {
            records: store.clone(),
            scan: store.clone(),
            probe: store,
        }
    }

    #[test]
    fn the_memory_store_passes_the_suite() {
        let clock = Arc::new(FakeClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let subject = StoreSubject::new(&connected(store), SubjectClock::Fake(clock));
        // Nothing in it waits, so one poll runs the whole suite.
        let outcome = conforms(&subject).now_or_never();
        assert!(matches!(outcome, Some(Ok(()))), "{outcome:?}");
    }

    #[test]
    fn the_suite_can_run_twice_on_one_store() {
        let clock = Arc::new(FakeClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        for _ in 0..2 {
            let subject = StoreSubject::new(&connected(store.clone()), SubjectClock::Fake(clock.clone()));
            let outcome = conforms(&subject).now_or_never();
            assert!(matches!(outcome, Some(Ok(()))), "{outcome:?}");
        }
    }
}
