//! Runs and differences as operators see them.

use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use serde::Serialize;

use super::TOO_MANY_RECONCILIATIONS;
use super::decide::adoptable;
use super::model::{DifferenceId, DifferenceKind, DifferenceState, ReconciliationId, RunState};
use super::records::{Decided, Difference, Figures, RunRecord, Trigger};
use super::run::BeginReconciliation;
use crate::foundation::cursor::SignedCursor;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::payment_vendors::{NOT_OFFERED, VENDOR_UNCLEAR};

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "ReportedMoney")
)]
pub struct MoneyView {
    /// In minor units; less than nothing for what left the account.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self {
            amount: money.minor,
            currency: money.currency,
            digits: money.currency.digits(),
        }
    }
}

/// What lines of one kind add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct LineSum {
    /// The kind, such as `payment`, `refund`, `dispute`, `fee`, `payout`; `other:` with the vendor's word for all else.
    pub kind: String,
    /// Before fees, in minor units; less than nothing for what left the account.
    pub amount: i64,
}

/// What a run found in one currency, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CurrencyFigures {
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// What the lines of the report add up to, by kind.
    pub lines: Vec<LineSum>,
    /// What the vendor kept of them.
    pub fees: i64,
    /// What the vendor holds by our books: the account `processor/{vendor}`.
    pub ledger: i64,
    /// What the vendor holds by its own account; null if it does not tell.
    pub holdings: Option<i64>,
    /// What open and accepted differences add to that beyond the books.
    pub listed: i64,
    /// What nothing explains: `holdings` less `ledger` less `listed`; null if the vendor does not tell what it holds.
    pub remainder: Option<i64>,
}

impl From<Figures> for CurrencyFigures {
    fn from(figures: Figures) -> Self {
        let lines = figures.lines.into_iter();
        Self {
            currency: figures.currency,
            digits: figures.currency.digits(),
            lines: lines.map(|(kind, amount)| LineSum { kind, amount }).collect(),
            fees: figures.fees,
            ledger: figures.ledger,
            holdings: figures.holdings,
            listed: figures.listed,
            remainder: figures.remainder,
        }
    }
}

/// A run that compared the books with a vendor's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "Reconciliation")
)]
pub struct ReconciliationView {
    /// Its id.
    pub reconciliation_id: ReconciliationId,
    /// The vendor.
    pub vendor: String,
    /// Who had it begun: `schedule`, `command` or `operator`.
    pub begun_by: String,
    /// The operator, if it was one.
    pub operator: Option<Subject>,
    /// The first moment that it compared, in Unix seconds.
    pub from: i64,
    /// The first moment that it did not compare any more, in Unix seconds.
    pub to: i64,
    /// How far it is.
    pub state: RunState,
    /// Why not everything could be read.
    pub reason: Option<String>,
    /// When it was begun, in Unix seconds.
    pub begun_at: i64,
    /// When it ended, in Unix seconds.
    pub ended_at: Option<i64>,
    /// How many lines of the report were read.
    pub lines: u64,
    /// How many differences are open since that were not before.
    pub opened: u64,
    /// How many differences were explained.
    pub explained: u64,
    /// How many payouts and fees were posted to the ledger.
    pub posted: u64,
    /// What it found, by currency.
    pub figures: Vec<CurrencyFigures>,
}

impl ReconciliationView {
    pub(super) fn of(run: RunRecord) -> Self {
        let (begun_by, operator) = match run.trigger {
            Trigger::Schedule => ("schedule", None),
            Trigger::Command => ("command", None),
            Trigger::Operator(operator) => ("operator", Some(operator)),
        };
        Self {
            reconciliation_id: run.id,
            vendor: run.instance,
            begun_by: begun_by.to_owned(),
            operator,
            from: run.from.seconds(),
            to: run.to.seconds(),
            state: run.state,
            reason: run.reason,
            begun_at: run.begun_at.seconds(),
            ended_at: run.ended_at.map(portcullis_ports::Timestamp::seconds),
            lines: run.lines,
            opened: run.opened,
            explained: run.explained,
            posted: run.posted,
            figures: run.figures.into_iter().map(CurrencyFigures::from).collect(),
        }
    }
}

/// A run as an example; the macro takes what stands before and behind it.
macro_rules! example_run {
    ($before:literal, $behind:literal) => {
        concat!(
            $before,
            r#"{
  "reconciliation_id": "rcn_01h2xcejqtf2nbrexx3vqjhp41",
  "vendor": "main",
  "begun_by": "schedule",
  "operator": null,
  "from": 1789827200,
  "to": 1790000000,
  "state": "complete",
  "reason": null,
  "begun_at": 1790000000,
  "ended_at": 1790000004,
  "lines": 3,
  "opened": 0,
  "explained": 0,
  "posted": 1,
  "figures": [
    {
      "currency": "USD",
      "digits": 2,
      "lines": [{ "kind": "payment", "amount": 3998 }, { "kind": "payout", "amount": -1000 }],
      "fees": 176,
      "ledger": 2822,
      "holdings": 2822,
      "listed": 0,
      "remainder": 0
    }
  ]
}"#,
            $behind
        )
    };
}

impl Documented for ReconciliationView {
    const EXAMPLE: &str = example_run!("", "");
}

