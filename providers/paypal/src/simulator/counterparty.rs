//! The payer, the bank and PayPal's desk, as the suite of the port drives them.

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::payments::{DisputeKind, MethodKind, MethodRef, VendorRef};
use portcullis_ports::simulation::Posted;
use portcullis_ports::testkit::payments::{Behaviour as Wanted, Counterparty, Deed};
use serde_json::Value;

use super::Simulator;
use super::state::{Behaviour, State, money};

impl Counterparty for Simulator {
    fn stored(&self, behaviour: Wanted, _: Option<&VendorRef>) -> Option<MethodRef> {
        let (behaviour, kind) = match behaviour {
            Wanted::Succeeds => (Behaviour::Account, MethodKind::Wallet),
            Wanted::InsufficientFunds => (Behaviour::PoorCard, MethodKind::Card),
            Wanted::Stolen => (Behaviour::StolenCard, MethodKind::Card),
            Wanted::Authenticates => (Behaviour::Confirms, MethodKind::Wallet),
            Wanted::BankDebit => (Behaviour::Cheque, MethodKind::Wallet),
        };
        Some(MethodRef {
            theirs: VendorRef::parse(&self.store(behaviour)).ok()?,
            customer: None,
            kind,
        })
    }

    fn does(&self, deed: Deed<'_>) -> bool {
        let mut state = self.state();
        match deed {
            Deed::Pays(payment) => state.approve(payment.as_str()),
            Deed::IsRefused(payment) => {
                state.next_payer = Some(Behaviour::Declined);
                state.approve(payment.as_str())
            }
            Deed::Settles(payment) => state.decide(payment.as_str(), true),
            Deed::Bounces(payment) => state.decide(payment.as_str(), false),
            // What PayPal denied stays denied, and it stores no bank accounts.
            Deed::SucceedsLate(_) | Deed::EntersBankAccount(_) => false,
            Deed::RefundFails(refund) => state.fail_refund(refund.as_str()),
            Deed::RefundsThere(payment, amount) => {
                let place = (payment.to_string(), 0);
                let taken = state.part_mut("captures", &place).is_some();
                if taken {
                    state.give_back(&place, amount, None, None);
                }
                taken
            }
            Deed::Disputes(payment, kind) => {
                let inquiry = kind == DisputeKind::Inquiry;
                kind != DisputeKind::BankReturn && state.open_dispute(payment.as_str(), inquiry).is_some()
            }
            Deed::Decides(dispute, won) => state.decide_dispute(dispute.as_str(), won),
            Deed::Agrees(shown) => {
                let theirs = shown.theirs.as_ref();
                theirs.is_some_and(|theirs| state.agree_to(theirs.as_str(), Behaviour::Account))
            }
            Deed::RefusesCharges(subscription) => state.pays_like(subscription.as_str(), Behaviour::Declined),
            Deed::EndsThere(subscription) => state.steer(subscription.as_str(), "cancel"),
            Deed::EntersCard(setup) => state.enter(setup.as_str()),
        }
    }

    fn captured(&self, payment: &PaymentId) -> Vec<i64> {
        let prefix = format!("{payment}.");
        let taken = |part: &Value| {
            ["COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"]
                .iter()
                .any(|status| part["status"] == *status)
        };
        let sums = self
            .state()
            .sums("captures", |custom| custom.starts_with(&prefix), taken);
        sums.into_iter().filter(|taken| *taken != 0).collect()
    }

    fn refunded(&self, refund: &RefundId) -> Vec<i64> {
        let suffix = format!(",{refund}");
        let state = self.state();
        let all = state.orders.values();
        let refunds =
            all.filter_map(|order| order.shown["purchase_units"][0]["payments"]["refunds"].as_array());
        let ours = refunds
            .flatten()
            .filter(|one| one["custom_id"].as_str().is_some_and(|id| id.ends_with(&suffix)));
        ours.filter_map(|one| money(&one["amount"]))
            .map(|money| money.minor)
            .collect()
    }

    fn posted(&self) -> Vec<Posted> {
        self.deliver()
    }
}

impl State {
    /// A sum for each order of ours.
    fn sums(&self, kind: &str, ours: impl Fn(&str) -> bool, counts: impl Fn(&Value) -> bool) -> Vec<i64> {
        let unit = |order: &super::state::Order| order.shown["purchase_units"][0].clone();
        let own = self.orders.values().map(unit);
        let own = own.filter(|unit| unit["custom_id"].as_str().is_some_and(&ours));
        let sum = |unit: Value| {
            let parts = unit["payments"][kind].as_array().cloned().unwrap_or_default();
            let counted = parts.iter().filter(|part| counts(part));
            counted
                .filter_map(|part| money(&part["amount"]))
                .map(|money| money.minor)
                .sum()
        };
        own.map(sum).collect()
    }
}
