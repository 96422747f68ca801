//! How often something may be tried or sent: counted before it is done, atomically, shared by all nodes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_lock::{Mutex, MutexGuard};
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use portcullis_ports::{Code, Kind, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access::Source;
use crate::deployment::Deployment;
use crate::settings::Limit;
use crate::table::{Batch, Stored};

/// Too many answers in a short time.
pub const TOO_MANY_ATTEMPTS: Code = Code::new(
    "too-many-attempts",
    Kind::Limited,
    "Too many attempts: please wait before you try again.",
);
/// Too many messages in a short time.
pub const TOO_MANY_SENDS: Code = Code::new(
    "too-many-sends",
    Kind::Limited,
    "Too many codes were requested: please wait before you request another.",
);

/// Counters of all budgets.
pub(crate) const BUDGETS: Collection = Collection {
    name: "budgets",
    table: "budgets",
    variable: "DDB_SESSIONS_TABLE",
};
/// Networks from which accounts signed in completely.
pub(crate) const KNOWN_SOURCES: Collection = Collection {
    name: "known_sources",
    table: "known_sources",
    variable: "KNOWN_SOURCES_TABLE_NAME",
};

/// One counter. It expires with its window, so that the next use opens a new one.
#[derive(Serialize, Deserialize)]
struct Counter {
    key: String,
    used: u32,
    until: Timestamp,
}

impl Stored for Counter {
    const COLLECTION: Collection = BUDGETS;

    fn key(&self) -> (String, String) {
        (self.key.clone(), "used".into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// A network the account signed in from.
#[derive(Serialize, Deserialize)]
struct KnownSource {
    subject: Subject,
    network: String,
    until: Timestamp,
}

impl Stored for KnownSource {
    const COLLECTION: Collection = KNOWN_SOURCES;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), self.network.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// One use of one budget: its name, whose it is, and how much there is.
pub(crate) struct Use<'a> {
    pub(crate) name: &'static str,
    pub(crate) of: &'a [&'a str],
    pub(crate) limit: Limit,
}

/// Waiting lines for counters: whoever uses the same one in this process waits instead of colliding in the store.
const LINES: usize = 256;

/// Budgets of all areas.
#[derive(Clone)]
pub(crate) struct Budgets {
    deployment: Arc<Deployment>,
    lines: Arc<[Mutex<()>; LINES]>,
}

impl Budgets {
    pub(crate) fn new(deployment: &Arc<Deployment>) -> Self {
        Self {
            deployment: Arc::clone(deployment),
            lines: Arc::new(std::array::from_fn(|_| Mutex::new(()))),
        }
    }

    /// Counts one use of each budget, all or none. A refusal counts nothing, so it never makes anything worse.
    ///
    /// # Errors
    /// `refusal` with the time until the fullest budget opens again.
    pub(crate) async fn take(&self, refusal: Code, uses: &[Use<'_>]) -> Result<()> {
        let mut counters = Vec::with_capacity(uses.len());
        for one in uses {
            counters.push((self.key(one.name, one.of)?, one.limit));
        }
        let _turns = self.turns(&counters).await;
        self.deployment.retried(|| self.count(refusal, &counters)).await
    }

    async fn count(&self, refusal: Code, counters: &[(String, Limit)]) -> Result<()> {
        let table = self.deployment.table::<Counter>();
        let now = self.deployment.now();
        let mut batch = Batch::default();
        let mut wait = Duration::ZERO;
        for (key, limit) in counters {
            let empty = || Counter {
                key: key.clone(),
                used: 0,
                until: now + limit.window.get(),
            };
            let mut slot = table.slot(key, "used", empty).await?;
            if slot.value.used >= limit.most {
                wait = wait.max(slot.value.until.since(now));
            }
            slot.value.used += 1;
            batch.save(&slot)?;
        }
        if wait > Duration::ZERO {
            return Err(refusal.error().retry_after(wait));
        }
        self.deployment.commit(batch).await
    }

    /// Waits for the turn at every counter, always in the same order, so that nobody waits for each other.
    async fn turns(&self, counters: &[(String, Limit)]) -> Vec<MutexGuard<'_, ()>> {
        let line = |(key, _): &(String, Limit)| {
            key.bytes().fold(0_usize, |sum, byte| {
                sum.wrapping_mul(31).wrapping_add(usize::from(byte))
            }) % LINES
        };
        let lines: BTreeSet<usize> = counters.iter().map(line).collect();
        let mut turns = Vec::with_capacity(lines.len());
        for mutex in lines.into_iter().filter_map(|line| self.lines.get(line)) {
            turns.push(mutex.lock().await);
        }
        turns
    }

    /// Counts an answer of `account` to `what`.
    ///
    /// Networks the account never signed in from share one budget besides their own; a network it did sign in from
    /// has its own only. Whoever guesses from elsewhere can therefore not lock the owner out.
    pub(crate) async fn attempt(
        &self,
        what: &str,
        account: &str,
        source: &Source,
        known: bool,
    ) -> Result<()> {
        let limits = &self.deployment.settings.budgets;
        let network = source.network();
        let own = [what, account, network.as_str()];
        let strangers = [what, account];
        let mut uses = vec![Use {
            name: "attempts",
            of: &own,
            limit: limits.attempts,
        }];
        if !known {
            uses.push(Use {
                name: "attempts-unknown",
                of: &strangers,
                limit: limits.attempts_from_unknown,
            });
        }
        self.take(TOO_MANY_ATTEMPTS, &uses).await
    }

    /// Forgets the wrong answers before a right one.
    pub(crate) fn clear_attempts(
        &self,
        batch: &mut Batch,
        what: &str,
        account: &str,
        source: &Source,
    ) -> Result<()> {
        let key = self.key("attempts", &[what, account, &source.network()])?;
        batch.clear::<Counter>(key, "used".into());
        Ok(())
    }

    /// Whether the account signed in completely from this network before.
    pub(crate) async fn knows(&self, subject: &Subject, source: &Source) -> Result<bool> {
        let network = self.network(subject, source)?;
        Ok(self
            .deployment
            .table::<KnownSource>()
            .find(subject.as_str(), &network)
            .await?
            .is_some())
    }

    /// Remembers that the account signed in completely from this network.
    pub(crate) fn remember(&self, batch: &mut Batch, subject: &Subject, source: &Source) -> Result<()> {
        batch.overwrite(&KnownSource {
            subject: subject.clone(),
            network: self.network(subject, source)?,
            until: self.deployment.now() + self.deployment.settings.sessions.known_source_lifetime.get(),
        })
    }

    fn network(&self, subject: &Subject, source: &Source) -> Result<String> {
        self.deployment
            .keyring
            .pseudonym("network", &[subject.as_str(), &source.network()])
    }

    /// Counters are keyed by pseudonyms: the store does not tell who was counted for what.
    fn key(&self, name: &str, of: &[&str]) -> Result<String> {
        let parts: Vec<&str> = std::iter::once(name).chain(of.iter().copied()).collect();
        self.deployment.keyring.pseudonym("budget", &parts)
    }
}
