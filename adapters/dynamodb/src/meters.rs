//! The numbers that the store reports.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};

use crate::calls::Call;

const REQUESTS: &str = "portcullis_store_requests_total";
const REQUEST_SECONDS: &str = "portcullis_store_request_seconds";
const CAPACITY: &str = "portcullis_store_capacity_units_total";
const COMMITS: &str = "portcullis_store_commits_total";
const COMMIT_SECONDS: &str = "portcullis_store_commit_seconds";

/// How one request ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Done,
    /// An expectation did not hold.
    Conflict,
    /// The service asks for fewer requests.
    Throttled,
    Failed,
}

/// What is counted of one kind of request.
struct RequestMeters {
    done: Counter,
    conflicts: Counter,
    throttled: Counter,
    failed: Counter,
    seconds: Histogram,
    read: Units,
    write: Units,
}

/// Capacity units come in fractions and counters count whole ones: what is left over is kept for the next.
struct Units {
    counter: Counter,
    thousandths: AtomicU64,
}

impl Units {
    fn new(operation: &'static str, kind: &'static str) -> Self {
        Self {
            counter: counter!(CAPACITY, "operation" => operation, "kind" => kind),
            thousandths: AtomicU64::new(0),
        }
    }

    fn add(&self, units: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a request consumes from 0 to some thousand units"
        )]
        let thousandths = (units.clamp(0.0, 1e9) * 1000.0).round() as u64;
        let before = self.thousandths.fetch_add(thousandths, Ordering::Relaxed);
        self.counter
            .increment((before + thousandths) / 1000 - before / 1000);
    }
}

/// What is counted of all requests and commits.
pub(crate) struct Meters {
    requests: Vec<(Call, RequestMeters)>,
    commits_done: Counter,
    commits_conflict: Counter,
    commits_failed: Counter,
    commit_seconds: Histogram,
}

impl Meters {
    /// Handles of the recorder that is installed now.
    pub(crate) fn new() -> Self {
        describe_counter!(
            REQUESTS,
            "Requests to DynamoDB by operation and outcome: done, conflict, throttled or failed."
        );
        describe_histogram!(
            REQUEST_SECONDS,
            Unit::Seconds,
            "How long DynamoDB took to answer."
        );
        describe_counter!(
            CAPACITY,
            "Capacity units as DynamoDB reports them, by operation and kind: read or write."
        );
        describe_counter!(COMMITS, "Commits by their outcome: done, conflict or failed.");
        describe_histogram!(
            COMMIT_SECONDS,
            Unit::Seconds,
            "From the call of a commit to its answer."
        );
        let of = |call: Call| {
            let operation = call.name();
            let counted =
                |outcome: &'static str| counter!(REQUESTS, "operation" => operation, "outcome" => outcome);
            let meters = RequestMeters {
                done: counted("done"),
                conflicts: counted("conflict"),
                throttled: counted("throttled"),
                failed: counted("failed"),
                seconds: histogram!(REQUEST_SECONDS, "operation" => operation),
                read: Units::new(operation, "read"),
                write: Units::new(operation, "write"),
            };
            (call, meters)
        };
        Self {
            requests: Call::SERVICE.into_iter().map(of).collect(),
            commits_done: counter!(COMMITS, "outcome" => "done"),
            commits_conflict: counter!(COMMITS, "outcome" => "conflict"),
            commits_failed: counter!(COMMITS, "outcome" => "failed"),
            commit_seconds: histogram!(COMMIT_SECONDS),
        }
    }

    fn of(&self, call: Call) -> Option<&RequestMeters> {
        let found = self.requests.iter().find(|(other, _)| *other == call);
        found.map(|(_, meters)| meters)
    }

    /// Counts one request.
    pub(crate) fn request(&self, call: Call, outcome: Outcome, took: Duration) {
        let Some(meters) = self.of(call) else { return };
        meters.seconds.record(took);
        let counter = match outcome {
            Outcome::Done => &meters.done,
            Outcome::Conflict => &meters.conflicts,
            Outcome::Throttled => &meters.throttled,
            Outcome::Failed => &meters.failed,
        };
        counter.increment(1);
    }

    /// Counts what one request has consumed.
    pub(crate) fn capacity(&self, call: Call, read: f64, write: f64) {
        let Some(meters) = self.of(call) else { return };
        meters.read.add(read);
        meters.write.add(write);
    }

    /// Counts one commit.
    pub(crate) fn commit(&self, outcome: Outcome, took: Duration) {
        self.commit_seconds.record(took);
        let counter = match outcome {
            Outcome::Done => &self.commits_done,
            Outcome::Conflict => &self.commits_conflict,
            Outcome::Throttled | Outcome::Failed => &self.commits_failed,
        };
        counter.increment(1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use metrics::{Counter, CounterFn};

    use super::Units;

    struct Sum(AtomicU64);

    impl CounterFn for Sum {
        fn increment(&self, value: u64) {
            self.0.fetch_add(value, Ordering::Relaxed);
        }

        fn absolute(&self, value: u64) {
            self.0.store(value, Ordering::Relaxed);
        }
    }

    #[test]
    fn halves_are_not_lost() {
        let sum = Arc::new(Sum(AtomicU64::new(0)));
        let units = Units {
            counter: Counter::from_arc(Arc::clone(&sum)),
            thousandths: AtomicU64::new(0),
        };
        for _ in 0..5 {
            units.add(0.5);
        }
        units.add(2.0);
        assert_eq!(sum.0.load(Ordering::Relaxed), 4);
        units.add(0.5);
        assert_eq!(sum.0.load(Ordering::Relaxed), 5);
    }
}
