//! The part of the suite about what happens after a charge: captures, refunds, bank debits, disputes, reports.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::collections::BTreeMap;
use std::time::Duration;

use super::counterparty::{Behaviour, Deed};
use super::suite::Case;
use crate::id::RefundId;
use crate::money::{Amount, Money};
use crate::outcome::{Outcome, Reference};
use crate::payments::{
    Activity, ActivityKind, Capture, CaptureOrder, Charge, DisputeKind, DisputeSnapshot, DisputeStatus,
    Evidence, EvidenceDocument, EvidenceField, EvidenceFile, FileType, Funds, KnownRefund, PaymentStatus,
    RefundOrder, RefundReason, RefundRule, RefundStatus, Snapshot, TimeSpan, VendorRef, VoidOrder,
};

impl Case<'_> {
    fn part(amount: Amount, of: i64, times: i64) -> Amount {
        let whole = amount.get();
        match Amount::new(Money::new(whole.minor / of * times, whole.currency)) {
            Ok(part) => part,
            Err(error) => panic!("a part of {whole} is nothing: {error:?}"),
        }
    }

    /// A charge that succeeded.
    async fn taken(&self) -> Option<(Charge, Snapshot, VendorRef)> {
        let order = self.stored(Behaviour::Succeeds).await?;
        match self.connected.payments.charge(&order).await {
            Outcome::Done(made) => {
                let theirs = made.theirs.clone()?;
                Some((order, made, theirs))
            }
            other => panic!("a method that succeeds gives {other:?}"),
        }
    }

    async fn now_of(&self, order: &Charge, theirs: &VendorRef) -> Snapshot {
        let found = self
            .find(Reference::Theirs(theirs.to_string()), order, self.now())
            .await;
        found.unwrap_or_else(|| panic!("{theirs} is not found"))
    }

    /// Money that is held; `None` where there is no method for it.
    async fn held(&self) -> Option<(Charge, VendorRef)> {
        let order = Charge {
            capture: Capture::Later,
            ..self.stored(Behaviour::Succeeds).await?
        };
        match self.connected.payments.charge(&order).await {
            Outcome::Done(made) => {
                assert_eq!(made.status, PaymentStatus::Authorized, "{made:?}");
                assert_eq!((made.capturable, made.captured.minor), (order.amount.get(), 0));
                Some((order, made.theirs?))
            }
            other => panic!("holding money gives {other:?}"),
        }
    }

    pub(super) async fn what_is_held_is_captured_once_and_not_beyond(&self) {
        let Some(holds) = &self.connected.holds else {
            return;
        };
        let partial = self.connected.payments.terms().partial_capture;
        let Some((order, payment)) = self.held().await else {
            return;
        };
        let capture = |amount| CaptureOrder {
            id: order.id.clone(),
            key: self.key(),
            resend: false,
            payment: payment.clone(),
            amount,
        };
        let more = Self::part(order.amount, 4, 5);
        assert!(
            matches!(holds.capture(&capture(more)).await, Outcome::Declined(_)),
            "more than is held"
        );
        let amount = if partial {
            Self::part(order.amount, 4, 2)
        } else {
            order.amount
        };
        let first = capture(amount);
        for resend in [false, true] {
            let order = CaptureOrder {
                resend,
                ..first.clone()
            };
            match holds.capture(&order).await {
                Outcome::Done(made) => assert_eq!(made.captured, amount.get()),
                other => panic!("capturing what is held gives {other:?}"),
            }
        }
        assert!(
            matches!(holds.capture(&capture(amount)).await, Outcome::Declined(_)),
            "captured twice"
        );
        assert_eq!(
            self.counterparty.captured(&order.id.payment),
            [amount.get().minor]
        );
    }

    pub(super) async fn what_is_held_is_released_and_ends_by_itself(&self) {
        let Some(holds) = &self.connected.holds else {
            return;
        };
        let Some((order, payment)) = self.held().await else {
            return;
        };
        for _ in 0..2 {
            let void = VoidOrder {
                id: order.id.clone(),
                key: self.key(),
                resend: false,
                payment: payment.clone(),
            };
            match holds.void(&void).await {
                Outcome::Done(made) => assert_eq!(made.status, PaymentStatus::Canceled),
                other => panic!("releasing what is held gives {other:?}"),
            }
        }
        let Some((order, payment)) = self.held().await else {
            return;
        };
        self.runtime.clock.advance(Duration::from_hours(24 * 40));
        let late = CaptureOrder {
            id: order.id.clone(),
            key: self.key(),
            resend: false,
            payment,
            amount: order.amount,
        };
        assert!(
            matches!(holds.capture(&late).await, Outcome::Declined(_)),
            "it has expired"
        );
        assert_eq!(self.counterparty.captured(&order.id.payment), [0_i64; 0]);
    }

    fn refund(&self, order: &Charge, payment: &VendorRef, amount: Amount) -> RefundOrder {
        let id = RefundId::random(&*self.runtime.entropy);
        RefundOrder {
            id: id.unwrap_or_else(|error| panic!("no randomness: {error:?}")),
            key: self.key(),
            resend: false,
            payment: payment.clone(),
            attempt: order.id.clone(),
            amount,
            of_payments: None,
            reason: RefundReason::Requested,
        }
    }

    /// Where only the whole can be given back, and no name of ours is kept with it.
    pub(super) async fn what_is_given_back_whole_is_given_back_once(&self) {
        if self.connected.payments.terms().refunds != RefundRule::LastOfSubscription {
            return;
        }
        let sent_at = self.now();
        let Some((order, _, payment)) = self.taken().await else {
            return;
        };
        let refund = self.refund(&order, &payment, order.amount);
        let first = self.connected.payments.refund(&refund).await;
        let theirs = match first.snapshot() {
            Some(made) if made.ours.as_ref() == Some(&refund.id) => made.theirs.clone(),
            _ => panic!("the whole: {first:?}"),
        };
        let again = RefundOrder {
            resend: true,
            ..refund.clone()
        };
        let again = self.connected.payments.refund(&again).await;
        assert!(matches!(again, Outcome::NotSent(_)), "{again:?}");
        let second = self.refund(&order, &payment, order.amount);
        let second = self.connected.payments.refund(&second).await;
        assert!(matches!(second, Outcome::Declined(_)), "a second one: {second:?}");
        for known in [Some(theirs.clone()), None] {
            let known = KnownRefund {
                id: refund.id.clone(),
                theirs: known,
                amount: refund.amount,
                sent_at,
                open: true,
            };
            let reference = Reference::Theirs(payment.to_string());
            let found = self.find_with(reference, &order, sent_at, vec![known]).await;
            let found = found.unwrap_or_else(|| panic!("{payment} is not found"));
            assert_eq!(found.captured, order.amount.get());
            match found.refunds.as_slice() {
                [one] => assert_eq!(
                    (&one.theirs, &one.ours, one.amount, one.status),
                    (
                        &theirs,
                        &Some(refund.id.clone()),
                        order.amount.get(),
                        RefundStatus::Succeeded
                    )
                ),
                other => panic!("one refund was made, and {other:?} is found"),
            }
        }
    }

    pub(super) async fn refunds_are_given_once_each_and_not_beyond(&self) {
        if self.connected.payments.terms().refunds == RefundRule::LastOfSubscription {
            return;
        }
        let Some((order, _, payment)) = self.taken().await else {
            return;
        };
        let quarter = Self::part(order.amount, 4, 1);
        // The same amount under two ids is two refunds; under one key it is one.
        let (first, second) = (
            self.refund(&order, &payment, quarter),
            self.refund(&order, &payment, quarter),
        );
        self.runtime.lose_next_answer();
        for (refund, resend) in [(&first, false), (&first, true), (&second, false)] {
            let refund = RefundOrder {
                resend,
                ..refund.clone()
            };
            let outcome = self.connected.payments.refund(&refund).await;
            let lost = matches!(outcome, Outcome::Unknown(_)) && !resend;
            assert!(
                lost || outcome
                    .snapshot()
                    .is_some_and(|made| made.ours.as_ref() == Some(&refund.id)),
                "{outcome:?}"
            );
        }
        for refund in [&first, &second] {
            assert_eq!(self.counterparty.refunded(&refund.id), [quarter.get().minor]);
        }
        let beyond = self.refund(&order, &payment, Self::part(order.amount, 4, 3));
        assert!(
            matches!(
                self.connected.payments.refund(&beyond).await,
                Outcome::Declined(_)
            ),
            "beyond what is left"
        );
        let rest = self.refund(&order, &payment, Self::part(order.amount, 4, 2));
        let given = self.connected.payments.refund(&rest).await;
        assert!(given.snapshot().is_some(), "the rest: {given:?}");
        let found = self.now_of(&order, &payment).await;
        let sum: i64 = found.refunds.iter().map(|refund| refund.amount.minor).sum();
        assert_eq!(
            (sum, found.captured),
            (order.amount.get().minor, order.amount.get())
        );
        let Some(last) = found
            .refunds
            .iter()
            .find(|refund| refund.ours.as_ref() == Some(&rest.id))
        else {
            panic!("our id does not come back: {:?}", found.refunds);
        };
        if self.counterparty.does(Deed::RefundFails(&last.theirs)) {
            let found = self.now_of(&order, &payment).await;
            let failed = found.refunds.iter().find(|refund| refund.theirs == last.theirs);
            assert_eq!(failed.map(|refund| refund.status), Some(RefundStatus::Failed));
        }
    }

    pub(super) async fn a_refund_of_the_vendors_desk_is_seen(&self) {
        let Some((order, _, payment)) = self.taken().await else {
            return;
        };
        let part = Self::part(order.amount, 4, 1).get();
        if self.counterparty.does(Deed::RefundsThere(&payment, part)) {
            let found = self.now_of(&order, &payment).await;
            let seen = found
                .refunds
                .iter()
                .map(|refund| (refund.ours.clone(), refund.amount));
            assert_eq!(seen.collect::<Vec<_>>(), [(None, part)]);
        }
    }

    pub(super) async fn a_bank_debit_is_decided_later(&self) {
        for taken in [true, false] {
            let Some(order) = self.stored(Behaviour::BankDebit).await else {
                return;
            };
            let made = match self.connected.payments.charge(&order).await {
                Outcome::Pending(made) => made,
                other => panic!("a bank debit gives {other:?}"),
            };
            assert_eq!((made.status, made.captured.minor), (PaymentStatus::Processing, 0));
            let Some(theirs) = made.theirs else { return };
            let deed = if taken {
                Deed::Settles(&theirs)
            } else {
                Deed::Bounces(&theirs)
            };
            assert!(self.counterparty.does(deed), "nobody decides it");
            let found = self.now_of(&order, &theirs).await;
            if taken {
                assert_eq!(
                    (found.status, found.captured),
                    (PaymentStatus::Succeeded, order.amount.get())
                );
                continue;
            }
            assert_eq!(found.status, PaymentStatus::Failed);
            assert!(found.failure.is_some(), "nothing is said of why");
            if self.counterparty.does(Deed::SucceedsLate(&theirs)) {
                let found = self.now_of(&order, &theirs).await;
                assert_eq!(
                    (found.status, found.captured),
                    (PaymentStatus::Succeeded, order.amount.get())
                );
            }
        }
    }

    async fn disputed(&self, kind: DisputeKind) -> Option<DisputeSnapshot> {
        let (order, _, payment) = self.taken().await?;
        if !self.counterparty.does(Deed::Disputes(&payment, kind)) {
            return None;
        }
        let found = self.now_of(&order, &payment).await;
        match found.disputes.as_slice() {
            [dispute] => {
                assert_eq!(
                    found.captured,
                    order.amount.get(),
                    "a dispute changes nothing of what was taken"
                );
                Some(dispute.clone())
            }
            other => panic!("one dispute was opened, and {other:?} is found"),
        }
    }

    /// A document that proves something.
    fn file(&self) -> EvidenceFile {
        EvidenceFile {
            about: EvidenceDocument::Receipt,
            file_type: FileType::Pdf,
            bytes: b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n".as_slice().into(),
            key: self.key(),
        }
    }

    pub(super) async fn disputes_take_money_and_give_it_back(&self) {
        let Some(disputes) = &self.connected.disputes else {
            return;
        };
        if let Some(open) = self.disputed(DisputeKind::Inquiry).await {
            assert_eq!((open.kind, open.funds()), (DisputeKind::Inquiry, Funds::None));
        }
        for (won, funds) in [(true, Funds::Reinstated), (false, Funds::Withdrawn)] {
            let Some(open) = self.disputed(DisputeKind::Chargeback).await else {
                return;
            };
            assert_eq!(
                (open.kind, open.funds(), open.withdrawn),
                (DisputeKind::Chargeback, Funds::Withdrawn, open.amount)
            );
            if disputes.takes_evidence() {
                let evidence = Evidence {
                    dispute: open.theirs.clone(),
                    key: self.key(),
                    resend: false,
                    texts: BTreeMap::from([(EvidenceField::Other, "It was delivered.".to_owned())]),
                    files: disputes.files().map(|_| self.file()).into_iter().collect(),
                    submit: true,
                };
                match disputes.answer(&evidence).await {
                    Outcome::Pending(answered) | Outcome::Done(answered) => assert!(answered.answered),
                    other => panic!("evidence gives {other:?}"),
                }
            }
            assert!(
                self.counterparty.does(Deed::Decides(&open.theirs, won)),
                "nobody decides it"
            );
            match disputes.read(&open.theirs).await {
                Ok(end) => {
                    let expected = if won {
                        DisputeStatus::Won
                    } else {
                        DisputeStatus::Lost
                    };
                    assert_eq!(
                        (end.status, end.funds(), end.withdrawn),
                        (expected, funds, open.amount)
                    );
                }
                Err(error) => panic!("a dispute cannot be read: {error:?}"),
            }
        }
    }

    pub(super) async fn reports_hold_every_payment_of_a_span(&self) {
        let Some(reports) = &self.connected.reports else {
            return;
        };
        self.runtime.clock.advance(Duration::from_hours(1));
        let from = self.now();
        let mut orders = Vec::new();
        for _ in 0..12 {
            let Some((order, _, theirs)) = self.taken().await else {
                return;
            };
            orders.push((order, theirs));
        }
        self.runtime
            .clock
            .advance(self.connected.payments.terms().report_lag + Duration::from_secs(1));
        let span = TimeSpan { from, to: self.now() };
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let page = reports.activity(&span, after.as_ref()).await;
            let page = page.unwrap_or_else(|error| panic!("the report cannot be read: {error:?}"));
            lines.extend(page.lines);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let keeps_ours = self.connected.payments.terms().keeps_ours;
        for (order, theirs) in &orders {
            let is_it = |line: &&Activity| {
                let named = if keeps_ours {
                    line.ours.as_ref() == Some(&order.id)
                } else {
                    line.payment.as_ref() == Some(theirs)
                };
                named && line.kind == ActivityKind::Payment
            };
            let own: Vec<_> = lines.iter().filter(is_it).collect();
            assert_eq!(own.len(), 1, "{} is in the report {} times", order.id, own.len());
            assert_eq!(own[0].amount, order.amount.get());
        }
    }
}
