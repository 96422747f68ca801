//! Giving money back.

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Amount;
use portcullis_ports::outcome::{Outcome, Reference};
use portcullis_ports::payments::{Decline, Failure, RefundOutcome, RefundReason, RefundRule, VendorRef};
use portcullis_ports::{Error, Result, Timestamp};
use serde::Serialize;

use super::apply::{Rows, apply_refund};
use super::commands::RefundPayment;
use super::records::{OpenCall, RefundOrigin, RefundRecord, Step};
use super::settle::{Follow, failure};
use super::status::RefundState;
use super::views::{PaymentView, RefundView};
use super::{PAYMENT_NOT_FOUND, Payments, REFUND_DECLINED, REFUND_EXCEEDS_PAYMENT, actions, events};
use crate::areas::operators::Operator;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::idempotency::{IdempotencyKey, KeyState};

/// What keys are taken for.
const OPERATION: &str = "refund";
const ORDER_OPERATION: &str = "order-refund";

/// A refund with its payment.
#[derive(Debug, Clone)]
pub struct Refunded {
    /// The refund.
    pub refund: RefundView,
    /// The payment, as it is now.
    pub payment: PaymentView,
}

impl Refunded {
    /// What is said instead of a refund that failed: nothing was given back.
    pub fn refusal(&self) -> Option<Error> {
        if self.refund.state != RefundState::Failed {
            return None;
        }
        let why = self.refund.failure.as_ref();
        let why = why.map_or("", |failure| failure.detail.as_str());
        Some(REFUND_DECLINED.with_detail(format!("Nothing was given back: {why}.")))
    }
}

/// A refund that is wanted.
struct Wanted<'a> {
    by: WantedBy<'a>,
    /// All that is left where it is not said.
    amount: Option<Amount>,
    reason: Option<RefundReason>,
}

/// Who wants a refund.
#[derive(Clone, Copy)]
enum WantedBy<'a> {
    Operator(&'a Operator),
    /// The order that was paid, perhaps at the word of an operator who was asked for proof there.
    Order {
        operator: Option<&'a Subject>,
    },
}

impl WantedBy<'_> {
    fn origin(self) -> RefundOrigin {
        match self {
            Self::Operator(operator) => RefundOrigin::Operator(operator.subject().clone()),
            Self::Order {
                operator: Some(operator),
            } => RefundOrigin::Operator(operator.clone()),
            Self::Order { operator: None } => RefundOrigin::Order,
        }
    }
}

impl Payments {
    /// Gives money of a payment back. The same key gives the same refund, in whatever state it is by then.
    ///
    /// # Errors
    /// `payment-not-found`; `refund-exceeds-payment`, also while other refunds or a dispute hold what is left;
    /// `not-offered-here`; `idempotency-key-reused`.
    pub async fn refund(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        id: &PaymentId,
        command: &RefundPayment,
        source: &Source,
    ) -> Result<Refunded> {
        self.step_up.require(actions::MOVE_MONEY, &operator.who).await?;
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        let subject = owner.subject;
        let wanted = Wanted {
            by: WantedBy::Operator(operator),
            amount: command.amount,
            reason: Some(command.reason),
        };
        let keyed = (operator.subject(), OPERATION, key, &(id.as_str(), command));
        let accepted = self
            .context
            .retried(|| self.accept_refund((&subject, id), keyed, &wanted, source))
            .await?;
        self.carry_out(accepted, source).await
    }

    /// Gives back all that is left of the payment of an order: at an operator's word, or because the order could not be kept.
    /// The same key gives the same refund.
    ///
    /// # Errors
    /// Those of [`Self::refund`] but of the operator's proof, which whoever asks has seen.
    pub(crate) async fn refund_order(
        &self,
        subject: &Subject,
        operator: Option<&Subject>,
        key: &IdempotencyKey,
        id: &PaymentId,
        source: &Source,
    ) -> Result<Refunded> {
        let wanted = Wanted {
            by: WantedBy::Order { operator },
            amount: None,
            reason: None,
        };
        let keyed = (subject, ORDER_OPERATION, key, &id.as_str());
        let accepted = self
            .context
            .retried(|| self.accept_refund((subject, id), keyed, &wanted, source))
            .await?;
        self.carry_out(accepted, source).await
    }

