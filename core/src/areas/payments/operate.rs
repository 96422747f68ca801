//! What is done with a payment that was begun: going on, capturing, calling off, deciding.

use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::payments::{DeclineClass, Failure, Handed, PaymentStatus};
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Error, Result, Timestamp};
use serde::Deserialize;

use super::apply::{Movement, Rows};
use super::look::Looked;
use super::model::Finding;
use super::records::{OpenCall, PaymentRecord, RefundRecord, Step};
use super::settle::{Answer, CALL_TIME, Follow};
use super::status::{RefundState, Status};
use super::views::PaymentView;
use super::{PAYMENT_NOT_FOUND, PAYMENT_STATE, Payments, TOO_MANY_PAYMENTS, actions, events};
use crate::areas::operators::Operator;
use crate::areas::sessions::SignedIn;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::{Event, EventOutcome};
use crate::services::budgets::Use;

/// What an operator decides about a payment of which nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum Decision {
    /// The vendor is asked once more.
    LookAgain,
    /// It did not happen: what it holds is free. Money that comes all the same is to the credit of the payer.
    NotSent,
    /// What was found is explained, and needs nobody's eye any more.
    Explained,
}

impl Decision {
    /// The word in timelines.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::LookAgain => "look_again",
            Self::NotSent => "not_sent",
            Self::Explained => "explained",
        }
    }
}

impl Payments {
    /// Goes on with a payment after its payer acted, or tells again what the payer has to do. Twice, or at the same time,
    /// it moves money once.
    ///
    /// # Errors
    /// `payment-not-found`; `too-many-payments` if the vendor is asked too often.
    pub async fn complete(
        &self,
        who: &SignedIn,
        id: &PaymentId,
        handed: &Handed,
        source: &Source,
    ) -> Result<PaymentView> {
        self.go_on(who.subject(), id, handed, source).await
    }

    /// The same for whoever comes back from the vendor with the address that we sent along.
    ///
    /// # Errors
    /// `payment-not-found` for an address that we did not make.
    pub async fn complete_return(&self, state: &str, source: &Source) -> Result<PaymentView> {
        let (subject, id) = self.returned(state).await?;
        self.go_on(&subject, &id, &Handed::default(), source).await
    }

    /// Whose payment an address names that we sent along.
    async fn returned(&self, state: &str) -> Result<(Subject, PaymentId)> {
        let not_found = || PAYMENT_NOT_FOUND.error();
        let (id, _) = state.split_once('.').ok_or_else(not_found)?;
        let id = PaymentId::parse(id).map_err(|_| not_found())?;
        if !same_secret(self.return_state(&id)?.as_bytes(), state.as_bytes()) {
            return Err(not_found());
        }
        let owner = self.owner(&id).await?.ok_or_else(not_found)?;
        Ok((owner.subject, id))
    }

    async fn go_on(
        &self,
        subject: &Subject,
        id: &PaymentId,
        handed: &Handed,
        source: &Source,
    ) -> Result<PaymentView> {
        self.count_look(subject).await?;
        let looked = self.look(subject, id, source, Follow::Task).await?;
        let waits =
            looked.rows.payment.status == Status::RequiresAction && looked.rows.payment.call.is_none();
        if waits && !handed.is_empty() && self.goes_on(&looked.rows)? {
            let step = (Step::Complete, None, handed);
            let rows = self.step_with(&looked.rows, step, source, Follow::Task).await?;
            return Ok(PaymentView::of(&rows, None));
        }
        let looked = self.take_last_step(looked, source, Follow::Task).await?;
        let action = looked.picture.and_then(|picture| picture.action);
        Ok(PaymentView::of(&looked.rows, action))
    }

    /// Whether its vendor goes on after the payer acted.
    fn goes_on(&self, rows: &Rows) -> Result<bool> {
        Ok(self.vendors.named(&rows.payment.instance)?.has_approval())
    }

