//! A run: begun, worked through, and written down.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ports::id::PaymentId;
use portcullis_ports::payments::{TimeSpan, VendorRef};
use portcullis_ports::{Result, Span, Timestamp};

use super::compare::Taken;
use super::figures::Sums;
use super::line::ReportedLine;
use super::model::{ReconciliationId, RunState};
use super::records::{ReconciledUntil, RunRecord, Trigger};
use super::schedule::RUN;
use super::span::span;
use super::views::ReconciliationView;
use super::{Reconciliation, TOO_MANY_RECONCILIATIONS, events};
use crate::areas::operators::Operator;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::limit::Limit;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::budgets::Use;

/// How often operators may have one vendor's reports read.
const RUNS: Limit = Limit::new(12, Span::hours(1));

/// The books are to be compared with a vendor's report.
#[derive(Debug, Clone, Default)]
pub struct BeginReconciliation {
    /// The vendor, by the name of its instance; the only one where none is named.
    pub vendor: Option<String>,
    /// From when on; where it is not said, from a day before the end of the last complete run.
    pub from: Option<Timestamp>,
    /// Until when; where it is not said, as far as reports tell by now.
    pub to: Option<Timestamp>,
}

/// What is known while a run is worked on.
pub(super) struct Work {
    pub(super) run: RunRecord,
    pub(super) source: Source,
    /// What the lines say was taken, by payment.
    pub(super) taken: BTreeMap<PaymentId, Taken>,
    pub(super) sums: Sums,
    seen: BTreeSet<PaymentId>,
    lines: BTreeSet<VendorRef>,
}

impl Work {
    fn new(run: RunRecord) -> Self {
        Self {
            // What an attempt that did not end had counted is counted again.
            run: RunRecord {
                lines: 0,
                opened: 0,
                explained: 0,
                posted: 0,
                reason: None,
                ..run
            },
            source: Source::internal("reconciliation"),
            taken: BTreeMap::new(),
            sums: Sums::default(),
            seen: BTreeSet::new(),
            lines: BTreeSet::new(),
        }
    }

    /// Something could not be read, for this reason.
    pub(super) fn cannot_tell(&mut self, why: &str) {
        tracing::warn!(
            instance = self.run.instance,
            why,
            "a reconciliation is incomplete"
        );
        self.run.reason.get_or_insert_with(|| why.to_owned());
    }

    /// Whether everything could be read so far.
    pub(super) fn is_complete(&self) -> bool {
        self.run.reason.is_none()
    }

    /// Counts a line. `false` if it was counted before: lists that grow while they are read repeat lines.
    pub(super) fn count(&mut self, line: &ReportedLine) -> Result<bool> {
        if !self.lines.insert(line.theirs.clone()) {
            return Ok(false);
        }
        self.run.lines += 1;
        self.sums.add(line)?;
        Ok(true)
    }

    /// The report tells of a payment.
    pub(super) fn sees(&mut self, payment: &PaymentId) {
        self.seen.insert(payment.clone());
    }

    pub(super) fn saw(&self, payment: &PaymentId) -> bool {
        self.seen.contains(payment)
    }
}

