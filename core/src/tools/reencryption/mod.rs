//! Seals all that is sealed anew, so that a former key manager or key can be given up.

#[cfg(test)]
mod tests;

use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use portcullis_ports::keys::{EncryptionContext, KeyManager, Keys, NOT_OURS, Sealed};
use portcullis_ports::plugin::Port as _;
use portcullis_ports::policy::{CallPolicy, Guarded as _};
use portcullis_ports::secret::same_secret;
use portcullis_ports::storage::{
    Collection, ConnectedStore, Expect, Key, Record, RecordStore, STORE_CONFLICT, Scan, StoreError, Write,
};
use portcullis_ports::{Clock, Error, Kind as ErrorKind, Result};

use crate::areas::families;
use crate::foundation::sealed_texts::SealedKind;

/// Every type of record that holds sealed texts.
fn kinds() -> impl Iterator<Item = SealedKind> {
    families().filter_map(|family| family.sealed)
}

use crate::foundation::former_keys::FormerKeys;
use crate::foundation::guard::{GuardedKeys, Guards};

/// How many records are read at a time.
const PAGE: usize = 200;
/// How many records are worked on at a time.
const CONCURRENCY: usize = 8;
/// How often a record that others keep changing is read.
const READINGS: u32 = 24;
/// How often something that does not answer is asked.
const TRIES: u32 = 6;
/// How long to wait before the second time; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// What is to be sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// What the key manager in use sealed as well: for a change of keys within it.
    pub all: bool,
    /// Nothing is written; what would be is counted.
    pub dry: bool,
}

/// How many sealed texts were looked at, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sealed anew.
    pub resealed: u64,
    /// Left alone: the key manager in use opens them.
    pub current: u64,
    /// Nobody opens them.
    pub shut: u64,
}

impl Tally {
    /// All that were looked at.
    pub fn texts(&self) -> u64 {
        self.resealed + self.current + self.shut
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.resealed += other.resealed;
        self.current += other.current;
        self.shut += other.shut;
    }
}

/// What is heard while it runs.
#[derive(Debug)]
pub enum Heard<'a> {
    /// So far, in this family of records.
    Progress(Tally),
    /// A text of this record is opened by nobody, or the record cannot be read.
    Shut(&'a Key, &'a Error),
}

/// The work on one deployment, which may go on meanwhile if the store can be shared. It may be done again at any time.
pub struct Reencryption {
    store: Arc<dyn RecordStore>,
    scan: Arc<dyn Scan>,
    keys: FormerKeys,
    clock: Arc<dyn Clock>,
    extent: Extent,
}

/// What became of one record.
#[derive(Default)]
struct Outcome {
    tally: Tally,
    /// Why texts stay shut.
    shut: Vec<Error>,
}

impl Reencryption {
    /// The records of `store`; `keys` seals, and `former` are asked as well to open.
    pub fn new(
        store: &ConnectedStore,
        keys: Arc<dyn KeyManager>,
        former: Vec<Arc<dyn KeyManager>>,
        clock: &Arc<dyn Clock>,
        extent: Extent,
    ) -> Self {
        let guards = Guards::new(clock);
        let policy = CallPolicy {
            concurrency: CONCURRENCY,
            ..Keys::POLICY
        };
        let guarded = |inner| {
            let guard = guards.guard(Keys::NAME, "", policy);
            Arc::new(GuardedKeys { inner, guard }) as Arc<dyn KeyManager>
        };
        Self {
            store: Arc::clone(&store.records),
            scan: Arc::clone(&store.scan),
            keys: FormerKeys::new(guarded(keys), former.into_iter().map(guarded).collect()),
            clock: Arc::clone(clock),
            extent,
        }
    }

    /// The families of records that hold sealed texts, the root secret first.
    pub fn collections() -> Vec<Collection> {
        kinds().map(|kind| kind.collection).collect()
    }