    /// Where the vendor leaves the last step to us, it is taken as soon as the payer has approved, whoever learns of that.
    pub(super) async fn take_last_step(
        &self,
        looked: Looked,
        source: &Source,
        follow: Follow,
    ) -> Result<Looked> {
        let payment = &looked.rows.payment;
        let waits = looked.picture.as_ref().is_some_and(|picture| {
            picture.status == PaymentStatus::RequiresAction && picture.action.is_none()
        });
        let refused = payment.attempt().is_some_and(|attempt| attempt.failure.is_some());
        let approved = payment.status == Status::RequiresAction && waits && !refused;
        let offered = self.goes_on(&looked.rows)?;
        if !(approved && offered && payment.call.is_none()) {
            return Ok(looked);
        }
        let rows = self
            .step(&looked.rows, Step::Complete, None, source, follow)
            .await?;
        Ok(Looked {
            rows,
            picture: None,
            absent: false,
            changed: true,
        })
    }

    /// Calls off a payment that waits for its payer.
    ///
    /// # Errors
    /// `payment-not-found`; `payment-state` if it does not wait for its payer; `not-offered-here`; `too-many-payments`.
    pub async fn cancel(&self, who: &SignedIn, id: &PaymentId, source: &Source) -> Result<PaymentView> {
        self.count_look(who.subject()).await?;
        let rows = self.look(who.subject(), id, source, Follow::Task).await?.rows;
        match rows.payment.status {
            Status::Canceled => return Ok(PaymentView::of(&rows, None)),
            Status::RequiresAction if rows.payment.call.is_none() => {}
            other => {
                return Err(state(
                    other,
                    "only one that waits for its payer can be called off",
                ));
            }
        }
        let rows = self
            .step(&rows, Step::Withdraw, None, source, Follow::Task)
            .await?;
        Ok(PaymentView::of(&rows, None))
    }

    /// Takes money that is held: all of it, or less, which lets the rest go.
    ///
    /// # Errors
    /// `payment-not-found`; `payment-state` if nothing is held, or less than that; `not-offered-here`.
    pub async fn capture(
        &self,
        operator: &Operator,
        id: &PaymentId,
        amount: Option<Amount>,
        source: &Source,
    ) -> Result<PaymentView> {
        self.step_up.require(actions::MOVE_MONEY, &operator.who).await?;
        let rows = self.looked(id, source).await?;
        if rows.payment.status != Status::Authorized || rows.payment.call.is_some() {
            return Err(state(
                rows.payment.status,
                "only money that is held can be captured",
            ));
        }
        let held = rows.payment.capturable();
        let amount = amount.map_or_else(|| Amount::new(held), Ok)?;
        if amount.get().compare(held)?.is_gt() {
            return Err(PAYMENT_STATE.with_detail(format!("No more than {held} is held.")));
        }
        let instance = self.vendors.named(&rows.payment.instance)?;
        if amount.get() != held && !instance.terms().partial_capture {
            let partial = |one: &GuardedPayments| one.has_holds() && one.terms().partial_capture;
            return Err(self.vendors.not_offered("capturing a part", partial));
        }
        self.noted(
            &rows,
            operator,
            Event::info(events::CAPTURE, source),
            amount.get(),
        )
        .await?;
        let rows = self
            .step(&rows, Step::Capture, Some(amount), source, Follow::Task)
            .await?;
        Ok(PaymentView::of(&rows, None))
    }

    /// Lets money go that is held, or calls off what waits for its payer.
    ///
    /// # Errors
    /// `payment-not-found`; `payment-state`; `not-offered-here`.
    pub async fn void(&self, operator: &Operator, id: &PaymentId, source: &Source) -> Result<PaymentView> {
        self.step_up.require(actions::MOVE_MONEY, &operator.who).await?;
        let rows = self.looked(id, source).await?;
        let step = match rows.payment.status {
            Status::Canceled => return Ok(PaymentView::of(&rows, None)),
            Status::Authorized if rows.payment.call.is_none() => Step::Void,
            Status::RequiresAction if rows.payment.call.is_none() => Step::Withdraw,
            other => return Err(state(other, "only money that is held can be let go")),
        };
        self.noted(
            &rows,
            operator,
            Event::info(events::CANCEL, source),
            rows.payment.amount.get(),
        )
        .await?;
        let rows = self.step(&rows, step, None, source, Follow::Task).await?;
        Ok(PaymentView::of(&rows, None))
    }

