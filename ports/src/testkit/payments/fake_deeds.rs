//! What payer, bank and the vendor's desk do at the vendor in memory, and what it would post about that.

use std::time::Duration;

use super::fake::{FakePayments, State};
use super::fake_money::declined;
use crate::clock::Timestamp;
use crate::money::Money;
use crate::payments::{
    ActivityKind, DeclineClass, DisputeKind, DisputeSnapshot, DisputeStatus, EventObject, EventOrigin,
    EventTopic, Failure, PaymentEvent, PaymentStatus, RefundSnapshot, RefundStatus, Setup, Snapshot,
    VendorRef,
};

impl FakePayments {
    /// The payer does what a payment waits for. `false` if it waits for nobody.
    pub fn pay(&self, payment: &VendorRef) -> bool {
        let now = self.clock.now();
        self.state()
            .act_on(payment, PaymentStatus::RequiresAction, now, |state, at| {
                state.collect(at, now);
            })
    }

    /// The payer approves, and the last step is left to us: also of what was called off, as at a vendor that has no call for
    /// that. `false` if it waits for nobody.
    pub fn approve(&self, payment: &VendorRef) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        [PaymentStatus::RequiresAction, PaymentStatus::Canceled]
            .into_iter()
            .any(|from| {
                state.act_on(payment, from, now, |state, at| {
                    let one = &mut state.payments[at];
                    (one.status, one.action) = (PaymentStatus::RequiresAction, None);
                })
            })
    }

    /// The payer is refused by the bank.
    pub fn fail(&self, payment: &VendorRef) -> bool {
        let now = self.clock.now();
        self.state()
            .act_on(payment, PaymentStatus::RequiresAction, now, |state, at| {
                state.payments[at].status = PaymentStatus::Failed;
                state.payments[at].failure = Some(declined("card_declined"));
                state.payments[at].action = None;
            })
    }

    /// A bank debit is taken.
    pub fn settle(&self, payment: &VendorRef) -> bool {
        let now = self.clock.now();
        self.state()
            .act_on(payment, PaymentStatus::Processing, now, |state, at| {
                state.take(at, state.payments[at].amount, now);
            })
    }

    /// A bank debit is refused.
    pub fn bounce(&self, payment: &VendorRef) -> bool {
        let now = self.clock.now();
        self.state()
            .act_on(payment, PaymentStatus::Processing, now, |state, at| {
                state.payments[at].status = PaymentStatus::Failed;
                state.payments[at].failure = Some(declined("account_closed"));
            })
    }

    /// A payment that failed succeeds after all.
    pub fn succeed_late(&self, payment: &VendorRef) -> bool {
        let now = self.clock.now();
        self.state()
            .act_on(payment, PaymentStatus::Failed, now, |state, at| {
                state.take(at, state.payments[at].amount, now);
            })
    }

    /// A refund that had succeeded comes back.
    pub fn fail_refund(&self, refund: &VendorRef) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let failed = state.change_refund(refund, now, |one| {
            one.status = RefundStatus::Failed;
            one.failure = Some(Failure::new(
                DeclineClass::OurSide,
                "expired_or_canceled_card",
                "the bank gave the money back",
            ));
        });
        let held = |one: &Snapshot| one.refunds.iter().position(|one| one.theirs == *refund);
        let mut places = state.payments.iter().enumerate();
        let place = places.find_map(|(at, one)| Some((at, held(one)?)));
        if let Some((at, number)) = place.filter(|_| failed) {
            let amount = state.payments[at].refunds[number].amount;
            state.book(
                ActivityKind::RefundReversal,
                at,
                Some(refund.clone()),
                amount,
                now,
            );
        }
        failed
    }

    /// The vendor's operator gives money back: a refund that was not begun here. `None` where less is left.
    pub fn refund_at_vendor(&self, payment: &VendorRef, amount: Money) -> Option<VendorRef> {
        let now = self.clock.now();
        let mut state = self.state();
        let at = state.position(payment)?;
        let left = state.refundable(at);
        (amount.minor <= left).then(|| state.give_back(at, amount, None, now))
    }

    /// A payer contests a payment; an inquiry moves no money.
    pub fn dispute(&self, payment: &VendorRef, kind: DisputeKind) -> Option<VendorRef> {
        let now = self.clock.now();
        let mut state = self.state();
        let at = state.position(payment)?;
        let amount = state.payments[at].captured;
        if !amount.is_positive() {
            return None;
        }
        let theirs = state.name("dp");
        let taken = match kind {
            DisputeKind::Inquiry => Money::zero(amount.currency),
            DisputeKind::Chargeback | DisputeKind::BankReturn => amount,
        };
        state.payments[at].disputes.push(DisputeSnapshot {
            theirs: theirs.clone(),
            payment: Some(payment.clone()),
            kind,
            status: match kind {
                DisputeKind::BankReturn => DisputeStatus::Lost,
                DisputeKind::Inquiry | DisputeKind::Chargeback => DisputeStatus::NeedsResponse,
            },
            amount,
            withdrawn: taken,
            reinstated: Money::zero(amount.currency),
            fee: None,
            reason: "fraudulent".to_owned(),
            respond_by: Some(now + Duration::from_hours(24 * 7)),
            answered: false,
            created_at: now,
            at: now,
        });
        if taken.is_positive() {
            let gone = Money::new(-taken.minor, taken.currency);
            state.book(ActivityKind::Dispute, at, Some(theirs.clone()), gone, now);
        }
        state.announce_dispute(at, &theirs, now);
        drop(state);
        Some(theirs)
    }

    /// The bank decides; a chargeback that is won gives the money back.
    pub fn decide_dispute(&self, dispute: &VendorRef, won: bool) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let mut returned = None;
        let changed = state.change_dispute(dispute, now, |one| {
            if won {
                returned = Some(Money::new(
                    one.withdrawn.minor - one.reinstated.minor,
                    one.withdrawn.currency,
                ));
                one.status = DisputeStatus::Won;
                one.reinstated = one.withdrawn;
            } else {
                one.status = DisputeStatus::Lost;
            }
        });
        let holds = |one: &Snapshot| one.disputes.iter().any(|found| found.theirs == *dispute);
        if let Some(returned) = returned.filter(|returned| returned.is_positive())
            && let Some(at) = state.payments.iter().position(holds)
        {
            state.book(
                ActivityKind::DisputeReversal,
                at,
                Some(dispute.clone()),
                returned,
                now,
            );
        }
        drop(state);
        changed
    }
}

