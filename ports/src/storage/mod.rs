//! The record store: what an embedded file and a cloud table can both keep.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Code, Error, Kind};
use crate::plugin::{self, Choice, Connected, Plugin, Port, Readiness};
use crate::probe::Probe;
use crate::self_test::{self, SelfTest};

mod tools;

pub use tools::{
    Archive, BackupReport, CompactReport, Replaced, RestoreHook, Scan, ScanPage, StoreTools, TableReport,
    TableState, Tables,
};

/// The most writes one commit may hold.
pub const MAX_WRITES: usize = 100;
/// The largest body of one record, in bytes.
pub const MAX_BODY: usize = 350 * 1024;
/// The largest sum of the bodies of one commit, in bytes.
///
/// A cloud table counts keys and attributes as well, up to 4 MiB in all; this leaves them room.
pub const MAX_COMMIT: usize = 3584 * 1024;
/// The longest partition, in bytes.
pub const MAX_PARTITION: usize = 1024;
/// The longest sort key, in bytes.
pub const MAX_SORT: usize = 512;
/// The largest page a query may ask for.
pub const MAX_PAGE: usize = 1000;

/// A family of records. Declared as a constant by the one area that owns it. Its name says which it is.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    /// The name in keys and in logs.
    pub name: &'static str,
    /// The table it lives in when it is given one of its own.
    pub table: &'static str,
    /// The environment variable that names another table for it.
    pub variable: &'static str,
}

impl PartialEq for Collection {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Collection {}

impl Hash for Collection {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl PartialOrd for Collection {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Collection {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}

/// The name of one record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The family.
    pub collection: Collection,
    /// What is read together: 1 to [`MAX_PARTITION`] bytes.
    pub partition: String,
    /// The order within the partition, bytewise: 1 to [`MAX_SORT`] bytes.
    pub sort: String,
}

/// The version of one state of one record.
///
/// Equal versions of one key mean the same state. A version is never used again for its key, not even after the record
/// was deleted or expired and came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

/// One stored record. Never an expired one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub key: Key,
    /// The version of this state.
    pub version: Version,
    /// When it becomes invisible, if ever.
    pub expires_at: Option<Timestamp>,
    /// JSON text, at most [`MAX_BODY`] bytes.
    pub body: Arc<str>,
}

/// What must hold for a write to be done. An expired record counts as absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Any,
    /// There is no such record.
    Absent,
    /// There is one, in whatever state.
    Present,
    /// It is in exactly this state.
    Version(Version),
}

/// One step of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Writes the record, replacing what was there.
    Put {
        /// Its name.
        key: Key,
        /// JSON text, at most [`MAX_BODY`] bytes.
        body: Arc<str>,
        /// When it becomes invisible, if ever.
        expires_at: Option<Timestamp>,
        /// What must hold.
        expect: Expect,
    },
    /// Removes the record; fine if there is none, unless `expect` says otherwise.
    Delete {
        /// Its name.
        key: Key,
        /// What must hold.
        expect: Expect,
    },
    /// Changes nothing, but the whole commit fails if the expectation does. `Any` is refused.
    Check {
        /// Its name.
        key: Key,
        /// What must hold.
        expect: Expect,
    },
}

impl Write {
    /// The record this step is about.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } | Self::Check { key, .. } => key,
        }
    }

    /// What must hold for it.
    pub fn expect(&self) -> Expect {
        match self {
            Self::Put { expect, .. } | Self::Delete { expect, .. } | Self::Check { expect, .. } => *expect,
        }
    }
}

/// Which sort keys of a partition are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Range {
    /// All of them.
    All,
    /// Those that begin with this text, which is not empty.
    Prefix(String),
    /// From the first to the second, both included.
    Between(String, String),
}

/// The order of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest sort key first.
    Ascending,
    /// Largest sort key first.
    Descending,
}

/// A question about one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The family.
    pub collection: Collection,
    /// The partition.
    pub partition: String,
    /// Which sort keys.
    pub range: Range,
    /// In which order.
    pub direction: Direction,
    /// At most this many records, 1 to [`MAX_PAGE`].
    pub limit: usize,
    /// Continue behind this sort key, as given by [`Page::next`].
    pub after: Option<String>,
}

