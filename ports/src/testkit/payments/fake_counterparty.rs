//! The vendor in memory as the suite of the port drives it.

use super::counterparty::{Behaviour, Counterparty, Deed};
use super::{FakePayments, methods};
use crate::id::{PaymentId, RefundId};
use crate::payments::{MethodKind, MethodRef, SubscriptionStep, VendorRef};
use crate::simulation::Posted;

impl Counterparty for FakePayments {
    fn stored(&self, behaviour: Behaviour, customer: Option<&VendorRef>) -> Option<MethodRef> {
        let (name, kind) = match behaviour {
            Behaviour::Succeeds => (methods::SUCCEEDS, MethodKind::Card),
            Behaviour::InsufficientFunds => (methods::INSUFFICIENT_FUNDS, MethodKind::Card),
            Behaviour::Stolen => (methods::STOLEN, MethodKind::Card),
            Behaviour::Authenticates => (methods::AUTHENTICATES, MethodKind::Card),
            Behaviour::BankDebit => (methods::BANK_DEBIT, MethodKind::UsBankDebit),
        };
        Some(MethodRef {
            theirs: VendorRef::parse(name).ok()?,
            customer: customer.cloned(),
            kind,
        })
    }

    fn does(&self, deed: Deed<'_>) -> bool {
        match deed {
            Deed::Pays(payment) => self.pay(payment),
            Deed::IsRefused(payment) => self.fail(payment),
            Deed::Settles(payment) => self.settle(payment),
            Deed::Bounces(payment) => self.bounce(payment),
            Deed::SucceedsLate(payment) => self.succeed_late(payment),
            Deed::RefundFails(refund) => self.fail_refund(refund),
            Deed::RefundsThere(payment, amount) => self.refund_at_vendor(payment, amount).is_some(),
            Deed::Disputes(payment, kind) => self.dispute(payment, kind).is_some(),
            Deed::Decides(dispute, won) => self.decide_dispute(dispute, won),
            Deed::Agrees(shown) => shown.theirs.as_ref().is_some_and(|theirs| self.agree(theirs)),
            Deed::RefusesCharges(subscription) => self.refuse_charges(subscription, true),
            Deed::EndsThere(subscription) => self.steer_there(subscription, SubscriptionStep::Cancel),
            Deed::EntersCard(setup) => self.enter_card(setup).is_some(),
            Deed::EntersBankAccount(setup) => self.enter_bank_account(setup),
        }
    }

    fn captured(&self, payment: &PaymentId) -> Vec<i64> {
        let payments = self.payments();
        let ours = payments
            .iter()
            .filter(|one| one.ours.as_ref().is_some_and(|ours| ours.payment == *payment));
        ours.map(|one| one.captured.minor)
            .filter(|taken| *taken != 0)
            .collect()
    }

    fn refunded(&self, refund: &RefundId) -> Vec<i64> {
        let payments = self.payments();
        let all = payments.iter().flat_map(|one| &one.refunds);
        let ours = all.filter(|one| one.ours.as_ref() == Some(refund));
        ours.map(|one| one.amount.minor).collect()
    }

    fn posted(&self) -> Vec<Posted> {
        Vec::new()
    }
}