    /// Asks the vendor for a refund that was just accepted.
    async fn carry_out(
        &self,
        (rows, refund, fresh): (Rows, RefundId, bool),
        source: &Source,
    ) -> Result<Refunded> {
        if !fresh {
            return refunded(&rows, &refund);
        }
        let instance = self.vendors.named(&rows.payment.instance)?;
        let sent = rows.refunds.iter().find(|one| one.id == refund);
        let sent = sent.ok_or_else(|| Error::internal("a refund was accepted and is not there"))?;
        let outcome = self.call_refund(instance, &rows.payment, sent, false).await?;
        let rows = self.settle_refund(sent, &outcome, source).await?;
        refunded(&rows, &refund)
    }

    /// A refund that is about to be asked for, if the vendor gives so much back.
    fn drafted_refund(&self, rows: &Rows, amount: Amount, wanted: &Wanted<'_>) -> Result<RefundRecord> {
        let instance = self.vendors.named(&rows.payment.instance)?;
        self.refund_is_offered(instance, rows, amount)?;
        let now = self.context.now();
        Ok(RefundRecord {
            id: RefundId::time_ordered(now, self.context.entropy.as_ref())?,
            payment: rows.payment.id.clone(),
            subject: rows.payment.subject.clone(),
            amount,
            origin: wanted.by.origin(),
            reason: wanted.reason,
            state: RefundState::Sending,
            booked: false,
            theirs: None,
            call: Some(OpenCall {
                step: Step::Charge,
                number: 1,
                amount: Some(amount),
                sent_at: now,
                last_sent_at: now,
            }),
            failure: None,
            paid_out: None,
            created_at: now,
            updated_at: now,
        })
    }

    /// Writes a refund down before the vendor is asked for it. The key is one of that person, for that operation and request.
    async fn accept_refund(
        &self,
        (subject, id): (&Subject, &PaymentId),
        (whose, operation, key, request): (&Subject, &'static str, &IdempotencyKey, &(impl Serialize + Sync)),
        wanted: &Wanted<'_>,
        source: &Source,
    ) -> Result<(Rows, RefundId, bool)> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let state = self.idempotency.look_up(whose, operation, key, request).await?;
        let read = self.read(subject, id).await?;
        let mut rows = read.rows();
        let fresh = match state {
            KeyState::Used { row } => {
                let known = RefundId::parse(&row).map_err(Error::internal)?;
                return Ok((rows, known, false));
            }
            KeyState::Fresh(fresh) => fresh,
        };
        self.require_refundable(&rows).await?;
        let left = rows.refundable();
        let amount = match wanted.amount {
            Some(amount) => amount,
            None => Amount::new(left).map_err(|_| exceeds(&rows))?,
        };
        if amount.get().compare(left)?.is_gt() {
            return Err(exceeds(&rows));
        }
        let refund = self.drafted_refund(&rows, amount, wanted)?;
        let refund_id = refund.id.clone();
        self.idempotency.take(&mut batch, fresh, refund_id.as_str())?;
        let event = Event::info(events::REFUND_BEGUN, source)
            .with("payment", id)
            .with("refund", &refund_id)
            .with("amount", amount.get());
        match wanted.by {
            WantedBy::Operator(operator) => {
                self.operators
                    .append(&mut batch, operator, Some(subject), &event)
                    .await?;
                let told = (events::REFUND_BEGUN.name, None);
                self.note_decision(&mut batch, read.payment(), operator, told)?;
            }
            WantedBy::Order { .. } => self.audit.append(&mut batch, subject, &[event]).await?,
        }
        rows.payment.refunds.push(refund_id.clone());
        rows.payment.look_anew();
        rows.refunds.push(refund);
        self.write(&mut batch, &read, &mut rows, &[], source, Follow::Task)
            .await?;
        self.context.commit(batch).await?;
        Ok((rows, refund_id, true))
    }