/// One page of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In the order asked for. May be fewer than the limit although more follow.
    pub records: Vec<Record>,
    /// Where to continue; `None` when the answer is complete.
    pub next: Option<String>,
}

/// Why the store did not do it.
#[derive(Debug)]
pub enum StoreError {
    /// At least one expectation failed; nothing was written. Holds the positions of the failed writes, ascending.
    Conflict(Vec<usize>),
    /// The request breaks the contract (too large, empty key, two writes to one key): a defect of the caller.
    Refused(String),
    /// The store does not answer now. A commit that ends so may or may not have been done.
    Unavailable {
        /// For the log.
        detail: String,
        /// How long to wait before the next try, where known.
        retry: Option<Duration>,
    },
    /// What is stored cannot be read.
    Corrupt(String),
}

/// The store does not answer.
pub const STORE_UNAVAILABLE: Code = Code::new(
    "store-unavailable",
    Kind::Unavailable,
    "The data store does not answer at the moment; please try again.",
);
/// Somebody else changed the same thing at the same time.
pub const STORE_CONFLICT: Code = Code::new(
    "busy",
    Kind::Unavailable,
    "The same thing is being changed by another request; please try again.",
);

/// A store that was in use holds nothing any more.
pub const STORE_LOST: Code = Code::new(
    "store-lost",
    Kind::Config,
    "The store is empty, although it was in use before.",
);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(failed) => write!(f, "the expectation of write {failed:?} failed"),
            Self::Refused(why) => write!(f, "the store's contract was broken: {why}"),
            Self::Unavailable { detail, .. } => write!(f, "the store does not answer: {detail}"),
            Self::Corrupt(what) => write!(f, "stored data cannot be read: {what}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict(_) => STORE_CONFLICT
                .error()
                .retry_after(Duration::from_secs(1))
                .with_source(error),
            StoreError::Unavailable { retry, .. } => {
                let wait = retry.unwrap_or(Duration::from_secs(2));
                STORE_UNAVAILABLE.error().retry_after(wait).with_source(error)
            }
            StoreError::Refused(_) | StoreError::Corrupt(_) => Error::internal(error.to_string()),
        }
    }
}

/// Typed, versioned, all-or-nothing storage. Every adapter passes the same suite.
///
/// # Behaviour
/// - Reads are strongly consistent: what a finished commit wrote is seen by every read that starts afterwards.
/// - A commit that was acknowledged survives the death of the process and of the machine's power.
/// - A record is invisible from `expires_at` on, in reads and in expectations.
/// - The limits of this module are checked by every adapter, so that what works on one works on all.
#[async_trait]
pub trait RecordStore: Send + Sync + 'static {
    /// The record of that name, if there is one.
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError>;

    /// A page of one partition.
    async fn query(&self, query: &Query) -> Result<Page, StoreError>;

    /// Does all writes or none, and returns the version of every `Put` in order (`None` for the other steps).
    async fn commit(&self, writes: &[Write]) -> Result<Vec<Option<Version>>, StoreError>;
}

/// Checks what every adapter must refuse, with the same words.
///
/// # Errors
/// [`StoreError::Refused`] with the first broken rule.
pub fn check_commit(writes: &[Write]) -> Result<(), StoreError> {
    let refuse = |why: String| Err(StoreError::Refused(why));
    if writes.is_empty() || writes.len() > MAX_WRITES {
        return refuse(format!(
            "a commit holds 1 to {MAX_WRITES} writes, not {}",
            writes.len()
        ));
    }
    let mut seen = std::collections::HashSet::with_capacity(writes.len());
    let mut size = 0;
    for write in writes {
        check_key(write.key())?;
        if !seen.insert(write.key()) {
            return refuse(format!("two writes to {} in one commit", write.key()));
        }
        match write {
            Write::Put { key, body, .. } => {
                if body.len() > MAX_BODY {
                    return refuse(format!(
                        "{key}: a body holds at most {MAX_BODY} bytes, not {}",
                        body.len()
                    ));
                }
                size += body.len();
            }
            Write::Check {
                key,
                expect: Expect::Any,
            } => return refuse(format!("{key}: a check must expect something")),
            Write::Delete { .. } | Write::Check { .. } => {}
        }
    }
    if size > MAX_COMMIT {
        return refuse(format!("a commit holds at most {MAX_COMMIT} bytes, not {size}"));
    }
    Ok(())
}