impl State {
    fn act_on(
        &mut self,
        payment: &VendorRef,
        from: PaymentStatus,
        now: Timestamp,
        act: impl FnOnce(&mut Self, usize),
    ) -> bool {
        let Some(at) = self
            .position(payment)
            .filter(|at| self.payments[*at].status == from)
        else {
            return false;
        };
        act(self, at);
        self.payments[at].at = now;
        self.announce_payment(at, now);
        true
    }

    pub(super) fn change_refund(
        &mut self,
        refund: &VendorRef,
        now: Timestamp,
        change: impl FnOnce(&mut RefundSnapshot),
    ) -> bool {
        let mut all = self.payments.iter_mut().flat_map(|one| &mut one.refunds);
        let Some(found) = all.find(|one| one.theirs == *refund) else {
            return false;
        };
        change(found);
        found.at = now;
        let found = found.clone();
        self.announce_refund(found, now);
        true
    }

    pub(super) fn change_dispute(
        &mut self,
        dispute: &VendorRef,
        now: Timestamp,
        change: impl FnOnce(&mut DisputeSnapshot),
    ) -> bool {
        let holds = |one: &Snapshot| one.disputes.iter().any(|found| found.theirs == *dispute);
        let Some(at) = self.payments.iter().position(holds) else {
            return false;
        };
        let mut all = self.payments[at].disputes.iter_mut();
        if let Some(found) = all.find(|one| one.theirs == *dispute) {
            change(found);
            found.at = now;
        }
        self.announce_dispute(at, dispute, now);
        true
    }

    pub(super) fn announce_payment(&mut self, at: usize, now: Timestamp) {
        let theirs = self.payments[at].theirs.clone();
        let event = self.event(EventTopic::Payment, theirs.clone(), theirs, now);
        self.events.push(event);
    }

    pub(super) fn announce_refund(&mut self, refund: RefundSnapshot, now: Timestamp) {
        let event = self.event(EventTopic::Refund, Some(refund.theirs), refund.payment, now);
        self.events.push(PaymentEvent {
            refund: refund.ours,
            ..event
        });
    }

    pub(super) fn announce_dispute(&mut self, at: usize, dispute: &VendorRef, now: Timestamp) {
        let payment = self.payments[at].theirs.clone();
        let event = self.event(EventTopic::Dispute, Some(dispute.clone()), payment, now);
        self.events.push(event);
    }

    pub(super) fn announce_setup(&mut self, setup: Setup, now: Timestamp) {
        let event = self.event(EventTopic::Setup, Some(setup.theirs.clone()), None, now);
        self.events.push(PaymentEvent {
            setup: setup.ours.clone(),
            object: Some(EventObject::Setup(Box::new(Setup {
                action: None,
                ..setup
            }))),
            ..event
        });
    }

    pub(super) fn announce_method(&mut self, object: EventObject, theirs: &VendorRef, now: Timestamp) {
        let event = self.event(EventTopic::Method, Some(theirs.clone()), None, now);
        self.events.push(PaymentEvent {
            object: Some(object),
            ..event
        });
    }

    /// An event without a picture.
    pub(super) fn event(
        &mut self,
        topic: EventTopic,
        theirs: Option<VendorRef>,
        payment: Option<VendorRef>,
        now: Timestamp,
    ) -> PaymentEvent {
        let held = payment.as_ref().and_then(|payment| self.position(payment));
        PaymentEvent {
            id: self.name("evt").to_string(),
            at: now,
            name: format!("{topic:?}").to_lowercase(),
            topic,
            origin: EventOrigin::Own,
            theirs,
            payment,
            attempt: held.and_then(|at| self.payments[at].ours.clone()),
            refund: None,
            setup: None,
            subscription: None,
            our_subscription: None,
            object: None,
        }
    }
}