    /// Refuses to give back what a vendor would give back of a later payment instead.
    async fn require_refundable(&self, rows: &Rows) -> Result<()> {
        let instance = self.vendors.named(&rows.payment.instance)?;
        let last_only = instance.terms().refunds == RefundRule::LastOfSubscription;
        if last_only && !self.is_latest(&rows.payment).await? {
            let what = "refunds of any but the last payment of a subscription";
            let of_each = |one: &GuardedPayments| one.terms().refunds != RefundRule::LastOfSubscription;
            return Err(self.vendors.not_offered(what, of_each));
        }
        Ok(())
    }

    /// Refuses what the vendor does not do.
    fn refund_is_offered(&self, instance: &GuardedPayments, rows: &Rows, amount: Amount) -> Result<()> {
        let whole = amount.get() == rows.payment.captured();
        let first = rows.refunds.iter().all(|refund| refund.state.is_void());
        let offered = |one: &GuardedPayments| match one.terms().refunds {
            RefundRule::PerPayment { partial, many } => (whole || partial) && (first || many),
            RefundRule::LastOfSubscription => whole && first,
        };
        if !offered(instance) {
            let what = if whole {
                "a second refund"
            } else {
                "refunds of a part"
            };
            return Err(self.vendors.not_offered(what, offered));
        }
        let within = instance.terms().refund_within;
        if within.is_some_and(|within| self.context.now().since(rows.payment.created_at) > within) {
            return Err(self
                .vendors
                .not_offered("refunds of payments this old", |_| false));
        }
        Ok(())
    }

    /// Writes down what became of a refund. If anybody wrote it since it was sent, the vendor is asked anew.
    async fn settle_refund(
        &self,
        sent: &RefundRecord,
        outcome: &RefundOutcome,
        source: &Source,
    ) -> Result<Rows> {
        let (subject, payment) = (&sent.subject, &sent.payment);
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let read = self.read(subject, payment).await?;
                if read.refund(&sent.id) != Some(sent) {
                    drop(batch);
                    return Ok(self.look(subject, payment, source, Follow::Task).await?.rows);
                }
                let mut rows = read.rows();
                let mut movements = Vec::new();
                let now = self.context.now();
                if let Some(picture) = outcome.snapshot() {
                    apply_refund(&mut rows, picture, &*self.context, now, &mut movements)?;
                } else if let Some(refund) = rows.refunds.iter_mut().find(|refund| refund.id == sent.id) {
                    refund.conclude(outcome);
                }
                self.write(&mut batch, &read, &mut rows, &movements, source, Follow::Task)
                    .await?;
                self.context.commit(batch).await?;
                Ok(rows)
            })
            .await
    }
}

impl RefundRecord {
    /// It did not happen, as far as is known.
    pub(super) fn give_up(&mut self, why: Failure, now: Timestamp) {
        self.state = RefundState::Failed;
        self.failure = Some(why);
        self.call = None;
        self.updated_at = now;
    }

    /// Takes down an answer without a picture.
    fn conclude(&mut self, outcome: &RefundOutcome) {
        let refused = match outcome {
            Outcome::Done(_) | Outcome::Pending(_) => return,
            Outcome::Declined(decline) => Decline::failure(decline),
            Outcome::NotSent(reason) => failure(reason),
            Outcome::Unknown(reference) => {
                self.state = RefundState::Unknown;
                if let Reference::Theirs(name) = reference {
                    self.theirs = VendorRef::parse(name).ok();
                }
                return;
            }
        };
        self.state = RefundState::Failed;
        self.failure = Some(refused);
        self.call = None;
    }
}

fn refunded(rows: &Rows, id: &RefundId) -> Result<Refunded> {
    let payment = PaymentView::of(rows, None);
    let refund = payment.refunds.iter().find(|refund| refund.id == *id).cloned();
    let refund = refund.ok_or_else(|| Error::internal("a refund is not with its payment"))?;
    Ok(Refunded { refund, payment })
}

fn exceeds(rows: &Rows) -> Error {
    REFUND_EXCEEDS_PAYMENT.with_detail(format!(
        "No more than {} can be given back: {} was taken, {} given back, and the rest is on its way back or contested.",
        rows.refundable(),
        rows.payment.captured(),
        rows.refunded()
    ))
}