impl Reconciliation {
    /// Has the books compared with a vendor's report, by a worker.
    ///
    /// # Errors
    /// `payment-vendor-unclear`; `not-offered-here` if the vendor has no reports; `invalid-request` for the span;
    /// `too-many-reconciliations`.
    pub async fn begin(
        &self,
        operator: &Operator,
        command: &BeginReconciliation,
        source: &Source,
    ) -> Result<ReconciliationView> {
        let vendor = self.reporting(command.vendor.as_deref())?;
        let trigger = Trigger::Operator(operator.subject().clone());
        let run = self.new_run(vendor, (command.from, command.to), trigger).await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                batch.insert(&run)?;
                let id = run.id.as_str();
                self.tasks
                    .plan(&mut batch, &RUN, id, self.context.now(), &())
                    .await?;
                let event = Event::info(events::BEGUN, source)
                    .with("reconciliation", &run.id)
                    .with("vendor", &run.instance);
                self.operators.append(&mut batch, operator, None, &event).await?;
                let used = [Use {
                    name: "reconciliations",
                    of: &[&run.instance],
                    limit: RUNS,
                }];
                self.budgets
                    .take_in(&mut batch, TOO_MANY_RECONCILIATIONS, &used)
                    .await?;
                self.context.commit(batch).await
            })
            .await?;
        Ok(ReconciliationView::of(run))
    }

    /// Compares the books with the report of one vendor, or of every vendor that has reports, at once.
    ///
    /// # Errors
    /// As [`Self::begin`]; whatever the store answers.
    pub async fn run_now(&self, command: &BeginReconciliation) -> Result<Vec<ReconciliationView>> {
        let vendors: Vec<&GuardedPayments> = match &command.vendor {
            Some(_) => vec![self.reporting(command.vendor.as_deref())?],
            None => self.vendors.iter().filter(|one| one.has_reports()).collect(),
        };
        let mut runs = Vec::with_capacity(vendors.len());
        for vendor in vendors {
            let run = self
                .new_run(vendor, (command.from, command.to), Trigger::Command)
                .await?;
            runs.push(ReconciliationView::of(self.perform(run).await?));
        }
        Ok(runs)
    }

    /// The vendor that is meant, if it has reports.
    fn reporting(&self, name: Option<&str>) -> Result<&GuardedPayments> {
        let vendor = self.vendors.chosen(name)?;
        if vendor.has_reports() {
            Ok(vendor)
        } else {
            Err(self
                .vendors
                .not_offered("reports of its account", GuardedPayments::has_reports))
        }
    }

    pub(super) async fn new_run(
        &self,
        vendor: &GuardedPayments,
        asked: (Option<Timestamp>, Option<Timestamp>),
        trigger: Trigger,
    ) -> Result<RunRecord> {
        let (instance, now) = (vendor.instance(), self.context.now());
        let last = self.until(instance).await?;
        let last = last.map(|last| last.until);
        let TimeSpan { from, to } = span(asked, last, vendor.terms().report_lag, now)?;
        Ok(RunRecord {
            id: ReconciliationId::time_ordered(now, self.context.entropy.as_ref())?,
            instance: instance.to_owned(),
            trigger,
            from,
            to,
            state: RunState::Running,
            reason: None,
            begun_at: now,
            ended_at: None,
            lines: 0,
            opened: 0,
            explained: 0,
            posted: 0,
            figures: Vec::new(),
        })
    }

    /// Until when a vendor was compared.
    pub(super) async fn until(&self, instance: &str) -> Result<Option<ReconciledUntil>> {
        let table = self.context.table::<ReconciledUntil>();
        let found = table.find(ReconciledUntil::PARTITION, instance).await?;
        Ok(found.map(|found| found.value))
    }

    /// Works through a run and writes down how it ended. Done again, it comes to the same: everything on the way is done
    /// once.
    ///
    /// # Errors
    /// Whatever the store answers. What the vendor does not answer makes the run incomplete.
    pub(super) async fn perform(&self, run: RunRecord) -> Result<RunRecord> {
        let mut work = Work::new(run);
        let vendor = self.vendors.named(&work.run.instance)?;
        self.read_report(&mut work, vendor).await?;
        self.compare_sums(&mut work).await?;
        if work.is_complete() {
            self.look_for_missing(&mut work).await?;
        }
        self.look_for_unknown(&mut work).await?;
        let listed = self.close_explained(&mut work).await?;
        work.run.figures = self.figures(&mut work, vendor, &listed).await?;
        work.run.state = if work.is_complete() {
            RunState::Complete
        } else {
            RunState::Incomplete
        };
        work.run.ended_at = Some(self.context.now());
        self.end(work.run).await
    }

    /// Writes down how a run ended, and how far its vendor was compared.
    async fn end(&self, run: RunRecord) -> Result<RunRecord> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                batch.overwrite(&run)?;
                if run.state == RunState::Complete {
                    self.move_on(&mut batch, &run).await?;
                }
                self.context.commit(batch).await
            })
            .await?;
        Ok(run)
    }

    /// Moves the mark of a vendor if the run leaves no gap behind it.
    async fn move_on(&self, batch: &mut Batch, run: &RunRecord) -> Result<()> {
        let next = ReconciledUntil {
            instance: run.instance.clone(),
            until: run.to,
            completed_at: self.context.now(),
            run: run.id.clone(),
        };
        let table = self.context.table::<ReconciledUntil>();
        let partition = ReconciledUntil::PARTITION;
        let mut slot = table.slot(partition, &run.instance, || next.clone()).await?;
        let known = slot.value.until;
        // The first run of all is the daily one: what was asked for by hand may lie anywhere.
        let goes_on = if slot.is_new() {
            run.trigger == Trigger::Schedule
        } else {
            run.from <= known && known <= run.to
        };
        if goes_on {
            slot.value = next;
            batch.save(&slot)?;
        }
        Ok(())
    }

    /// A run that nobody will end.
    pub(super) async fn give_up(&self, batch: &mut Batch, id: &str, why: &str) -> Result<()> {
        let table = self.context.table::<RunRecord>();
        let found = table.find(RunRecord::PARTITION, id).await?;
        let Some(found) = found.filter(|found| found.state == RunState::Running) else {
            return Ok(());
        };
        let ended = RunRecord {
            state: RunState::Incomplete,
            reason: Some(format!("it was given up: {why}")),
            ended_at: Some(self.context.now()),
            ..found.value.clone()
        };
        batch.replace(&found, &ended)
    }
}
