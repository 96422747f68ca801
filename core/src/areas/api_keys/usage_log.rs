//! Uses of keys are noted in memory, and written down every few seconds by a worker.
//!
//! A process that is killed takes with it what it noted since: a few seconds of the log, and no use that a limit counts, since
//! those are leased in advance. A store that cannot be written to is tried again, as long as there is room.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, Either, select};
use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};

use super::leases::IDLE;
use super::records::{AccountKeys, ApiKey};
use super::usage::{LastUse, Outcome, UsageDay, UsageEntry};
use super::{ApiKeyId, ApiKeys, events, meters};
use crate::foundation::day::Day;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::tasks::Worker;

/// In the log.
const WORKER: &str = "api-key-usage";
/// How often notes are written down.
const EVERY: Duration = Duration::from_secs(5);
/// The most keys of which uses are noted meanwhile. Those beyond are not told of.
const MOST_KEYS: usize = 20_000;
/// The most rows of one key, beside those of [`OTHER`].
const MOST_ROWS: usize = 50;
/// The scope of uses beyond, which are summed up by what they came to.
const OTHER: &str = "other";

/// Uses of one key that came to the same, in the same way.
#[derive(Debug, Clone)]
struct Row {
    outcome: Outcome,
    scope: Box<str>,
    ip: Option<IpAddr>,
    client: Arc<str>,
    day: Day,
    count: u64,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// What was noted of one key.
#[derive(Debug, Clone)]
struct Notes {
    subject: Subject,
    rows: Vec<Row>,
    /// The last use that was accepted.
    last: Option<Last>,
}

/// When, from where and with what a key was used.
#[derive(Debug, Clone)]
struct Last {
    at: Timestamp,
    ip: Option<IpAddr>,
    client: Arc<str>,
}

/// The memory of a process.
#[derive(Clone, Default)]
pub(super) struct UsageLog(Arc<Mutex<BTreeMap<ApiKeyId, Notes>>>);

impl UsageLog {
    fn notes(&self) -> MutexGuard<'_, BTreeMap<ApiKeyId, Notes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, key: &ApiKey, outcome: Outcome, scope: &str, source: &Source, now: Timestamp) {
        let mut all = self.notes();
        if !all.contains_key(&key.id) {
            if all.len() >= MOST_KEYS {
                return;
            }
            let notes = Notes {
                subject: key.subject.clone(),
                rows: Vec::new(),
                last: None,
            };
            all.insert(key.id.clone(), notes);
        }
        if let Some(notes) = all.get_mut(&key.id) {
            if outcome == Outcome::Accepted {
                notes.used(Last {
                    at: now,
                    ip: source.address(),
                    client: Arc::clone(&source.user_agent),
                });
            }
            notes.add(Row {
                outcome,
                scope: scope.into(),
                ip: source.address(),
                client: Arc::clone(&source.user_agent),
                day: Day::of(now),
                count: 1,
                first_at: now,
                last_at: now,
            });
        }
    }

    /// Forgets whatever was noted of an account.
    pub(super) fn forget(&self, subject: &Subject) {
        self.notes().retain(|_, notes| notes.subject != *subject);
    }

    /// What was noted so far, to be written down.
    fn take(&self) -> BTreeMap<ApiKeyId, Notes> {
        std::mem::take(&mut *self.notes())
    }

    /// Keeps notes that could not be written down.
    fn put_back(&self, id: ApiKeyId, notes: Notes) {
        let mut all = self.notes();
        if let Some(newer) = all.get_mut(&id) {
            notes.rows.into_iter().for_each(|row| newer.add(row));
            // Of two at the same moment the newer is the last.
            let newest = newer.last.take();
            notes
                .last
                .into_iter()
                .chain(newest)
                .for_each(|last| newer.used(last));
        } else if all.len() < MOST_KEYS {
            all.insert(id, notes);
        }
    }
}

impl Notes {
    fn used(&mut self, last: Last) {
        if self.last.as_ref().is_none_or(|known| known.at <= last.at) {
            self.last = Some(last);
        }
    }

    fn add(&mut self, more: Row) {
        let has_room = self.rows.len() < MOST_ROWS || self.rows.iter().any(|row| row.is_like(&more));
        let more = if has_room {
            more
        } else {
            Row {
                scope: OTHER.into(),
                ip: None,
                client: Arc::default(),
                ..more
            }
        };
        match self.rows.iter_mut().find(|row| row.is_like(&more)) {
            Some(row) => {
                row.count = row.count.saturating_add(more.count);
                row.first_at = row.first_at.min(more.first_at);
                row.last_at = row.last_at.max(more.last_at);
            }
            None => self.rows.push(more),
        }
    }
}

#[async_trait]
impl Worker for ApiKeys {
    fn name(&self) -> &str {
        WORKER
    }

