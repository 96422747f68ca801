//! The history of an account: append-only, each entry bound to the one before it by a hash.

#[cfg(test)]
mod commit_tests;
mod prune;
mod records;
mod settings;
mod sign_anew;
#[cfg(test)]
mod signature_tests;
#[cfg(test)]
mod tests;
mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use prune::DAILY_PRUNING;
pub use prune::{Histories, Pruned, Retention, Subjects};
pub(crate) use records::AUDIT;
pub use records::Entry;
use records::{Failures, Head, Signature};
pub use settings::Settings;
pub use verify::{Broken, Verified};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::decoy;
use crate::foundation::event_kind::EventKind;
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::limit::Limit;
use crate::foundation::meter::Meter;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, RECORD_UNREADABLE, Slot};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(
        AUDIT,
        Personal::BySubject,
        &[
            shape::<Entry>("entry"),
            shape::<Head>("head"),
            shape::<records::Checkpoint>("checkpoint"),
        ],
    )],
    meters: &[EVENTS],
    tasks: &[&DAILY_PRUNING],
    ..Area::EMPTY
};

const EVENTS: Meter = Meter::counter(
    "portcullis_events_total",
    "What happened to accounts, by event and outcome.",
);

/// About the bytes of an entry.
const ENTRY: usize = 300;

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventOutcome {
    /// It was done.
    Success,
    /// It was refused.
    Failure,
    /// It was begun.
    Info,
}

/// Something that happened to an account. Names and fields follow one catalogue; no secrets, no full addresses.
#[derive(Debug, Clone)]
pub(crate) struct Event<'a> {
    kind: EventKind,
    outcome: EventOutcome,
    source: &'a Source,
    details: BTreeMap<&'static str, String>,
}

impl<'a> Event<'a> {
    pub(crate) fn new(kind: EventKind, outcome: EventOutcome, source: &'a Source) -> Self {
        Self {
            kind,
            outcome,
            source,
            details: BTreeMap::new(),
        }
    }

    pub(crate) fn success(kind: EventKind, source: &'a Source) -> Self {
        Self::new(kind, EventOutcome::Success, source)
    }

    pub(crate) fn failure(kind: EventKind, source: &'a Source) -> Self {
        Self::new(kind, EventOutcome::Failure, source)
    }

    pub(crate) fn info(kind: EventKind, source: &'a Source) -> Self {
        Self::new(kind, EventOutcome::Info, source)
    }

    /// The word that stands in histories.
    pub(crate) const fn name(&self) -> &'static str {
        self.kind.name
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.details.insert(name, value.to_string());
        self
    }
}

/// Writes and checks histories.
#[derive(Clone)]
pub struct Audit {
    context: Arc<Context>,
    settings: Arc<Settings>,
}

impl Audit {
    pub(crate) fn new(context: &Arc<Context>, settings: &Settings) -> Self {
        Self {
            context: Arc::clone(context),
            settings: Arc::new(settings.clone()),
        }
    }

