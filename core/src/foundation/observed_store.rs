//! A store for tests that counts what it is asked, that can fail, and before whose commits others do something.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use portcullis_ports::storage::{Key, Page, Query, Record, RecordStore, StoreError, Version, Write};
use portcullis_ports::testkit::MemoryStore;

/// What a store was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) gets: usize,
    pub(crate) queries: usize,
    pub(crate) commits: usize,
    pub(crate) writes: usize,
}

/// A store that counts what it is asked, and that can fail.
pub(crate) struct Observed {
    inner: Arc<MemoryStore>,
    pub(crate) gets: AtomicUsize,
    pub(crate) queries: AtomicUsize,
    pub(crate) commits: AtomicUsize,
    pub(crate) writes: AtomicUsize,
    pub(crate) deaf: AtomicBool,
    /// Commits are not done, and nobody is told.
    pub(crate) forgetful: AtomicBool,
    /// So many commits meet somebody who was faster.
    pub(crate) collisions: AtomicUsize,
    /// What happens before each commit.
    meanwhile: Mutex<Option<Meanwhile>>,
}

/// What others do between the reads of a use case and its commit.
type Meanwhile = Box<dyn FnMut(&[Write]) -> Option<BoxFuture<'static, ()>> + Send>;

impl Observed {
    pub(crate) fn new(inner: Arc<MemoryStore>) -> Self {
        Self {
            inner,
            gets: AtomicUsize::default(),
            queries: AtomicUsize::default(),
            commits: AtomicUsize::default(),
            writes: AtomicUsize::default(),
            deaf: AtomicBool::default(),
            forgetful: AtomicBool::default(),
            collisions: AtomicUsize::default(),
            meanwhile: Mutex::default(),
        }
    }

    /// From now on this is done before each commit.
    pub(crate) fn before_commits(
        &self,
        meanwhile: impl FnMut(&[Write]) -> Option<BoxFuture<'static, ()>> + Send + 'static,
    ) {
        *self.meanwhile.lock().unwrap() = Some(Box::new(meanwhile));
    }

    /// What it was asked since the last look.
    pub(crate) fn work(&self) -> Work {
        let taken = |counter: &AtomicUsize| counter.swap(0, Ordering::SeqCst);
        Work {
            gets: taken(&self.gets),
            queries: taken(&self.queries),
            commits: taken(&self.commits),
            writes: taken(&self.writes),
        }
    }
}

#[async_trait]
impl RecordStore for Observed {
    async fn get(&self, key: &Key) -> std::result::Result<Option<Record>, StoreError> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        self.inner.get(key).await
    }

    async fn query(&self, query: &Query) -> std::result::Result<Page, StoreError> {
        self.queries.fetch_add(1, Ordering::SeqCst);
        if self.deaf.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
            return Err(StoreError::Unavailable {
                detail: "the test told it to fail".into(),
                retry: None,
            });
        }
        self.inner.query(query).await
    }

    async fn commit(&self, writes: &[Write]) -> std::result::Result<Vec<Option<Version>>, StoreError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.writes.fetch_add(writes.len(), Ordering::SeqCst);
        let fewer = |left: usize| left.checked_sub(1);
        if self
            .collisions
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
            .is_ok()
        {
            return Err(StoreError::Conflict(vec![0]));
        }
        let others = {
            let mut meanwhile = self.meanwhile.lock().unwrap();
            meanwhile.as_mut().and_then(|meanwhile| meanwhile(writes))
        };
        if let Some(others) = others {
            others.await;
        }
        if self.forgetful.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable {
                detail: "the test told it to fail".into(),
                retry: None,
            });
        }
        self.inner.commit(writes).await
    }
}
