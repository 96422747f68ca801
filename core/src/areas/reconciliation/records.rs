//! How runs, differences and posted lines are stored.

use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::TimeSpan;
use portcullis_ports::storage::Collection;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::compare::Deviation;
use super::line::ReportedLine;
use super::model::{DifferenceId, DifferenceKind, DifferenceState, ReconciliationId, RunState};
use crate::areas::payments::PaymentOwner;
use crate::foundation::table::Stored;

/// Runs, and until when each vendor was compared.
pub(crate) const RECONCILIATIONS: Collection = Collection {
    name: "reconciliations",
    table: "reconciliation",
    variable: "RECONCILIATION_TABLE_NAME",
};
/// Differences, and the lists in which they stand.
pub(crate) const DIFFERENCES: Collection = Collection {
    name: "differences",
    table: "reconciliation",
    variable: "RECONCILIATION_TABLE_NAME",
};
/// Lines of reports that were posted to the ledger.
pub(crate) const RECONCILED_LINES: Collection = Collection {
    name: "reconciled_lines",
    table: "reconciliation",
    variable: "RECONCILIATION_TABLE_NAME",
};

/// Who had a run begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trigger {
    /// It was time.
    Schedule,
    /// Somebody at the command line.
    Command,
    Operator(Subject),
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunRecord {
    pub(super) id: ReconciliationId,
    pub(super) instance: String,
    pub(super) trigger: Trigger,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) state: RunState,
    /// Why not everything could be read.
    pub(super) reason: Option<String>,
    pub(super) begun_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    /// How many lines were read.
    pub(super) lines: u64,
    /// How many differences are open since, that were not before.
    pub(super) opened: u64,
    /// How many were explained.
    pub(super) explained: u64,
    /// How many lines were posted to the ledger.
    pub(super) posted: u64,
    pub(super) figures: Vec<Figures>,
}

/// What a run found in one currency, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Figures {
    pub(super) currency: Currency,
    /// Sums of the lines by kind, before fees.
    pub(super) lines: Vec<(String, i64)>,
    /// What the vendor kept of them.
    pub(super) fees: i64,
    /// What the books say that the vendor holds.
    pub(super) ledger: i64,
    /// What the vendor says that it holds, if it tells.
    pub(super) holdings: Option<i64>,
    /// What listed differences add to what the vendor holds beyond the books.
    pub(super) listed: i64,
    /// What nothing explains.
    pub(super) remainder: Option<i64>,
}

impl RunRecord {
    pub(super) const PARTITION: &'static str = "runs";

    pub(super) fn span(&self) -> TimeSpan {
        TimeSpan {
            from: self.from,
            to: self.to,
        }
    }
}

impl Stored for RunRecord {
    const COLLECTION: Collection = RECONCILIATIONS;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.id.to_string())
    }
}

/// Until when a vendor was compared without a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReconciledUntil {
    pub(super) instance: String,
    pub(super) until: Timestamp,
    /// When the run ended that got there.
    pub(super) completed_at: Timestamp,
    pub(super) run: ReconciliationId,
}

impl ReconciledUntil {
    pub(super) const PARTITION: &'static str = "until";
}

impl Stored for ReconciledUntil {
    const COLLECTION: Collection = RECONCILIATIONS;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.instance.clone())
    }
}

/// What an operator decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decided {
    pub(super) by: Subject,
    pub(super) at: Timestamp,
    pub(super) reason: String,
    /// For whom its money was booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) adopted_for: Option<Subject>,
}

/// A difference between the books and a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Difference {
    pub(super) id: DifferenceId,
    pub(super) instance: String,
    pub(super) kind: DifferenceKind,
    /// The vendor's name for what differs, or ours.
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<ReportedLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) payment: Option<PaymentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Subject>,
    pub(super) reported: Option<Money>,
    pub(super) booked: Option<Money>,
    pub(super) state: DifferenceState,
    pub(super) found_at: Timestamp,
    /// The run that found it, or opened it again.
    pub(super) run: ReconciliationId,
    pub(super) changed_at: Timestamp,
    /// The last decision, also after it was opened again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) decided: Option<Decided>,
}

impl Difference {
    pub(super) const SORT: &'static str = "difference";

    pub(super) fn new(
        id: DifferenceId,
        run: &RunRecord,
        deviation: &Deviation,
        state: DifferenceState,
        now: Timestamp,
    ) -> Self {
        let owner = deviation.owner.as_ref();
        Self {
            id,
            instance: run.instance.clone(),
            kind: deviation.kind,
            name: deviation.name.clone(),
            line: deviation.line.clone(),
            payment: owner.map(|owner| owner.payment.clone()),
            subject: owner.map(|owner| owner.subject.clone()),
            reported: deviation.reported,
            booked: deviation.booked,
            state,
            found_at: now,
            run: run.id.clone(),
            changed_at: now,
            decided: None,
        }
    }

    pub(super) fn owner(&self) -> Option<PaymentOwner> {
        let (subject, payment) = (self.subject.clone()?, self.payment.clone()?);
        Some(PaymentOwner { subject, payment })
    }

    /// Whether it says the same as what was found now.
    pub(super) fn has_figures_of(&self, deviation: &Deviation) -> bool {
        self.reported == deviation.reported && self.booked == deviation.booked
    }

    /// What the vendor holds beyond the books because of it.
    ///
    /// # Errors
    /// `amount-overflow`.
    pub(super) fn effects(&self) -> Result<Vec<Money>> {
        let mut effects = Vec::new();
        // Fees of what is known are booked with their payment.
        match &self.line {
            Some(line) if self.kind != DifferenceKind::Amount => effects.push(line.net()?),
            _ => effects.extend(self.reported),
        }
        if let Some(booked) = self.booked {
            effects.push(booked.negated()?);
        }
        Ok(effects)
    }
}

impl Stored for Difference {
    const COLLECTION: Collection = DIFFERENCES;

    fn key(&self) -> (String, String) {
        (self.id.to_string(), Self::SORT.into())
    }
}

/// A difference in the list of its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DifferenceLine {
    pub(super) state: DifferenceState,
    pub(super) found_at: Timestamp,
    pub(super) id: DifferenceId,
    pub(super) instance: String,
}

impl DifferenceLine {
    pub(super) fn of(difference: &Difference) -> Self {
        Self {
            state: difference.state,
            found_at: difference.found_at,
            id: difference.id.clone(),
            instance: difference.instance.clone(),
        }
    }

    /// The list of a state. No id of a difference is a word like that.
    pub(super) fn partition(state: DifferenceState) -> String {
        state.as_str().to_owned()
    }
}

impl Stored for DifferenceLine {
    const COLLECTION: Collection = DIFFERENCES;

    fn key(&self) -> (String, String) {
        let sort = format!("{:015}#{}", self.found_at.millis().max(0), self.id);
        (Self::partition(self.state), sort)
    }
}

/// That a line was posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LineMark {
    /// A pseudonym of the instance and the line.
    pub(super) key: String,
    pub(super) posted_at: Timestamp,
}

impl LineMark {
    pub(super) const SORT: &'static str = "posted";
}

impl Stored for LineMark {
    const COLLECTION: Collection = RECONCILED_LINES;

    fn key(&self) -> (String, String) {
        (self.key.clone(), Self::SORT.into())
    }
}
