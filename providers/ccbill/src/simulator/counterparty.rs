//! The payer, the bank and CCBill's desk, as the suite of the port drives them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::payments::{DisputeKind, Handed, MethodKind, MethodRef, NextAction, VendorRef};
use portcullis_ports::simulation::Posted;
use portcullis_ports::testkit::payments::{Behaviour, Counterparty, Deed};

use super::state::{MadeToken, Token};
use super::{POSTS_FROM, Simulator, desk};
use crate::terms::price;
use crate::wire::ATTEMPT;

impl Counterparty for Simulator {
    fn stored(&self, behaviour: Behaviour, _: Option<&VendorRef>) -> Option<MethodRef> {
        let token = match behaviour {
            Behaviour::Succeeds => Token::GOOD,
            Behaviour::InsufficientFunds => Token {
                declined: Some((31, "Insufficient Funds")),
                ..Token::GOOD
            },
            Behaviour::Stolen => Token {
                declined: Some((38, "Pick Up Card")),
                ..Token::GOOD
            },
            Behaviour::Authenticates => Token {
                secure: true,
                ..Token::GOOD
            },
            Behaviour::BankDebit => return None,
        };
        Some(MethodRef {
            theirs: VendorRef::parse(&self.token(token)).ok()?,
            customer: None,
            kind: MethodKind::Card,
        })
    }

    fn does(&self, deed: Deed<'_>) -> bool {
        if let Deed::Agrees(shown) = deed {
            return match &shown.action {
                Some(NextAction::Form { url }) => self.pays_on(url).is_some(),
                _ => false,
            };
        }
        let mut state = self.state();
        match deed {
            Deed::RefundsThere(payment, amount) => {
                let hundredths = price(amount).replace('.', "").parse().unwrap_or_default();
                state.give_back(payment.as_str(), "REFUND", hundredths)
            }
            Deed::Disputes(payment, DisputeKind::Chargeback) => {
                desk::act(&mut state, "chargeback", payment.as_str())
            }
            Deed::Disputes(payment, DisputeKind::BankReturn) => {
                desk::act(&mut state, "return", payment.as_str())
            }
            Deed::RefusesCharges(subscription) => state.refuse(subscription.as_str()),
            Deed::EndsThere(subscription) => {
                state.cancel(subscription.as_str());
                true
            }
            Deed::EntersCard(setup) => {
                let made = MadeToken {
                    token: Token::GOOD,
                    used_for: None,
                };
                state.tokens.insert(token_of(setup), made);
                true
            }
            _ => false,
        }
    }

    fn captured(&self, payment: &PaymentId) -> Vec<i64> {
        let state = self.state();
        let prefix = format!("{payment}.");
        let ours = state.sales.values();
        let ours = ours.filter(|sale| {
            sale.passed
                .get(ATTEMPT)
                .is_some_and(|known| known.starts_with(&prefix))
        });
        ours.map(|sale| {
            if sale.currency == 392 {
                sale.hundredths / 100
            } else {
                sale.hundredths
            }
        })
        .collect()
    }

    /// CCBill keeps no name of ours with what it gives back.
    fn refunded(&self, _: &RefundId) -> Vec<i64> {
        Vec::new()
    }

    fn posted(&self) -> Vec<Posted> {
        self.deliver()
    }

    fn posts_from(&self) -> IpAddr {
        POSTS_FROM.into()
    }

    fn handed(&self, setup: &VendorRef) -> Handed {
        let token = Some(token_of(setup)).filter(|token| self.state().tokens.contains_key(token));
        let values: BTreeMap<_, _> = token
            .map(|token| ("paymentTokenId".to_owned(), token))
            .into_iter()
            .collect();
        Handed::new(values).unwrap_or_default()
    }
}

/// The token that is entered for a setup.
fn token_of(setup: &VendorRef) -> String {
    let digits = setup
        .as_str()
        .bytes()
        .fold(7_u128, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("{digits:032x}")
}
