//! A store that fails when a test says so, before any store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use portcullis_ports::storage::{Key, Page, Query, Record, RecordStore, StoreError, Version, Write};

pub(super) struct FaultyStore {
    inner: Arc<dyn RecordStore>,
    failing: AtomicUsize,
    loses_answer: AtomicBool,
}

fn unavailable(detail: &str) -> StoreError {
    StoreError::Unavailable {
        detail: detail.into(),
        retry: None,
    }
}

impl FaultyStore {
    pub(super) fn over(inner: Arc<dyn RecordStore>) -> Self {
        Self {
            inner,
            failing: AtomicUsize::default(),
            loses_answer: AtomicBool::default(),
        }
    }

    /// Nothing fails any more.
    pub(super) fn heal(&self) {
        self.failing.store(0, Ordering::SeqCst);
        self.loses_answer.store(false, Ordering::SeqCst);
    }

    /// So many of the next calls fail, without effect.
    pub(super) fn fail_next(&self, calls: usize) {
        self.failing.store(calls, Ordering::SeqCst);
    }

    /// The next commit is done, and nobody is told.
    pub(super) fn commit_then_fail_next(&self) {
        self.loses_answer.store(true, Ordering::SeqCst);
    }

    fn reach(&self) -> Result<&dyn RecordStore, StoreError> {
        let fewer = |left: usize| left.checked_sub(1);
        match self
            .failing
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
        {
            Ok(_) => Err(unavailable("the test told it to fail")),
            Err(_) => Ok(self.inner.as_ref()),
        }
    }
}

#[async_trait]
impl RecordStore for FaultyStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.reach()?.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        self.reach()?.query(query).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<Vec<Option<Version>>, StoreError> {
        let done = self.reach()?.commit(writes).await;
        if self.loses_answer.swap(false, Ordering::SeqCst) {
            return Err(unavailable("the test told it to lose the answer of this commit"));
        }
        done
    }
}
