//! Where commits are taken in, decided in groups and answered.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use portcullis_ports::clock::Clock;
use rusqlite::Connection;

use super::Shared;
use super::group::{Broken, Decision, Group, VersionCounter};
use super::queue::{Caller, Request, Taken};
use super::statements::Statements;
use crate::failure::Failure;
use crate::meters::WriterMeters;
use crate::schema;

/// The most commits of one group: larger ones gain nothing and delay the first answer.
pub(super) const MAX_GROUP: usize = 512;
/// The longest that a commit waits for company.
const MAX_GRACE: Duration = Duration::from_millis(1);

/// The writer at work.
pub(super) struct GroupCommitter<'c> {
    connection: &'c Connection,
    statements: Statements<'c>,
    versions: VersionCounter,
    shared: &'c Shared,
    clock: &'c dyn Clock,
    meters: WriterMeters,
    /// How many came together the last time.
    company: usize,
    /// How long to wait for as many again: half of what a sync costs, averaged, so that it can only pay.
    grace: Duration,
}

impl<'c> GroupCommitter<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        shared: &'c Shared,
        clock: &'c dyn Clock,
        meters: WriterMeters,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            statements: Statements::prepare(connection)?,
            versions: VersionCounter::continue_from(schema::reserved(connection)?, clock.now()),
            connection,
            shared,
            clock,
            meters,
            company: 0,
            grace: Duration::ZERO,
        })
    }

    /// Does a group, answers its callers, and says whether it could. Callers who have gone away change nothing.
    pub(super) fn serve(&mut self, batch: &mut Vec<Request>) -> bool {
        let mut callers = Vec::with_capacity(self.company.max(batch.len()));
        let outcome = self
            .decide(batch, &mut callers)
            .map_err(|broken| self.give_up(broken));
        // If the group could not even begin, nobody has been called up yet.
        callers.extend(batch.drain(..).map(|request| request.caller));
        let ended = Instant::now();
        self.company = callers.len();
        self.meters
            .group
            .record(u32::try_from(callers.len()).unwrap_or(u32::MAX));
        self.note_trouble(outcome.as_ref().err());
        let (mut decisions, failure) = match outcome {
            Ok(decisions) => (decisions.into_iter(), None),
            Err(failure) => (Vec::new().into_iter(), Some(failure)),
        };
        for caller in callers {
            self.meters.seconds.record(ended.duration_since(caller.since));
            let decision = match (&failure, decisions.next()) {
                (None, Some(decision)) => decision,
                (Some(failure), _) => Err(failure.clone().into()),
                (None, None) => Err(Failure::Unavailable("the commit was not decided".to_owned()).into()),
            };
            match &decision {
                Ok(_) => self.meters.done.increment(1),
                Err(_) if failure.is_none() => self.meters.conflicts.increment(1),
                Err(_) => self.meters.failed.increment(1),
            }
            drop(caller.answer.send(decision));
        }
        failure.is_none()
    }

    /// Decides the batch and whatever comes while it does, and syncs once.
    fn decide(
        &mut self,
        batch: &mut Vec<Request>,
        callers: &mut Vec<Caller>,
    ) -> Result<Vec<Decision>, Broken> {
        let begun = Instant::now();
        let now = self.clock.now();
        let mut group = Group::begin(&mut self.statements, &self.shared.cache, &mut self.versions, now)?;
        let mut decisions = Vec::with_capacity(self.company);
        // Time spent waiting, not time spent working: what arrives meanwhile costs nobody anything.
        let mut grace = self.grace;
        loop {
            let mut arrived = Vec::with_capacity(batch.len());
            for request in batch.drain(..) {
                let waited = begun.saturating_duration_since(request.caller.since);
                self.meters.queued.record(waited);
                callers.push(request.caller);
                arrived.push(request.writes);
            }
            for writes in arrived {
                decisions.push(group.decide(writes)?);
            }
            // The callers of the last group are likely to come back, and one sync for all is cheaper than two.
            let missing = self.company.saturating_sub(callers.len());
            let patience = if missing > 0 { grace } else { Duration::ZERO };
            let room = MAX_GROUP.saturating_sub(callers.len());
            let waiting = Instant::now();
            if room == 0 || self.shared.queue.take(batch, room, missing.max(1), patience) != Taken::Requests {
                break;
            }
            grace = grace.saturating_sub(waiting.elapsed());
        }
        let decided = Instant::now();
        group.end()?;
        self.grace = ((self.grace * 7 + decided.elapsed() / 2) / 8).min(MAX_GRACE);
        Ok(decisions)
    }

    /// Leaves the transaction, whatever state the error has left it in, and says what the callers are told.
    fn give_up(&mut self, broken: Broken) -> Failure {
        if !self.connection.is_autocommit()
            && let Err(error) = self.statements.undo()
        {
            tracing::error!(%error, "a failed group of commits could not be rolled back");
        }
        match broken {
            Broken::Engine(error) => Failure::of(&error, &self.shared.file),
            Broken::Disagreement => Failure::Corrupt(format!(
                "the records in memory are not those in {}; did another program write to it?",
                self.shared.file.display()
            )),
        }
    }

    fn note_trouble(&self, failure: Option<&Failure>) {
        let mut trouble = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let why = failure.map(|failure| {
            let (Failure::Unavailable(why) | Failure::Corrupt(why)) = failure;
            why.clone()
        });
        match (&*trouble, &why) {
            (before, Some(why)) if before.as_ref() != Some(why) => {
                tracing::error!(why, "the store cannot write");
            }
            (Some(_), None) => tracing::info!("the store can write again"),
            _ => {}
        }
        *trouble = why;
    }
}