    /// Decides about a payment of which nobody can tell, with the operator's reason in the history.
    ///
    /// # Errors
    /// `payment-not-found`; `payment-state` if it is known what became of it.
    pub async fn resolve(
        &self,
        operator: &Operator,
        id: &PaymentId,
        (decision, reason): (Decision, &str),
        source: &Source,
    ) -> Result<PaymentView> {
        self.step_up.require(actions::MOVE_MONEY, &operator.who).await?;
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        let subject = owner.subject;
        let known = self.read(&subject, id).await?;
        // A vendor that is not connected any more can show nothing, and what it holds must not stay held for ever.
        if decision == Decision::LookAgain || self.vendors.named(&known.payment().instance).is_ok() {
            let looked = self.look(&subject, id, source, Follow::Task).await?;
            if decision == Decision::LookAgain {
                let event = resolved(id, decision, reason, source);
                let decided = (decision.as_str(), Some(reason));
                self.note_asked(&looked.rows.payment, operator, &event, decided)
                    .await?;
                return Ok(PaymentView::of(&looked.rows, None));
            }
        }
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, &subject).await;
                let read = self.read(&subject, id).await?;
                let mut rows = read.rows();
                let movements = if decision == Decision::NotSent {
                    rows.never_arrived(self.context.now()).ok_or_else(|| {
                        state(
                            rows.payment.status,
                            "it is known what became of it, or its call is still under way",
                        )
                    })?
                } else {
                    Vec::new()
                };
                if decision == Decision::Explained {
                    rows.payment.explain();
                }
                if rows.payment.findings == [Finding::Unresolved] {
                    rows.payment.findings.clear();
                }
                let event = resolved(id, decision, reason, source);
                self.operators
                    .append(&mut batch, operator, Some(&subject), &event)
                    .await?;
                let decided = (decision.as_str(), Some(reason));
                self.note_decision(&mut batch, read.payment(), operator, decided)?;
                self.write(&mut batch, &read, &mut rows, &movements, source, Follow::Task)
                    .await?;
                self.context.commit(batch).await?;
                Ok(PaymentView::of(&rows, None))
            })
            .await
    }

    /// Counts that a payer has the vendor asked: look-ups of all payers wait for each other.
    pub(crate) async fn count_look(&self, subject: &Subject) -> Result<()> {
        let used = [Use {
            name: "payment-looks",
            of: &[subject.as_str()],
            limit: self.settings.looks_per_account,
        }];
        self.budgets.take(TOO_MANY_PAYMENTS, &used).await
    }

    /// A payment of whomever, as the vendor shows it now.
    async fn looked(&self, id: &PaymentId, source: &Source) -> Result<Rows> {
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        Ok(self.look(&owner.subject, id, source, Follow::Task).await?.rows)
    }

    /// Writes down who asked for what, in the histories of both and with the payment.
    async fn noted(&self, rows: &Rows, operator: &Operator, event: Event<'_>, amount: Money) -> Result<()> {
        let event = event.with("payment", &rows.payment.id).with("amount", amount);
        let asked = (event.name(), None);
        self.note_asked(&rows.payment, operator, &event, asked).await
    }

    /// Whether the vendor can be asked for a step: it offers it, and has a name for what is held. Some name nothing before it
    /// is paid.
    pub(super) fn takes(&self, payment: &PaymentRecord, step: Step) -> Result<bool> {
        let instance = self.vendors.named(&payment.instance)?;
        Ok(match step {
            Step::Charge => true,
            Step::Complete | Step::Withdraw => instance.has_approval(),
            Step::Capture | Step::Void => instance.has_holds() && payment.theirs().is_some(),
        })
    }

    /// Writes down that a step is asked for, asks for it, and writes down what came of it.
    pub(super) async fn step(
        &self,
        rows: &Rows,
        step: Step,
        amount: Option<Amount>,
        source: &Source,
        follow: Follow,
    ) -> Result<Rows> {
        self.step_with(rows, (step, amount, &Handed::default()), source, follow)
            .await
    }

    /// The same with what the vendor's part in the browser handed over.
    async fn step_with(
        &self,
        rows: &Rows,
        (step, amount, handed): (Step, Option<Amount>, &Handed),
        source: &Source,
        follow: Follow,
    ) -> Result<Rows> {
        let before = &rows.payment;
        let instance = self.vendors.named(&before.instance)?;
        if !self.takes(before, step)? {
            return Err(self.vendors.not_offered("this step", |_| false));
        }
        let sent = self
            .context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, &before.subject).await;
                let read = self.read(&before.subject, &before.id).await?;
                if read.payment() != before {
                    // Somebody was faster, with this step or another.
                    return Ok(None);
                }
                let mut rows = read.rows();
                self.open_call(&mut rows.payment, step, amount);
                rows.payment.look_anew();
                if step == Step::Capture {
                    rows.payment.status = Status::Capturing;
                }
                self.write(&mut batch, &read, &mut rows, &[], source, follow)
                    .await?;
                self.context.commit(batch).await?;
                Ok(Some(rows.payment))
            })
            .await?;
        let Some(sent) = sent else {
            if matches!(step, Step::Capture | Step::Void) {
                let why = "The payment was changed at this moment. Read it again.";
                return Err(PAYMENT_STATE.with_detail(why));
            }
            return Ok(self.look(&before.subject, &before.id, source, follow).await?.rows);
        };
        let call = sent.call.clone();
        let call = call.ok_or_else(|| Error::internal("a step was written down without a call"))?;
        let outcome = self.call(instance, &sent, &call, false, handed).await?;
        self.settle(&sent, &Answer::of(outcome, false), source, follow)
            .await
    }
}