/// Checks the lengths of a key.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn check_key(key: &Key) -> Result<(), StoreError> {
    let fits = |text: &str, most: usize| (1..=most).contains(&text.len());
    if fits(&key.partition, MAX_PARTITION) && fits(&key.sort, MAX_SORT) {
        Ok(())
    } else {
        Err(StoreError::Refused(format!(
            "a key of {} needs a partition of 1 to {MAX_PARTITION} and a sort of 1 to {MAX_SORT} bytes",
            key.collection.name
        )))
    }
}

/// Checks a query.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn check_query(query: &Query) -> Result<(), StoreError> {
    let refuse = |why: &str| {
        Err(StoreError::Refused(format!(
            "query of {}: {why}",
            query.collection.name
        )))
    };
    if !(1..=MAX_PARTITION).contains(&query.partition.len()) {
        return refuse("the partition must not be empty or too long");
    }
    if !(1..=MAX_PAGE).contains(&query.limit) {
        return refuse("the limit must be 1 to 1000");
    }
    match &query.range {
        Range::Prefix(prefix) if prefix.is_empty() => refuse("an empty prefix; ask for all"),
        Range::Between(from, to) if from > to => refuse("the range ends before it begins"),
        _ => Ok(()),
    }
}

/// Checks the size of a page of a scan.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn check_scan(limit: usize) -> Result<(), StoreError> {
    if (1..=MAX_PAGE).contains(&limit) {
        Ok(())
    } else {
        Err(StoreError::Refused(
            "the limit of a scan must be 1 to 1000".to_owned(),
        ))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.collection.name, self.partition, self.sort)
    }
}

/// The port of record stores.
#[derive(Debug)]
pub struct Storage;

/// A store that is connected.
pub struct ConnectedStore {
    /// The records.
    pub records: Arc<dyn RecordStore>,
    /// All of them, for tools.
    pub scan: Arc<dyn Scan>,
    /// Whether it is well.
    pub probe: Arc<dyn Probe>,
}

/// What a store may be able to do beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageCapability {
    /// `portcullis backup` and `restore` work.
    Archive,
    /// Several processes may share it.
    Shared,
    /// `portcullis tables` works.
    Tables,
}

#[async_trait]
impl Connected<Storage> for ConnectedStore {
    fn probe(&self) -> &Arc<dyn Probe> {
        &self.probe
    }

    fn offers(&self, offline: Option<&StoreTools>) -> Vec<(StorageCapability, bool)> {
        let has = |tool: fn(&StoreTools) -> bool| offline.is_some_and(tool);
        vec![
            (StorageCapability::Archive, has(|tools| tools.archive.is_some())),
            (StorageCapability::Tables, has(|tools| tools.tables.is_some())),
        ]
    }

    async fn self_test(&self, with: &SelfTest<'_>) -> Option<crate::Result<String>> {
        Some(self_test::record_round_trip(self.records.as_ref(), with).await)
    }
}

inventory::collect!(Plugin<Storage>);

// Not guarded: an engine bounds and repeats its own calls, by what it knows of its commits, and one guard more in front
// would end commits that go on behind it.
impl Port for Storage {
    const NAME: &'static str = "store";
    const TITLE: &'static str = "Record store";
    const CHOICE: Choice = Choice::One;
    const READINESS: Readiness = Readiness::Needed;
    const DEVELOPMENT: Option<&'static str> = Some("embedded");
    type Connected = ConnectedStore;
    type Capability = StorageCapability;
    type Offline = StoreTools;

    fn plugins() -> Vec<&'static Plugin<Self>> {
        plugin::sorted(inventory::iter::<Plugin<Self>>.into_iter())
    }
}