/// Having the books compared.
impl UseCase for BeginReconciliation {
    const PROBLEMS: Problems = &[&[NOT_OFFERED, VENDOR_UNCLEAR, TOO_MANY_RECONCILIATIONS]];
}

/// A page of runs, newest first.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ReconciliationPage {
    /// The runs.
    pub reconciliations: Vec<ReconciliationView>,
    /// Where to go on; null at the end.
    pub next_cursor: Option<SignedCursor>,
}

impl Documented for ReconciliationPage {
    const EXAMPLE: &str = example_run!("{ \"reconciliations\": [", "], \"next_cursor\": null }");
}

/// What an operator decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DecidedView {
    /// Who.
    pub operator: Subject,
    /// When, in Unix seconds.
    pub at: i64,
    /// Why.
    pub reason: String,
    /// For whom the money was booked, if it was.
    pub adopted_for: Option<Subject>,
}

impl From<Decided> for DecidedView {
    fn from(decided: Decided) -> Self {
        Self {
            operator: decided.by,
            at: decided.at.seconds(),
            reason: decided.reason,
            adopted_for: decided.adopted_for,
        }
    }
}

/// A difference between the books and a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Difference"))]
pub struct DifferenceView {
    /// Its id: the same in every run that finds it.
    pub difference_id: DifferenceId,
    /// The vendor.
    pub vendor: String,
    /// In what they differ.
    pub kind: DifferenceKind,
    /// Where it stands.
    pub state: DifferenceState,
    /// The vendor's name for what differs: a line of its report, or a payment; ours for what the vendor does not have.
    pub name: String,
    /// The vendor's name for the payment, where its report says so.
    pub reference: Option<String>,
    /// What the line is, with `line` kinds such as `payment`, `refund`, `dispute`.
    pub line: Option<String>,
    /// The payment, if it is known here.
    pub payment_id: Option<PaymentId>,
    /// Who paid it.
    pub user_sub: Option<Subject>,
    /// What the vendor reports.
    pub reported: Option<MoneyView>,
    /// What the vendor keeps of it, where the line says so.
    pub fee: Option<MoneyView>,
    /// What is booked here.
    pub booked: Option<MoneyView>,
    /// When the vendor booked it, in Unix seconds.
    pub happened_at: Option<i64>,
    /// When it was found first, in Unix seconds.
    pub found_at: i64,
    /// When it last changed, in Unix seconds.
    pub changed_at: i64,
    /// The run that found it, or opened it again.
    pub reconciliation_id: ReconciliationId,
    /// Whether its money can be booked for a customer.
    pub adoptable: bool,
    /// What an operator decided last; the difference is open all the same if the figures changed since.
    pub decided: Option<DecidedView>,
}

impl DifferenceView {
    pub(super) fn of(difference: Difference) -> Self {
        let adoptable = adoptable(&difference).is_some();
        let line = difference.line.as_ref();
        Self {
            reference: line
                .and_then(|line| line.payment.as_ref())
                .map(ToString::to_string),
            fee: line
                .filter(|line| line.fee.minor != 0)
                .map(|line| line.fee.into()),
            happened_at: line.map(|line| line.at.seconds()),
            line: line.map(super::line::ReportedLine::word),
            difference_id: difference.id,
            vendor: difference.instance,
            kind: difference.kind,
            state: difference.state,
            name: difference.name,
            payment_id: difference.payment,
            user_sub: difference.subject,
            reported: difference.reported.map(MoneyView::from),
            booked: difference.booked.map(MoneyView::from),
            found_at: difference.found_at.seconds(),
            changed_at: difference.changed_at.seconds(),
            reconciliation_id: difference.run,
            adoptable,
            decided: difference.decided.map(DecidedView::from),
        }
    }
}

/// A difference as an example; the macro takes what stands before and behind it.
macro_rules! example_difference {
    ($before:literal, $behind:literal) => {
        concat!(
            $before,
            r#"{
  "difference_id": "dif_01h2xcejqtf2nbrexx3vqjhp41",
  "vendor": "main",
  "kind": "missing_here",
  "state": "open",
  "name": "txn_1PqTzR2eZvKYlo2C",
  "reference": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
  "line": "payment",
  "payment_id": null,
  "user_sub": null,
  "reported": { "amount": 1999, "currency": "USD", "digits": 2 },
  "fee": { "amount": 88, "currency": "USD", "digits": 2 },
  "booked": null,
  "happened_at": 1789990000,
  "found_at": 1790000000,
  "changed_at": 1790000000,
  "reconciliation_id": "rcn_01h2xcejqtf2nbrexx3vqjhp41",
  "adoptable": true,
  "decided": null
}"#,
            $behind
        )
    };
}

impl Documented for DifferenceView {
    const EXAMPLE: &str = example_difference!("", "");
}

/// A page of differences, newest first. It may hold fewer than asked for although more follow.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DifferencePage {
    /// The differences.
    pub differences: Vec<DifferenceView>,
    /// Where to go on; null at the end.
    pub next_cursor: Option<SignedCursor>,
}

impl Documented for DifferencePage {
    const EXAMPLE: &str = example_difference!("{ \"differences\": [", "], \"next_cursor\": null }");
}
