//! The numbers that the store reports.

use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};

const COMMITS: &str = "portcullis_store_commits_total";
const COMMIT_SECONDS: &str = "portcullis_store_commit_seconds";
const QUEUE_SECONDS: &str = "portcullis_store_queue_seconds";
const GROUP_SIZE: &str = "portcullis_store_group_size";
const READS: &str = "portcullis_store_reads_total";
const EXPIRED: &str = "portcullis_store_expired_total";

/// What the writer counts.
pub(crate) struct WriterMeters {
    pub(crate) done: Counter,
    pub(crate) conflicts: Counter,
    pub(crate) failed: Counter,
    /// From the call to the answer.
    pub(crate) seconds: Histogram,
    /// From the call until the writer takes it up.
    pub(crate) queued: Histogram,
    pub(crate) group: Histogram,
    pub(crate) expired: Counter,
}

/// Where reads found their answer.
pub(crate) struct ReadMeters {
    pub(crate) memory: Counter,
    pub(crate) file: Counter,
}

impl WriterMeters {
    /// Handles of the recorder that is installed now; looking them up for every commit would cost more than it counts.
    pub(crate) fn new() -> Self {
        describe_counter!(COMMITS, "Commits by their outcome: done, conflict or failed.");
        describe_histogram!(
            COMMIT_SECONDS,
            Unit::Seconds,
            "From the call of a commit to its answer."
        );
        describe_histogram!(
            QUEUE_SECONDS,
            Unit::Seconds,
            "How long commits wait for the writer."
        );
        describe_histogram!(
            GROUP_SIZE,
            Unit::Count,
            "How many commits share one sync of the disk."
        );
        describe_counter!(EXPIRED, "Expired records that were removed from the file.");
        Self {
            done: counter!(COMMITS, "outcome" => "done"),
            conflicts: counter!(COMMITS, "outcome" => "conflict"),
            failed: counter!(COMMITS, "outcome" => "failed"),
            seconds: histogram!(COMMIT_SECONDS),
            queued: histogram!(QUEUE_SECONDS),
            group: histogram!(GROUP_SIZE),
            expired: counter!(EXPIRED),
        }
    }
}

impl ReadMeters {
    pub(crate) fn new() -> Self {
        describe_counter!(
            READS,
            "Reads of one record, by where the answer was found: memory or file."
        );
        Self {
            memory: counter!(READS, "source" => "memory"),
            file: counter!(READS, "source" => "file"),
        }
    }
}