    /// Goes through one family. What nobody opens is told and left as it is.
    ///
    /// # Errors
    /// If store or key manager do not answer for long. What was sealed anew stays so.
    pub async fn reseal(
        &self,
        collection: &Collection,
        told: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> Result<Tally> {
        let mut tally = Tally::default();
        for kind in kinds().filter(|kind| kind.collection == *collection) {
            let mut after: Option<String> = None;
            loop {
                let page = self
                    .patiently(async || Ok(self.scan.scan(collection, after.as_deref(), PAGE).await?))
                    .await?;
                let work = page.records.into_iter().map(|record| async move {
                    let key = record.key.clone();
                    (key, self.record(&kind, record).await)
                });
                let mut working = stream::iter(work).buffer_unordered(CONCURRENCY);
                while let Some((key, outcome)) = working.next().await {
                    let outcome = outcome?;
                    for why in &outcome.shut {
                        told(Heard::Shut(&key, why));
                    }
                    tally += outcome.tally;
                }
                told(Heard::Progress(tally));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(tally)
    }

    /// Seals the texts of one record anew, starting over from what is stored when somebody changed it meanwhile.
    async fn record(&self, kind: &SealedKind, record: Record) -> Result<Outcome> {
        let key = record.key.clone();
        let mut found = Some(record);
        for _ in 0..READINGS {
            let Some(record) = found else {
                return Ok(Outcome::default());
            };
            let (outcome, body) = self.patiently(async || self.texts(kind, &record).await).await?;
            let Some(body) = body.filter(|_| !self.extent.dry) else {
                return Ok(outcome);
            };
            let write = Write::Put {
                key: key.clone(),
                body: body.into(),
                expires_at: record.expires_at,
                expect: Expect::Version(record.version),
            };
            // A commit that may have been done shows as a conflict the next time, and as texts that need nothing then.
            let committed = self
                .patiently(
                    async || match self.store.commit(std::slice::from_ref(&write)).await {
                        Ok(_) => Ok(true),
                        Err(StoreError::Conflict(_)) => Ok(false),
                        Err(error) => Err(error.into()),
                    },
                )
                .await?;
            if committed {
                return Ok(outcome);
            }
            found = self.patiently(async || Ok(self.store.get(&key).await?)).await?;
        }
        Err(STORE_CONFLICT.error().with_context("record", key.to_string()))
    }

    /// What becomes of the texts of a record, and its new body if any is sealed anew.
    async fn texts(&self, kind: &SealedKind, record: &Record) -> Result<(Outcome, Option<String>)> {
        let mut outcome = Outcome::default();
        let mut held = match (kind.read)(&record.body) {
            Ok(held) => held,
            Err(error) => {
                outcome.tally.shut = 1;
                outcome.shut.push(error);
                return Ok((outcome, None));
            }
        };
        held.before_resealing();
        for (context, sealed) in held.texts() {
            match self.text(&context, sealed).await {
                Ok(Some(fresh)) => {
                    *sealed = fresh;
                    outcome.tally.resealed += 1;
                }
                Ok(None) => outcome.tally.current += 1,
                Err(error) if error.code() == NOT_OURS => {
                    outcome.tally.shut += 1;
                    outcome.shut.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        let changed = outcome.tally.resealed > 0;
        let body = changed.then(|| held.body()).transpose()?;
        Ok((outcome, body))
    }

    /// The same secret, sealed anew; `None` if it can stay as it is.
    async fn text(&self, context: &EncryptionContext, sealed: &Sealed) -> Result<Option<Sealed>> {
        let (plain, by_current) = self.keys.open_by(sealed, context).await?;
        if by_current && !self.extent.all {
            return Ok(None);
        }
        let keys = self.keys.current();
        let fresh = keys.seal(&plain, context).await?;
        // The old text is about to be lost: what replaces it must open.
        match keys.open(&fresh, context).await {
            Ok(opened) if same_secret(&opened, &plain) => Ok(Some(fresh)),
            Ok(_) => Err(Error::internal(
                "the key manager opens another secret than it sealed",
            )),
            Err(error) if error.code() == NOT_OURS => {
                Err(Error::internal("the key manager does not open what it just sealed").with_source(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Asks again while something does not answer.
    async fn patiently<T>(&self, ask: impl AsyncFn() -> Result<T>) -> Result<T> {
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match ask().await {
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    self.clock.sleep(wait).await;
                    wait *= 2;
                }
                decided => return decided,
            }
        }
        ask().await
    }
}