impl Rows {
    /// An operator decides that what nobody can tell of never arrived: the payment's call, or else its refunds. Nothing if
    /// all is known, or may still be answered.
    fn never_arrived(&mut self, now: Timestamp) -> Option<Vec<Movement>> {
        let is_over = |call: &OpenCall| now >= call.last_sent_at + CALL_TIME;
        let why = "an operator decided that it never arrived";
        let failure = Failure::new(DeclineClass::OurSide, "decided-by-operator", why);
        if let Some(call) = &self.payment.call {
            let lost = self.payment.status == Status::Unknown || is_over(call);
            return lost.then(|| self.conclude(&Answer::Refused(failure, None)));
        }
        let is_lost = |refund: &RefundRecord| {
            let call = refund.call.as_ref();
            call.is_some_and(|call| refund.state == RefundState::Unknown || is_over(call))
        };
        let refunds = self.refunds.iter_mut();
        let mut lost = refunds.filter(|refund| is_lost(refund)).peekable();
        lost.peek()?;
        for refund in lost {
            refund.give_up(failure.clone(), now);
        }
        Some(Vec::new())
    }
}

/// For the histories of both.
fn resolved<'a>(id: &PaymentId, decision: Decision, reason: &str, source: &'a Source) -> Event<'a> {
    Event::new(events::RESOLVED, EventOutcome::Info, source)
        .with("payment", id)
        .with("decision", decision.as_str())
        .with("reason", reason)
}

fn state(status: Status, rule: &str) -> Error {
    PAYMENT_STATE.with_detail(format!("The payment is `{}`: {rule}.", status.as_str()))
}
