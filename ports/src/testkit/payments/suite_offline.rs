//! The part of the suite about payments outside of any vendor: the payer is told how, and what came is shown as it was told.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use super::suite::Case;
use crate::id::RefundId;
use crate::money::Money;
use crate::outcome::{Outcome, Reference};
use crate::payments::{
    Charge, KnownOrder, KnownRefund, NextAction, PaymentCapability, PaymentStatus, Presence, RefundOrder,
    RefundReason, RefundStatus, Snapshot, Sought, Source, VendorRef, Withdrawal,
};

impl Case<'_> {
    /// The picture of an order of which so much came.
    async fn told(&self, order: &Charge, known: KnownOrder, by: Reference) -> Snapshot {
        let sought = Sought {
            reference: by,
            customer: None,
            key: order.key.clone(),
            sent_at: self.now(),
            known: Some(known),
        };
        match self.connected.payments.find(&sought).await {
            crate::outcome::Resolution::Found(outcome) => match outcome.snapshot() {
                Some(picture) => picture.clone(),
                None => panic!("{sought:?} has no picture"),
            },
            other => panic!("{sought:?} is not found: {other:?}"),
        }
    }

    pub(super) async fn outside_of_a_vendor_the_payer_is_told_how_and_what_came_is_shown(&self) {
        if !self.has(PaymentCapability::ChargeOffline) {
            return;
        }
        let order = self.order(Source::Offline, Presence::Absent, None);
        let mut names: Vec<VendorRef> = Vec::new();
        for resend in [false, true] {
            let order = Charge {
                resend,
                ..order.clone()
            };
            let Outcome::Pending(made) = self.connected.payments.charge(&order).await else {
                panic!("nobody has paid yet");
            };
            assert_eq!(
                (made.ours.as_ref(), made.tag.as_ref()),
                (Some(&order.id), Some(&order.tag))
            );
            assert_eq!(
                (made.status, made.amount, made.captured.minor),
                (PaymentStatus::RequiresAction, order.amount.get(), 0)
            );
            match &made.action {
                Some(NextAction::Instructions(told)) => {
                    assert!(!told.reference.is_empty(), "the payer writes nothing: {told:?}");
                    assert!(
                        told.iban.is_some() || told.text.is_some(),
                        "it is not said how: {told:?}"
                    );
                }
                other => panic!("the payer is told {other:?}"),
            }
            names.extend(made.theirs);
        }
        assert_eq!(names.first(), names.last(), "one order has one name");
        let Some(theirs) = names.pop() else {
            panic!("it has no name");
        };
        let whole = order.amount.get();
        let known = |minor, called_off| KnownOrder {
            amount: order.amount,
            method: None,
            booked: Money::new(minor, whole.currency),
            refunds: Vec::new(),
            called_off,
            latest: true,
        };
        for (minor, called_off, status) in [
            (0, false, PaymentStatus::RequiresAction),
            (whole.minor / 2, false, PaymentStatus::RequiresAction),
            (whole.minor, false, PaymentStatus::Succeeded),
            (whole.minor * 2, false, PaymentStatus::Succeeded),
            (0, true, PaymentStatus::Canceled),
            (whole.minor / 2, true, PaymentStatus::Canceled),
            (whole.minor, true, PaymentStatus::Succeeded),
        ] {
            for by in [
                Reference::Theirs(theirs.to_string()),
                Reference::Ours(order.id.to_string()),
            ] {
                let picture = self.told(&order, known(minor, called_off), by).await;
                assert_eq!((picture.status, picture.captured.minor), (status, minor));
                assert_eq!((picture.amount, picture.theirs.as_ref()), (whole, Some(&theirs)));
                assert!(picture.complete);
            }
        }
        self.what_is_given_back_waits_for_an_operator(&order, &theirs)
            .await;
        if let Some(approval) = &self.connected.approval {
            let withdrawal = Withdrawal {
                id: order.id.clone(),
                key: self.key(),
                payment: Some(theirs),
                amount: order.amount,
            };
            match approval.withdraw(&withdrawal).await {
                Outcome::Done(made) => assert_eq!(made.status, PaymentStatus::Canceled),
                other => panic!("calling it off gives {other:?}"),
            }
        }
    }

    async fn what_is_given_back_waits_for_an_operator(&self, order: &Charge, theirs: &VendorRef) {
        let id = RefundId::random(&*self.runtime.entropy);
        let refund = RefundOrder {
            id: id.unwrap_or_else(|error| panic!("no randomness: {error:?}")),
            key: self.key(),
            resend: false,
            payment: theirs.clone(),
            attempt: order.id.clone(),
            amount: order.amount,
            of_payments: None,
            reason: RefundReason::Requested,
        };
        let Outcome::Pending(made) = self.connected.payments.refund(&refund).await else {
            panic!("nobody has paid it out yet");
        };
        assert_eq!(
            (made.ours.as_ref(), made.amount),
            (Some(&refund.id), refund.amount.get())
        );
        for (open, status) in [(true, RefundStatus::Pending), (false, RefundStatus::Succeeded)] {
            let known = KnownOrder {
                amount: order.amount,
                method: None,
                booked: order.amount.get(),
                refunds: vec![KnownRefund {
                    id: refund.id.clone(),
                    theirs: Some(made.theirs.clone()),
                    amount: refund.amount,
                    sent_at: self.now(),
                    open,
                }],
                called_off: false,
                latest: true,
            };
            let by = Reference::Theirs(theirs.to_string());
            let picture = self.told(order, known, by).await;
            let [shown] = picture.refunds.as_slice() else {
                panic!("one refund was made: {:?}", picture.refunds);
            };
            assert_eq!((&shown.theirs, shown.status), (&made.theirs, status));
        }
    }
}
