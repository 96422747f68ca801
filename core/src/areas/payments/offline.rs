//! What operators say of payments outside of any vendor: what came, and what was paid out.
//!
//! It is written down with the payment; then the plugin is asked for its picture as always, and the difference is posted, in one
//! commit.

use std::time::Duration;

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Amount;
use portcullis_ports::outcome::Resolution;
use portcullis_ports::{Code, Error, Kind, Result, Timestamp, text};
use serde::{Deserialize, Serialize};

use super::apply::{Movement, Rows, apply};
use super::records::{ChargedSource, PaidOut, PaymentName, ReceivedMoney};
use super::rows::ReadRows;
use super::settle::Follow;
use super::status::RefundState;
use super::views::PaymentView;
use super::{PAYMENT_NOT_FOUND, PAYMENT_STATE, Payments, actions, events};
use crate::areas::operators::Operator;
use crate::foundation::event_kind::EventKind;
use crate::foundation::input::{DECADE, within};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::idempotency::{FreshKey, IdempotencyKey, KeyState};

/// What keys are taken for.
const RECEIVE: &str = "receipt";
const PAY_OUT: &str = "paid-out";
/// How far days of statements may be ahead of our clock.
const AHEAD: Duration = Duration::from_hours(24);
/// How often money may come for one payment.
const MOST: usize = 50;

/// Money under this reference was booked before.
pub const RECEIPT_KNOWN: Code = Code::new(
    "receipt-known",
    Kind::Conflict,
    "Money with this reference was booked before: `payment_id` says for which payment.",
);

text!(
    /// What the bank, or the book of cash, calls one movement of money: 1 to 100 characters in one line, never the same twice.
    ReceiptReference, "reference", "2026-11-27/0042", |text| {
        let text = text.trim();
        if (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err("a reference of 1 to 100 characters in one line is expected")
        }
    }
);

text!(
    /// What proves it, for whoever asks later: up to 500 characters in one line.
    ReceiptProof, "proof", "Statement 11/2026, page 3", |text| {
        let text = text.trim();
        if text.chars().count() <= 500 && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err("a proof of at most 500 characters in one line is expected")
        }
    }
);

/// Money that came, as an operator saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveMoney {
    /// How much.
    pub amount: Amount,
    /// What the bank calls it.
    pub reference: ReceiptReference,
    /// When it came; now where it is not said.
    pub at: Option<Timestamp>,
    /// What proves it.
    pub proof: ReceiptProof,
}

/// A refund that was paid out, as an operator says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayOut {
    /// What the bank calls it.
    pub reference: ReceiptReference,
    /// When it went out; now where it is not said.
    pub at: Option<Timestamp>,
    /// What proves it.
    pub proof: ReceiptProof,
}

impl Payments {
    /// Books money that came for a payment outside of any vendor: a part, the whole, or more. The same key, and the same
    /// reference, book once.
    ///
    /// # Errors
    /// `payment-not-found`; `payment-state` for a payment at a vendor, or one that is just called off; `receipt-known`;
    /// `currency-mismatch`.
    pub async fn receive(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        id: &PaymentId,
        command: &ReceiveMoney,
        source: &Source,
    ) -> Result<PaymentView> {
        self.step_up.require(actions::MOVE_MONEY, &operator.who).await?;
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        self.context
            .retried(|| async {
                let (subject, asked) = (&owner.subject, (id.as_str(), command));
                let state = self
                    .idempotency
                    .look_up(operator.subject(), RECEIVE, key, &asked)
                    .await?;
                let KeyState::Fresh(fresh) = state else {
                    return self.get(subject, id).await;
                };
                self.has_come(command.at)?;
                let mut batch = Batch::default();
                let read = self.read_offline(&mut batch, subject, id).await?;
                let mut rows = read.rows();
                let payment = &mut rows.payment;
                command.amount.get().compare(payment.amount.get())?;
                if payment.received.len() >= MOST {
                    let why = format!("Money came for it {MOST} times already: begin another payment.");
                    return Err(PAYMENT_STATE.with_detail(why));
                }
                self.name_receipt(&mut batch, &read, &command.reference).await?;
                payment.received.push(ReceivedMoney {
                    amount: command.amount,
                    reference: command.reference.clone(),
                    at: command.at.unwrap_or(self.context.now()),
                    proof: command.proof.clone(),
                    operator: operator.subject().clone(),
                });
                // It comes too late for what it was to buy.
                payment.late |= payment.status.is_given_up();
                let event = Event::success(events::RECEIVED, source).with("amount", command.amount.get());
                let told = (event, events::RECEIVED, &command.reference);
                self.mark((batch, fresh), (&read, rows), operator, told, source)
                    .await
            })
            .await
    }

