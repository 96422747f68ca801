//! The store under test, and the small words in which cases speak about it.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use super::super::FakeClock;
use crate::clock::{Clock, Timestamp};
use crate::storage::{
    Collection, ConnectedStore, Direction, Expect, Key, Query, Range, Record, RecordStore, Scan, StoreError,
    Version, Write,
};

/// The collections of the suite, for stores that must create tables first.
pub const COLLECTIONS: [Collection; 2] = [
    Collection {
        name: "suite_left",
        table: "suite_left",
        variable: "SUITE_LEFT_TABLE",
    },
    Collection {
        name: "suite_right",
        table: "suite_right",
        variable: "SUITE_RIGHT_TABLE",
    },
];

/// A store and the clock it lives by.
pub struct StoreSubject {
    /// The store.
    pub store: Arc<dyn RecordStore>,
    /// The same, as a tool reads it.
    pub scan: Arc<dyn Scan>,
    clock: SubjectClock,
    run: String,
}

/// The clock of a store under test.
pub enum SubjectClock {
    /// One that the suite may move; then it also tests that moments come.
    Fake(Arc<FakeClock>),
    /// One that it can only read.
    Real(Arc<dyn Clock>),
}

/// What a case found out.
pub type PasswordCheck = Result<(), Failure>;

/// A promise that was not kept.
pub struct Failure(String);

impl Failure {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(format!("unexpected error: {error}"))
    }
}

/// Fails with `what` unless it holds.
pub(super) fn ensure(holds: bool, what: impl fmt::Display) -> PasswordCheck {
    if holds {
        Ok(())
    } else {
        Err(Failure::new(what.to_string()))
    }
}

/// Fails unless both are equal.
pub(super) fn same<T: PartialEq + fmt::Debug>(found: &T, wanted: &T, what: &str) -> PasswordCheck {
    ensure(
        found == wanted,
        format_args!("{what}: found {found:?}, wanted {wanted:?}"),
    )
}

/// Fails unless the commit ended in a conflict at exactly these positions.
pub(super) fn conflicts(
    outcome: Result<Vec<Option<Version>>, StoreError>,
    positions: &[usize],
    what: &str,
) -> PasswordCheck {
    match outcome {
        Err(StoreError::Conflict(failed)) if failed == positions => Ok(()),
        other => Err(Failure::new(format!(
            "{what}: a conflict at {positions:?} was wanted, found {other:?}"
        ))),
    }
}

/// Fails unless the answer is a refusal.
pub(super) fn refused<T: fmt::Debug>(outcome: Result<T, StoreError>, what: &str) -> PasswordCheck {
    match outcome {
        Err(StoreError::Refused(_)) => Ok(()),
        other => Err(Failure::new(format!(
            "{what}: a refusal was wanted, found {other:?}"
        ))),
    }
}

impl StoreSubject {
    /// A subject whose partitions no other run uses.
    pub fn new(connected: &ConnectedStore, clock: SubjectClock) -> Self {
        let run = format!("{:016x}", RandomState::new().build_hasher().finish());
        Self {
            store: Arc::clone(&connected.records),
            scan: Arc::clone(&connected.scan),
            clock,
            run,
        }
    }

    /// Puts the store in place of the old one, for stores that are opened again between cases.
    #[must_use]
    pub fn reopened(self, connected: &ConnectedStore) -> Self {
        Self {
            store: Arc::clone(&connected.records),
            scan: Arc::clone(&connected.scan),
            ..self
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        match &self.clock {
            SubjectClock::Fake(clock) => clock.now(),
            SubjectClock::Real(clock) => clock.now(),
        }
    }

    /// Moves the clock, if it is one that can be moved.
    pub(super) fn advance(&self, span: Duration) -> bool {
        match &self.clock {
            SubjectClock::Fake(clock) => {
                clock.advance(span);
                true
            }
            SubjectClock::Real(_) => false,
        }
    }

    pub(super) fn partition(&self, case: &str) -> String {
        format!("{}/{case}", self.run)
    }

    pub(super) fn key(&self, case: &str, sort: &str) -> Key {
        Key {
            collection: COLLECTIONS[0],
            partition: self.partition(case),
            sort: sort.to_owned(),
        }
    }

    pub(super) fn all_of(&self, case: &str) -> Query {
        Query {
            collection: COLLECTIONS[0],
            partition: self.partition(case),
            range: Range::All,
            direction: Direction::Ascending,
            limit: 100,
            after: None,
        }
    }

    /// Commits one put and returns its version.
    pub(super) async fn put(&self, key: &Key, body: &str) -> Result<Version, Failure> {
        self.commit_one(put(key, body, Expect::Any)).await
    }

    /// Commits one put that expires at `end`.
    pub(super) async fn put_until(&self, key: &Key, body: &str, end: Timestamp) -> Result<Version, Failure> {
        self.commit_one(expiring(put(key, body, Expect::Any), end)).await
    }

    pub(super) async fn commit_one(&self, write: Write) -> Result<Version, Failure> {
        let versions = self.store.commit(&[write]).await?;
        match versions.as_slice() {
            [Some(version)] => Ok(*version),
            other => Err(Failure::new(format!(
                "one put must return one version, found {other:?}"
            ))),
        }
    }

    pub(super) async fn body(&self, key: &Key) -> Result<Option<String>, Failure> {
        let found = self.store.get(key).await?;
        Ok(found.map(|record| record.body.to_string()))
    }

    pub(super) async fn existing(&self, key: &Key) -> Result<Record, Failure> {
        match self.store.get(key).await? {
            Some(record) => Ok(record),
            None => Err(Failure::new(format!("{key} is missing"))),
        }
    }

    /// Every record of a query, following its cursors.
    pub(super) async fn pages(&self, query: &Query) -> Result<Vec<Record>, Failure> {
        let mut query = query.clone();
        let mut found = Vec::new();
        // Pages may be short or even empty, but a store that never ends must not hang the suite.
        for _ in 0..10_000 {
            let page = self.store.query(&query).await?;
            ensure(
                page.records.len() <= query.limit,
                "a page is longer than its limit",
            )?;
            found.extend(page.records);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
        Err(Failure::new("the cursors of a query never come to an end"))
    }

    pub(super) async fn sorts(&self, query: &Query) -> Result<Vec<String>, Failure> {
        let records = self.pages(query).await?;
        Ok(records.into_iter().map(|record| record.key.sort).collect())
    }
}

pub(super) fn put(key: &Key, body: &str, expect: Expect) -> Write {
    Write::Put {
        key: key.clone(),
        body: Arc::from(body),
        expires_at: None,
        expect,
    }
}

pub(super) fn expiring(write: Write, end: Timestamp) -> Write {
    match write {
        Write::Put {
            key, body, expect, ..
        } => Write::Put {
            key,
            body,
            expires_at: Some(end),
            expect,
        },
        other => other,
    }
}

pub(super) fn delete(key: &Key, expect: Expect) -> Write {
    Write::Delete {
        key: key.clone(),
        expect,
    }
}

pub(super) fn check(key: &Key, expect: Expect) -> Write {
    Write::Check {
        key: key.clone(),
        expect,
    }
}