    /// Adds events to the commit that makes them true, behind those that are in it already. Until the batch is done or
    /// dropped, others in this process who write the same history wait.
    pub(crate) async fn append(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        events: &[Event<'_>],
    ) -> Result<()> {
        self.context.lock_subject(batch, subject).await;
        let (mut head, broken_at) = self.end_of(batch, subject).await?;
        head.value.signed_after.get_or_insert(head.value.entries);
        let bound = self.settings.failures_per_account;
        for event in events {
            batch.meters.push(meter(event));
            let Some(left_out) = head.value.admit(event, self.context.now(), bound) else {
                continue;
            };
            let mut entry = Entry {
                subject: subject.clone(),
                number: head.value.entries + 1,
                at: self.context.now(),
                event: event.kind.name.to_owned(),
                outcome: event.outcome,
                ip: event.source.ip.to_string(),
                user_agent: event.source.user_agent.to_string(),
                details: event
                    .details
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()))
                    .collect(),
                previous: head.value.hash.clone(),
            };
            if left_out > 0 {
                entry.details.insert("left_out".to_owned(), left_out.to_string());
            }
            head.value.entries = entry.number;
            head.value.hash = fingerprint(&batch.insert_body(&entry)?);
        }
        head.value.sign(&self.context.keyring, broken_at)?;
        batch.save(&head)
    }

    /// The head of a history, and the entry behind it if this deployment did not write it. One that cannot be read is
    /// replaced by what the entries say.
    async fn end_of(&self, batch: &Batch, subject: &Subject) -> Result<(Slot<Head>, Option<u64>)> {
        let heads = self.context.table::<Head>();
        let read = heads
            .slot_in(batch, subject.as_str(), Head::SORT, || Head::empty(subject))
            .await;
        match read {
            Ok(head) if head.is_new() => Ok((head, None)),
            Ok(head) => {
                let broken_at = self.forged_at(&head.value)?;
                Ok((head, broken_at))
            }
            Err(error) if error.code() == RECORD_UNREADABLE => {
                let last = self.last_entry(subject).await?;
                let head = Head {
                    entries: last.as_ref().map_or(0, |(number, _)| *number),
                    hash: last.map_or_else(String::new, |(_, hash)| hash),
                    ..Head::empty(subject)
                };
                let behind = head.entries + 1;
                let head = heads
                    .slot_of_unreadable(subject.as_str(), Head::SORT, head)
                    .await?;
                Ok((head, Some(behind)))
            }
            Err(error) => Err(error),
        }
    }

    /// Number and hash of the last entry that can be read.
    async fn last_entry(&self, subject: &Subject) -> Result<Option<(u64, String)>> {
        let range = Range::Prefix(Entry::PREFIX.into());
        let last = self
            .context
            .table::<Entry>()
            .last_with_body(subject.as_str(), range)
            .await?;
        Ok(last.map(|(entry, body)| (entry.number, fingerprint(&body))))
    }

    /// The entry behind a head that this deployment did not write. A history goes on all the same, or whoever writes to
    /// the store could lock a person out.
    fn forged_at(&self, head: &Head) -> Result<Option<u64>> {
        let forged = match head.signature(&self.context.keyring)? {
            Signature::Ours => false,
            Signature::Wrong => true,
            Signature::Missing => self.context.keyring.signs_all_histories(),
        };
        Ok(forged.then(|| head.entries + 1))
    }

    /// Writes events that stand alone, such as a refused attempt.
    pub(crate) async fn record(&self, subject: &Subject, events: &[Event<'_>]) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.append(&mut batch, subject, events).await?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Does the work of [`Audit::record`] for one event of somebody who does not exist, and leaves nothing behind.
    pub(crate) async fn record_nobody(&self, about: &str) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                decoy::change(&self.context, &mut batch, "history", about).await?;
                decoy::insert(&self.context, &mut batch, &[ENTRY])?;
                self.context.commit(batch).await
            })
            .await
    }
}

impl Head {
    /// Whether an event is written, and how many failures were not before it. What strangers can cause is bounded per
    /// account: a failure beyond the bound is counted only, and the next entry says how many there were.
    fn admit(&mut self, event: &Event<'_>, now: Timestamp, bound: Limit) -> Option<u64> {
        let fresh = || Failures {
            since: now,
            written: BTreeMap::new(),
            left_out: 0,
        };
        let over =
            |failures: &Failures| now.since(failures.since) >= bound.window.get() || now < failures.since;
        let ended = self.failures.take_if(|failures| over(failures));
        let mut left_out = ended.map_or(0, |ended| ended.left_out);
        if event.outcome == EventOutcome::Failure {
            let failures = self.failures.get_or_insert_with(fresh);
            let written = failures.written.entry(event.kind.name.to_owned()).or_default();
            if *written >= bound.most {
                failures.left_out += 1 + left_out;
                return None;
            }
            *written += 1;
        }
        if let Some(failures) = &mut self.failures {
            left_out += std::mem::take(&mut failures.left_out);
        }
        Some(left_out)
    }
}

fn meter(event: &Event<'_>) -> metrics::Counter {
    let outcome = match event.outcome {
        EventOutcome::Success => "success",
        EventOutcome::Failure => "failure",
        EventOutcome::Info => "info",
    };
    metrics::counter!(EVENTS.name, "event" => event.kind.name, "outcome" => outcome)
}