    /// Books that a refund was paid out. The same key, and the same reference, book once.
    ///
    /// # Errors
    /// `payment-not-found`; `payment-state` for a refund that is not waiting to be paid out; `receipt-known`.
    pub async fn pay_out(
        &self,
        operator: &Operator,
        key: &IdempotencyKey,
        (id, refund): (&PaymentId, &RefundId),
        command: &PayOut,
        source: &Source,
    ) -> Result<PaymentView> {
        self.step_up.require(actions::MOVE_MONEY, &operator.who).await?;
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        self.context
            .retried(|| async {
                let (subject, asked) = (&owner.subject, (refund.as_str(), command));
                let state = self
                    .idempotency
                    .look_up(operator.subject(), PAY_OUT, key, &asked)
                    .await?;
                let KeyState::Fresh(fresh) = state else {
                    return self.get(subject, id).await;
                };
                self.has_come(command.at)?;
                let mut batch = Batch::default();
                let read = self.read_offline(&mut batch, subject, id).await?;
                let mut rows = read.rows();
                let waiting = rows.refunds.iter_mut().find(|one| one.id == *refund);
                let waiting = waiting.filter(|one| one.state == RefundState::Pending);
                let Some(waiting) = waiting else {
                    let why = "No such refund of the payment waits to be paid out.";
                    return Err(PAYMENT_STATE.with_detail(why));
                };
                self.name_receipt(&mut batch, &read, &command.reference).await?;
                waiting.paid_out = Some(PaidOut {
                    reference: command.reference.clone(),
                    at: command.at.unwrap_or(self.context.now()),
                    proof: command.proof.clone(),
                    operator: operator.subject().clone(),
                });
                let event = Event::success(events::PAID_OUT, source)
                    .with("refund", refund)
                    .with("amount", waiting.amount.get());
                let told = (event, events::PAID_OUT, &command.reference);
                self.mark((batch, fresh), (&read, rows), operator, told, source)
                    .await
            })
            .await
    }

    /// Refuses a moment at which nothing can have come or gone out. It is a day of a statement, wherever that was written.
    fn has_come(&self, at: Option<Timestamp>) -> Result<()> {
        let now = self.context.now();
        let (bounds, advice) = (
            now - DECADE..=now + AHEAD,
            "a moment of the last ten years is expected, in Unix seconds",
        );
        within("/at", at, &bounds, advice)
    }

    /// A payment of which operators say what came.
    async fn read_offline(&self, batch: &mut Batch, subject: &Subject, id: &PaymentId) -> Result<ReadRows> {
        self.context.lock_subject(batch, subject).await;
        let read = self.read(subject, id).await?;
        if read.payment().source != ChargedSource::Offline {
            let why = "The vendor tells what came of it: only payments outside of vendors are marked.";
            return Err(PAYMENT_STATE.with_detail(why));
        }
        if read.payment().call.is_some() {
            let why = "The payment is just begun or called off. Try again in a moment.";
            return Err(PAYMENT_STATE.with_detail(why));
        }
        Ok(read)
    }

    /// Takes a reference, which is the bank's name for one movement of money.
    async fn name_receipt(
        &self,
        batch: &mut Batch,
        read: &ReadRows,
        reference: &ReceiptReference,
    ) -> Result<()> {
        let payment = read.payment();
        let parts = ["receipt", payment.instance.as_str(), reference.as_str()];
        let name = self.context.keyring.pseudonym("payment-name", &parts)?;
        if let Some(known) = self.named(&name).await? {
            return Err(RECEIPT_KNOWN
                .error()
                .member("payment_id", known.payment.to_string()));
        }
        batch.insert(&PaymentName {
            name,
            subject: payment.subject.clone(),
            payment: payment.id.clone(),
        })
    }

    /// Asks for the picture of what is known by now, posts the difference, and commits all of it.
    async fn mark(
        &self,
        (mut batch, fresh): (Batch, FreshKey),
        (read, mut rows): (&ReadRows, Rows),
        operator: &Operator,
        (event, kind, reference): (Event<'_>, EventKind, &ReceiptReference),
        source: &Source,
    ) -> Result<PaymentView> {
        let movements = self.pictured(&mut rows).await?;
        let payment = read.payment();
        let event = event.with("payment", &payment.id).with("reference", reference);
        self.operators
            .append(&mut batch, operator, Some(&payment.subject), &event)
            .await?;
        let said = (kind.name, Some(reference.as_str()));
        self.note_decision(&mut batch, payment, operator, said)?;
        self.idempotency.take(&mut batch, fresh, payment.id.as_str())?;
        rows.payment.look_anew();
        self.write(&mut batch, read, &mut rows, &movements, source, Follow::Task)
            .await?;
        self.context.commit(batch).await?;
        Ok(PaymentView::of(&rows, None))
    }

    /// The rows as the plugin shows them, and what moved.
    async fn pictured(&self, rows: &mut Rows) -> Result<Vec<Movement>> {
        let instance = self.vendors.named(&rows.payment.instance)?;
        let found = instance.find(&self.sought(rows, None, true)?).await;
        let Resolution::Found(outcome) = found else {
            return Err(Error::internal("a payment outside of vendors cannot be shown"));
        };
        match outcome.snapshot() {
            Some(picture) => apply(rows, picture, &*self.context, self.context.now()),
            None => Err(Error::internal("a payment outside of vendors has no picture")),
        }
    }
}
