//! The payer, the bank and Stripe's desk, as the suite of the port drives them.

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::payments::{DisputeKind, MethodKind, MethodRef, VendorRef};
use portcullis_ports::simulation::Posted;
use portcullis_ports::testkit::payments::{Behaviour, Counterparty, Deed};
use serde_json::{Value, json};

use super::Simulator;
use super::asked::text;
use super::intents::Confirming;
use super::state::State;
use crate::terms::to_stripe;
use crate::wire::{ATTEMPT, REFUND};

impl Counterparty for Simulator {
    fn stored(&self, behaviour: Behaviour, customer: Option<&VendorRef>) -> Option<MethodRef> {
        let (token, kind) = match behaviour {
            Behaviour::Succeeds => ("pm_card_visa", MethodKind::Card),
            Behaviour::InsufficientFunds => {
                ("pm_card_visa_chargeDeclinedInsufficientFunds", MethodKind::Card)
            }
            Behaviour::Stolen => ("pm_card_visa_chargeDeclinedStolenCard", MethodKind::Card),
            Behaviour::Authenticates => ("pm_card_authenticationRequired", MethodKind::Card),
            Behaviour::BankDebit => ("pm_usBankAccount_success", MethodKind::UsBankDebit),
        };
        let mut state = self.state();
        let method = state.resolve_method(token, None).ok()?;
        if let Some(customer) = customer {
            state.attach(&method, customer.as_str());
        }
        Some(MethodRef {
            theirs: VendorRef::parse(&method).ok()?,
            customer: customer.cloned(),
            kind,
        })
    }

    fn does(&self, deed: Deed<'_>) -> bool {
        let mut state = self.state();
        match deed {
            Deed::Pays(payment) => state.payer_enters(payment.as_str(), "4242424242424242"),
            Deed::IsRefused(payment) => state.payer_enters(payment.as_str(), "4000000000000002"),
            Deed::Settles(payment) => state.decide_debit(payment.as_str(), true),
            Deed::Bounces(payment) => state.decide_debit(payment.as_str(), false),
            Deed::SucceedsLate(payment) => state.succeed_late(payment.as_str()),
            Deed::RefundFails(refund) => state.fail_refund(refund.as_str()),
            Deed::RefundsThere(payment, amount) => {
                let charge = state.word(payment.as_str(), "latest_charge");
                if !state.is("charge", &charge) {
                    return false;
                }
                state.make_refund(&charge, to_stripe(amount), None, json!({}));
                true
            }
            Deed::Disputes(payment, kind) => {
                let charge = state.word(payment.as_str(), "latest_charge");
                let inquiry = kind == DisputeKind::Inquiry;
                let reason = if kind == DisputeKind::BankReturn {
                    "debit_not_authorized"
                } else {
                    "fraudulent"
                };
                state.open_dispute(&charge, reason, inquiry).is_some()
            }
            Deed::Decides(dispute, won) => state.decide_dispute(dispute.as_str(), won),
            Deed::EntersCard(setup) => state.enters(setup.as_str(), &card("4242424242424242")),
            // It collects no subscriptions here.
            Deed::Agrees(_) | Deed::RefusesCharges(_) | Deed::EndsThere(_) => false,
            Deed::EntersBankAccount(setup) => {
                let account = json!({ "account_number": "000123456789", "routing_number": "110000000" });
                let entered = json!({ "type": "us_bank_account", "us_bank_account": account });
                state.enters(setup.as_str(), &entered)
            }
        }
    }

    fn captured(&self, payment: &PaymentId) -> Vec<i64> {
        let state = self.state();
        let prefix = format!("{payment}.");
        let all = state.newest("payment_intent");
        let ours = all.filter(|one| {
            one["metadata"][ATTEMPT]
                .as_str()
                .is_some_and(|known| known.starts_with(&prefix))
        });
        ours.filter_map(|one| one["amount_received"].as_i64().filter(|taken| *taken != 0))
            .collect()
    }

    fn refunded(&self, refund: &RefundId) -> Vec<i64> {
        let state = self.state();
        let all = state.newest("refund");
        let ours = all.filter(|one| one["metadata"][REFUND] == refund.as_str());
        ours.filter_map(|one| one["amount"].as_i64()).collect()
    }

    fn posted(&self) -> Vec<Posted> {
        self.deliver()
    }
}

fn card(number: &str) -> Value {
    json!({ "type": "card", "card": { "number": number, "exp_month": "12", "exp_year": "2034", "cvc": "123" } })
}

impl State {
    /// A payer does what an intent or a page waits for, with a card.
    fn payer_enters(&mut self, id: &str, number: &str) -> bool {
        if let Some(page) = self
            .open_page(id)
            .filter(|_| self.word(id, "status") != "requires_action")
        {
            return self.payer_enters(&page, number);
        }
        if self.is("checkout.session", id) {
            let open = self.word(id, "status") == "open";
            drop(self.pay_page(id, &card(number)));
            return open;
        }
        match self.word(id, "status").as_str() {
            "requires_action" => self.authenticate(id, number.starts_with("42")),
            "requires_payment_method" => {
                let Ok(method) = self.make_method(&card(number)) else {
                    return false;
                };
                let how = Confirming {
                    method,
                    off_session: false,
                    return_url: None,
                    authenticated: false,
                };
                drop(self.confirm_intent(id, &how));
                true
            }
            _ => false,
        }
    }

    fn enters(&mut self, setup: &str, entered: &Value) -> bool {
        let made = self.make_method(entered);
        made.is_ok_and(|method| {
            self.is("setup_intent", setup) && self.confirm_setup(setup, &method, None).is_ok()
        })
    }

    /// What failed succeeds after all.
    pub(super) fn succeed_late(&mut self, id: &str) -> bool {
        let failed = self
            .get(id)
            .is_some_and(|intent| intent["last_payment_error"].is_object());
        if !failed {
            return false;
        }
        let method =
            text(&self.get(id).cloned().unwrap_or_default()["last_payment_error"]["payment_method"]["id"]);
        self.set(id, json!({ "payment_method": method }));
        self.collect(id);
        true
    }
}
