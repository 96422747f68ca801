//! What operators decide about differences.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Amount;
use portcullis_ports::payments::ActivityKind;
use portcullis_ports::{Error, Result};
use serde::{Deserialize, Serialize};

use super::differences::change;
use super::line::ReportedLine;
use super::model::{DifferenceId, DifferenceKind, DifferenceState};
use super::post::cause;
use super::records::{Decided, Difference};
use super::views::DifferenceView;
use super::{DIFFERENCE_NOT_FOUND, DIFFERENCE_STATE, Reconciliation, actions, events};
use crate::areas::ledger::{HouseTransaction, InstanceName, LEDGER_BROKEN, Reason, Transaction};
use crate::areas::operators::{CUSTOMER_NOT_FOUND, Operator};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::input::refused;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::audit::Event;
use crate::services::idempotency::{IdempotencyKey, KEY_REQUIRED, KEY_REUSED, KeyState};

/// The operation that keys are taken for.
const OPERATION: &str = "decide_difference";

/// What an operator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum DifferenceDecision {
    /// It is taken as it is. Nothing is booked.
    Accept,
    /// Its money belongs to the customer `user_sub`, and is booked to their credit.
    Adopt,
}

impl DifferenceDecision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Adopt => "adopt",
        }
    }
}

/// A decision about a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DecideDifference {
    /// What is decided.
    pub decision: DifferenceDecision,
    /// Why: it stands in both histories, and in the ledger where money is booked.
    pub reason: Reason,
    /// Whose money it is, with `adopt`.
    pub user_sub: Option<Subject>,
}

impl Documented for DecideDifference {
    const EXAMPLE: &str = r#"{
  "decision": "adopt",
  "reason": "Paid through the link that was sent by mail",
  "user_sub": "usr_01h2xcejqtf2nbrexx3vqjhp41"
}"#;
}

impl UseCase for DecideDifference {
    const PROBLEMS: Problems = &[
        &[STEP_UP_REQUIRED, KEY_REQUIRED, KEY_REUSED],
        &[
            DIFFERENCE_NOT_FOUND,
            DIFFERENCE_STATE,
            CUSTOMER_NOT_FOUND,
            LEDGER_BROKEN,
        ],
    ];
}

impl Reconciliation {
    /// Decides about a difference. The same key is the same decision.
    ///
    /// # Errors
    /// `step-up-required`; `idempotency-key-reused`; `difference-not-found`; `difference-state` if it is not open, or is
    /// none whose money can be adopted; `customer-not-found`; `invalid-request` for a customer where none is expected.
    pub async fn decide(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        id: &DifferenceId,
        command: &DecideDifference,
        source: &Source,
    ) -> Result<DifferenceView> {
        self.step_up.require(actions::DECIDE, &operator.who).await?;
        let adopts = command.decision == DifferenceDecision::Adopt;
        match (&command.user_sub, adopts) {
            (Some(customer), true) => drop(self.operators.known_customer(customer).await?),
            (None, true) => return Err(refused("/user_sub", "the customer whose money it is is expected")),
            (Some(_), false) => return Err(refused("/user_sub", "a customer is expected with `adopt` only")),
            (None, false) => {}
        }
        self.context
            .retried(|| self.decide_once(operator, key, id, command, source))
            .await
    }

    async fn decide_once(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        id: &DifferenceId,
        command: &DecideDifference,
        source: &Source,
    ) -> Result<DifferenceView> {
        let request = (id, command);
        let key = self
            .idempotency
            .look_up(operator.subject(), OPERATION, key, &request)
            .await?;
        let found = self.difference(id).await?;
        let found = found.ok_or_else(|| DIFFERENCE_NOT_FOUND.error())?;
        let KeyState::Fresh(key) = key else {
            return Ok(DifferenceView::of(found.value));
        };
        if found.state != DifferenceState::Open {
            let state = found.state.as_str();
            let detail = format!("The difference is `{state}`: only one that is open can be decided about.");
            return Err(DIFFERENCE_STATE.with_detail(detail));
        }
        let concerned = command.user_sub.as_ref().or(found.subject.as_ref());
        let mut batch = Batch::default();
        if let Some(concerned) = concerned {
            self.context.lock_subject(&mut batch, concerned).await;
        }
        let state = match (command.decision, &command.user_sub) {
            (DifferenceDecision::Adopt, Some(customer)) => {
                self.adopt(&mut batch, &found, (customer, &command.reason))
                    .await?;
                DifferenceState::Adopted
            }
            _ => DifferenceState::Accepted,
        };
        let now = self.context.now();
        let next = Difference {
            state,
            changed_at: now,
            decided: Some(Decided {
                by: operator.subject().clone(),
                at: now,
                reason: command.reason.to_string(),
                adopted_for: command.user_sub.clone(),
            }),
            ..found.value.clone()
        };
        change(&mut batch, Some(&found), &next)?;
        self.idempotency.take(&mut batch, key, id.as_str())?;
        let event = Event::info(events::DECIDED, source)
            .with("difference", id)
            .with("kind", found.kind.as_str())
            .with("vendor", &found.instance)
            .with("decision", command.decision.as_str())
            .with("reason", &command.reason);
        self.operators
            .append(&mut batch, operator, concerned, &event)
            .await?;
        self.context.commit(batch).await?;
        Ok(DifferenceView::of(next))
    }

    /// Books the money of a line for a customer: the vendor holds it, and owes it to nobody but them.
    async fn adopt(
        &self,
        batch: &mut Batch,
        difference: &Difference,
        (customer, reason): (&Subject, &Reason),
    ) -> Result<()> {
        let line = adoptable(difference).ok_or_else(|| {
            DIFFERENCE_STATE
                .with_detail("Only money that came for a payment that nobody here knows can be adopted.")
        })?;
        if self.booked_of(&difference.instance, line).await?.is_some() {
            let why = "The payment is known here by now: compare again, and the difference is explained.";
            return Err(DIFFERENCE_STATE.with_detail(why));
        }
        let instance = InstanceName::parse(&difference.instance).map_err(Error::internal)?;
        let (amount, cause) = (Amount::new(line.amount)?, cause(line)?);
        let came = HouseTransaction::unmatched(&instance, amount, cause.clone());
        self.ledger.post_house(batch, &came).await?;
        if let Some(kept) = HouseTransaction::fee_of(&instance, line.fee, cause.clone())? {
            self.ledger.post_house(batch, &kept).await?;
        }
        let adopted = Transaction::adopted(&instance, amount, cause, reason.clone());
        self.ledger.post(batch, customer, &adopted).await?;
        self.credits.credited(batch, customer, line.amount.currency).await
    }
}

/// The line whose money can be booked for a customer, if it can.
pub(super) fn adoptable(difference: &Difference) -> Option<&ReportedLine> {
    let open = difference.state == DifferenceState::Open && difference.kind == DifferenceKind::MissingHere;
    let line = difference.line.as_ref().filter(|_| open)?;
    (line.kind == ActivityKind::Payment && line.amount.is_positive()).then_some(line)
}
