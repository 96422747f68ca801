//! The part of the suite about stored methods.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use super::counterparty::Deed;
use super::suite::Case;
use crate::id::SetupId;
use crate::outcome::Outcome;
use crate::payments::{
    CUSTOMER_GONE, Decline, DeclineClass, MethodKind, NextAction, PaymentCapability, Presence, Setup,
    SetupOrder, SetupProof, SetupStatus, Source, Vault, VendorRef, Verification,
};

fn present() -> Presence {
    Presence::Present {
        return_url: "https://gate.example.com/billing/return".to_owned(),
        cancel_url: None,
        ip: None,
    }
}

impl Case<'_> {
    fn setup_order(&self, customer: Option<&VendorRef>, kind: MethodKind) -> SetupOrder {
        let id = SetupId::random(&*self.runtime.entropy);
        SetupOrder {
            id: id.unwrap_or_else(|error| panic!("no randomness: {error:?}")),
            key: self.key(),
            resend: false,
            customer: customer.cloned(),
            kinds: vec![kind],
            presence: present(),
        }
    }

    async fn setup(&self, vault: &dyn Vault, customer: Option<&VendorRef>, kind: MethodKind) -> Setup {
        let order = self.setup_order(customer, kind);
        let first = vault.begin(&order).await;
        let again = vault
            .begin(&SetupOrder {
                resend: true,
                ..order.clone()
            })
            .await;
        let (Outcome::Pending(setup), Outcome::Pending(same)) = (first, again) else {
            panic!("storing a method does not begin");
        };
        assert_eq!(setup.theirs, same.theirs, "the same key begins once");
        assert_eq!(
            (setup.ours.as_ref(), setup.status),
            (Some(&order.id), SetupStatus::RequiresAction)
        );
        assert!(setup.action.is_some(), "nothing is said of what has to be done");
        setup
    }

    fn proof(
        &self,
        setup: &Setup,
        customer: Option<VendorRef>,
        verification: Option<Verification>,
    ) -> SetupProof {
        SetupProof {
            setup: setup.theirs.clone(),
            customer,
            key: self.key(),
            verification,
            handed: self.counterparty.handed(&setup.theirs),
            mandate: None,
        }
    }

    pub(super) async fn a_method_is_stored_for_its_customer_charged_and_forgotten(&self) {
        let Some(vault) = self.connected.vault.as_deref() else {
            return;
        };
        let customer = self.customer().await;
        let setup = self.setup(vault, customer.as_ref(), MethodKind::Card).await;
        assert!(
            self.counterparty.does(Deed::EntersCard(&setup.theirs)),
            "nobody enters a card"
        );
        let mut found = Vec::new();
        for _ in 0..2 {
            match vault.finish(&self.proof(&setup, customer.clone(), None)).await {
                Outcome::Done(stored) => found.push(stored),
                other => panic!("a card was entered, and {other:?}"),
            }
        }
        assert_eq!(found[0], found[1], "asked twice it is the same method");
        let stored = found.remove(0);
        assert!(
            stored.last4.as_ref().is_none_or(|last4| last4.len() == 4),
            "{stored:?}"
        );
        let other = self.customer().await;
        if other.is_some() {
            match vault.finish(&self.proof(&setup, other, None)).await {
                Outcome::Declined(decline) => assert_eq!(decline.class, DeclineClass::OurSide),
                other => panic!("the setup of another customer gives {other:?}"),
            }
        }
        let order = self.order(
            Source::Stored(stored.reference.clone()),
            Presence::Absent,
            customer,
        );
        let made = self.connected.payments.charge(&order).await;
        assert!(
            matches!(made, Outcome::Done(_)),
            "what was stored cannot be charged: {made:?}"
        );
        for _ in 0..2 {
            let forgotten = vault.forget(&stored.reference).await;
            assert!(matches!(forgotten, Outcome::Done(())), "{forgotten:?}");
        }
        assert!(
            !vault.forgets() || vault.describe(&stored.reference).await.is_err(),
            "it was forgotten"
        );
    }

    pub(super) async fn an_order_of_a_removed_customer_is_told_so(&self) {
        let (Some(customers), Some(customer)) = (self.connected.customers.as_deref(), self.customer().await)
        else {
            return;
        };
        let removed = customers.remove(&customer).await;
        assert!(matches!(removed, Outcome::Done(())), "{removed:?}");
        let gone = |decline: Decline| {
            assert_eq!(
                (decline.class, decline.code.as_str()),
                (DeclineClass::OurSide, CUSTOMER_GONE),
                "{decline:?}"
            );
        };
        if self.has(PaymentCapability::ChargePresent) {
            let source = Source::Fresh { save: false };
            let order = self.order(source, present(), Some(customer.clone()));
            match self.connected.payments.charge(&order).await {
                Outcome::Declined(decline) => gone(decline),
                other => panic!("a payment of a removed customer gives {other:?}"),
            }
        }
        if let Some(vault) = self.connected.vault.as_deref() {
            let order = self.setup_order(Some(&customer), MethodKind::Card);
            match vault.begin(&order).await {
                Outcome::Declined(decline) => gone(decline),
                other => panic!("a setup of a removed customer gives {other:?}"),
            }
        }
    }

    pub(super) async fn a_bank_account_is_proven_by_its_deposits(&self) {
        let Some(vault) = self.connected.vault.as_deref() else {
            return;
        };
        if !self.has(PaymentCapability::Microdeposits) {
            return;
        }
        let customer = self.customer().await;
        let setup = self
            .setup(vault, customer.as_ref(), MethodKind::UsBankDebit)
            .await;
        assert!(
            self.counterparty.does(Deed::EntersBankAccount(&setup.theirs)),
            "nobody enters an account"
        );
        match vault.finish(&self.proof(&setup, customer.clone(), None)).await {
            Outcome::Pending(waiting) => {
                assert!(
                    matches!(waiting.action, Some(NextAction::Microdeposits { .. })),
                    "{waiting:?}"
                );
            }
            other => panic!("an account that is not proven gives {other:?}"),
        }
        let wrong = self.proof(&setup, customer.clone(), Some(Verification::Amounts([1, 2])));
        assert!(
            matches!(vault.finish(&wrong).await, Outcome::Declined(_)),
            "wrong amounts prove nothing"
        );
        let right = self.proof(&setup, customer, Some(Verification::Amounts([32, 45])));
        match vault.finish(&right).await {
            Outcome::Done(stored) => assert_eq!(stored.reference.kind, MethodKind::UsBankDebit),
            other => panic!("the right amounts give {other:?}"),
        }
    }
}
