//! The history of an account: append-only, each entry bound to the one before it by a hash.

mod records;

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Range;
use portcullis_ports::{Error, Result};
use serde::{Deserialize, Serialize};

pub(crate) use records::AUDIT;
pub use records::Entry;
use records::Head;

use crate::access::Source;
use crate::deployment::Deployment;
use crate::table::Batch;

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
    name: &'static str,
    outcome: EventOutcome,
    source: &'a Source,
    details: BTreeMap<&'static str, String>,
}

impl<'a> Event<'a> {
    pub(crate) fn new(name: &'static str, outcome: EventOutcome, source: &'a Source) -> Self {
        Self {
            name,
            outcome,
            source,
            details: BTreeMap::new(),
        }
    }

    pub(crate) fn success(name: &'static str, source: &'a Source) -> Self {
        Self::new(name, EventOutcome::Success, source)
    }

    pub(crate) fn failure(name: &'static str, source: &'a Source) -> Self {
        Self::new(name, EventOutcome::Failure, source)
    }

    pub(crate) fn info(name: &'static str, source: &'a Source) -> Self {
        Self::new(name, EventOutcome::Info, source)
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
    deployment: Arc<Deployment>,
}

impl Audit {
    pub(crate) fn new(deployment: &Arc<Deployment>) -> Self {
        Self {
            deployment: Arc::clone(deployment),
        }
    }

    /// Adds events to the commit that makes them true. At most once per batch and account.
    pub(crate) async fn append(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        events: &[Event<'_>],
    ) -> Result<()> {
        let empty = || Head {
            subject: subject.clone(),
            entries: 0,
            hash: String::new(),
        };
        let mut head = self
            .deployment
            .table::<Head>()
            .slot(subject.as_str(), Head::SORT, empty)
            .await?;
        for event in events {
            let entry = Entry {
                subject: subject.clone(),
                number: head.value.entries + 1,
                at: self.deployment.now(),
                event: event.name.to_owned(),
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
            head.value.entries = entry.number;
            head.value.hash = entry.hash()?;
            batch.insert(&entry)?;
            batch.meters.push(meter(event));
        }
        batch.save(&head)
    }

    /// Writes events that stand alone, such as a refused attempt.
    pub(crate) async fn record(&self, subject: &Subject, events: &[Event<'_>]) -> Result<()> {
        self.deployment
            .retried(|| async {
                let mut batch = Batch::default();
                self.append(&mut batch, subject, events).await?;
                self.deployment.commit(batch).await
            })
            .await
    }

    /// Reads the whole history of an account and proves that nothing was changed, removed or put in between.
    ///
    /// # Errors
    /// `internal`, naming in the log the first entry that does not fit.
    pub async fn verify(&self, subject: &Subject) -> Result<Vec<Entry>> {
        let head = self
            .deployment
            .table::<Head>()
            .find(subject.as_str(), Head::SORT)
            .await?;
        let mut entries = Vec::new();
        let mut previous = String::new();
        let mut after = None;
        loop {
            let range = Range::Prefix(Entry::PREFIX.into());
            let (page, next) = self
                .deployment
                .table::<Entry>()
                .page(subject.as_str(), range, 500, after)
                .await?;
            for entry in page {
                let expected = entries.len() as u64 + 1;
                if entry.number != expected || entry.previous != previous {
                    return Err(Error::internal(format!(
                        "the history of {subject} breaks at entry {expected}"
                    )));
                }
                previous = entry.hash()?;
                entries.push(entry.value);
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let (counted, hash) = head.map_or((0, String::new()), |head| (head.entries, head.value.hash));
        if counted == entries.len() as u64 && hash == previous {
            Ok(entries)
        } else {
            Err(Error::internal(format!(
                "the history of {subject} does not end where its head says"
            )))
        }
    }
}

fn meter(event: &Event<'_>) -> metrics::Counter {
    let outcome = match event.outcome {
        EventOutcome::Success => "success",
        EventOutcome::Failure => "failure",
        EventOutcome::Info => "info",
    };
    metrics::counter!("portcullis_events_total", "event" => event.name, "outcome" => outcome)
}