    /// Writes notes down until `stop` is done, and what is left then.
    async fn work(&self, stop: BoxFuture<'static, ()>) {
        let mut stop = stop;
        loop {
            let stopped = matches!(
                select(stop.as_mut(), pin!(self.context.clock.sleep(EVERY)).as_mut()).await,
                Either::Left(_)
            );
            if let Err(error) = self.write_down().await {
                tracing::warn!(?error, "uses of API keys could not be written down; trying again");
            }
            if stopped {
                if let Err(error) = self.limits.give_back(Duration::ZERO).await {
                    tracing::warn!(?error, "leases of uses of API keys could not be given back");
                }
                return;
            }
        }
    }
}

impl ApiKeys {
    /// Writes down what was noted of all keys, and gives back leased uses that nobody asks for.
    ///
    /// # Errors
    /// The first failure, after all others were tried. Notes that failed are kept for the next time.
    pub async fn write_down(&self) -> Result<()> {
        let mut failed = self.limits.give_back(IDLE).await;
        for (id, notes) in self.log.take() {
            let written = self.context.retried(|| self.write_notes(&id, &notes)).await;
            if let Err(error) = written {
                self.log.put_back(id, notes);
                failed = failed.and(Err(error));
            }
        }
        failed
    }

    async fn write_notes(&self, id: &ApiKeyId, notes: &Notes) -> Result<()> {
        let (mut batch, subject) = (Batch::default(), &notes.subject);
        self.context.lock_subject(&mut batch, subject).await;
        let accounts = self.context.table::<AccountKeys>();
        let Some(held) = accounts.find(subject.as_str(), AccountKeys::SORT).await? else {
            // It was erased.
            return Ok(());
        };
        batch.check(&held);
        let mut by_day: BTreeMap<String, (Day, Vec<&Row>)> = BTreeMap::new();
        for row in &notes.rows {
            let (_, rows) = by_day.entry(row.day.to_string()).or_insert((row.day, Vec::new()));
            rows.push(row);
        }
        let mut refused = Vec::new();
        for (day, rows) in by_day.into_values() {
            let table = self.context.table::<UsageDay>();
            let empty = || UsageDay::empty(subject, id, day);
            let mut slot = table
                .slot(subject.as_str(), &UsageDay::sort(id, day), empty)
                .await?;
            for outcome in [Outcome::Scope, Outcome::Network] {
                let of = rows.iter().filter(|row| row.outcome == outcome);
                // The sum of others says neither from where nor what for.
                let most = of.max_by_key(|row| (&*row.scope != OTHER, row.count));
                if let Some(row) = most.filter(|_| !slot.value.told.contains(&outcome)) {
                    slot.value.told.push(outcome);
                    let ip = row.ip.unwrap_or(Ipv6Addr::UNSPECIFIED.into());
                    refused.push((*row, Source::new(ip, &row.client)));
                }
            }
            for row in rows {
                slot.value.add(row.entry());
            }
            batch.save(&slot)?;
        }
        if let Some(last) = &notes.last
            && held.keys.iter().any(|key| key.id == *id)
        {
            self.note_last(&mut batch, subject, id, last).await?;
        }
        let events = refused.iter().map(|(row, source)| {
            Event::failure(events::REFUSED, source)
                .with("key_id", id)
                .with("reason", row.outcome.as_str())
                .with("scope", &row.scope)
        });
        let events: Vec<Event<'_>> = events.collect();
        if !events.is_empty() {
            self.audit.append(&mut batch, subject, &events).await?;
        }
        self.context.commit(batch).await?;
        for row in &notes.rows {
            let outcome = row.outcome.as_str();
            metrics::counter!(meters::USES.name, "outcome" => outcome).increment(row.count);
        }
        Ok(())
    }

    async fn note_last(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        id: &ApiKeyId,
        used: &Last,
    ) -> Result<()> {
        let last = || LastUse {
            subject: subject.clone(),
            key: id.clone(),
            at: used.at,
            ip: text_of(used.ip),
            client: used.client.to_string(),
        };
        let table = self.context.table::<LastUse>();
        let mut slot = table.slot(subject.as_str(), &LastUse::sort(id), last).await?;
        if slot.is_new() || slot.value.at <= used.at {
            slot.value = last();
            batch.save(&slot)?;
        }
        Ok(())
    }
}

fn text_of(ip: Option<IpAddr>) -> String {
    ip.map_or_else(String::new, |ip| ip.to_string())
}

impl Row {
    /// Whether it came to the same in the same way, on the same day.
    fn is_like(&self, other: &Self) -> bool {
        self.outcome == other.outcome
            && self.ip == other.ip
            && self.day == other.day
            && self.scope == other.scope
            && self.client == other.client
    }

    fn entry(&self) -> UsageEntry {
        UsageEntry {
            outcome: self.outcome,
            scope: self.scope.to_string(),
            ip: text_of(self.ip),
            client: self.client.to_string(),
            count: self.count,
            first_at: self.first_at,
            last_at: self.last_at,
        }
    }
}
