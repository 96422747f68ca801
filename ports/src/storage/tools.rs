//! What operators do with a store as a whole: copies of it, its tables, all its records.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Collection, ConnectedStore, Record, StoreError};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// How many records.
    pub records: u64,
    /// How large the file is.
    pub bytes: u64,
}

/// What rewriting a store has gained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactReport {
    /// How large the file was.
    pub before: u64,
    /// How large it is.
    pub after: u64,
}

/// The store that a restore is about to replace.
pub enum Replaced {
    /// There is none.
    Nothing,
    /// It cannot be read any more, and why.
    Unreadable(String),
    /// As it was left. It is kept beside the new one.
    Readable(ConnectedStore),
}

/// What must be done with a copy before it takes the place of the store, so that nobody uses it as it was.
#[async_trait]
pub trait RestoreHook: Send + Sync {
    /// Changes the copy. The stores must not be used afterwards.
    async fn prepare(&self, restored: &ConnectedStore, replaced: &Replaced) -> crate::Result<()>;
}

/// Copies of the whole store, for stores that live in a folder of ours.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Writes a consistent, verified copy to a new file, while the store may be in use by another process.
    async fn backup(&self, to: &Path) -> crate::Result<BackupReport>;

    /// Replaces the store by a copy after checking it and letting the hook change it. Refused while the store is in
    /// use; the old one is kept beside it. If the hook fails, nothing is replaced.
    async fn restore(&self, from: &Path, hook: &dyn RestoreHook) -> crate::Result<BackupReport>;

    /// Rewrites the store without unused space. Refused while it is in use.
    async fn compact(&self) -> crate::Result<CompactReport>;
}

/// What a tool found or did about one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReport {
    /// The vendor's name of the table.
    pub table: String,
    /// How it stands.
    pub state: TableState,
    /// What was done, or what is missing and how to mend it; one sentence each.
    pub notes: Vec<String>,
}

/// How a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableState {
    /// All is as it must be.
    Ready,
    /// It was not there and is now.
    Created,
    /// It was there; something was mended.
    Changed,
    /// It is there, and something is not as it must be.
    Incomplete,
    /// It is not there.
    Missing,
    /// It was there and is no more.
    Deleted,
}

/// Named tables at a vendor, which somebody must create before the store can be used.
#[async_trait]
pub trait Tables: Send + Sync {
    /// Creates the tables that these families need, and mends those that are there.
    async fn create(&self, collections: &[Collection]) -> crate::Result<Vec<TableReport>>;

    /// Says how they stand, and changes nothing.
    async fn check(&self, collections: &[Collection]) -> crate::Result<Vec<TableReport>>;

    /// Deletes them with all that they hold.
    async fn delete(&self, collections: &[Collection]) -> crate::Result<Vec<TableReport>>;

    /// The least that the service must be allowed to do with them, as the vendor writes permissions.
    fn policy(&self, collections: &[Collection]) -> String;
}

/// What can be done with a store that is not connected.
#[derive(Clone, Default)]
pub struct StoreTools {
    /// Present exactly if the plugin declares [`super::StorageCapability::Archive`].
    pub archive: Option<Arc<dyn Archive>>,
    /// Present exactly if the plugin declares [`super::StorageCapability::Tables`].
    pub tables: Option<Arc<dyn Tables>>,
}

/// A page of a whole family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanPage {
    /// Records in an order that the store chooses. May be fewer than the limit although more follow.
    pub records: Vec<Record>,
    /// Where to continue, as text that survives a restart of either side; `None` when all was seen.
    pub next: Option<String>,
}

/// Every record of a family, for tools that handle the store as a whole. No use case reads this way.
///
/// # Behaviour
/// - A record that is there from beginning to end of a scan is seen once; what is written meanwhile may be missed.
/// - An expired record is never seen.
#[async_trait]
pub trait Scan: Send + Sync + 'static {
    /// A page of `collection`, 1 to [`super::MAX_PAGE`] records, behind `after`.
    async fn scan(
        &self,
        collection: &Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ScanPage, StoreError>;
}
