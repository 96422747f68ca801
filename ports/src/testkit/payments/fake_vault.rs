//! Customers and stored methods of the vendor in memory.

use std::time::Duration;

use async_trait::async_trait;

use super::fake::{ACCOUNT, Call, FakePayments, State};
use super::fake_money::declined;
use super::faults::PaymentFault;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::outcome::{Outcome, Reason, Reference};
use crate::payments::{
    CUSTOMER_GONE, ClientSecret, CustomerOrder, Customers, Decline, DeclineClass, EventObject, Expiry,
    Failure, MethodKind, MethodRef, MethodState, MicrodepositKind, NextAction, Reuse, Setup, SetupOrder,
    SetupOutcome, SetupProof, SetupStatus, SetupWay, StoredMethod, StoredOutcome, UNKNOWN_METHOD, Vault,
    VendorRef, Verification,
};

/// The amounts of the deposits on every bank account.
const DEPOSITS: [u32; 2] = [32, 45];

#[async_trait]
impl Customers for FakePayments {
    async fn create(&self, order: &CustomerOrder) -> Outcome<VendorRef, Decline> {
        let call = Call {
            key: &order.key,
            order: format!("{order:?}"),
            ours: order.ours.clone(),
            in_vault: true,
        };
        let ours = order.ours.clone();
        let made = self.call::<VendorRef, VendorRef>(call, move |state, _| {
            let theirs = state.name("cus");
            state.customers.insert(ours.clone(), theirs.clone());
            Outcome::Done(theirs)
        });
        match made {
            Outcome::Done(theirs) | Outcome::Pending(theirs) => Outcome::Done(theirs),
            Outcome::Declined(decline) => Outcome::Declined(decline),
            Outcome::NotSent(reason) => Outcome::NotSent(reason),
            Outcome::Unknown(reference) => Outcome::Unknown(reference),
        }
    }

    async fn remove(&self, customer: &VendorRef) -> Outcome<(), Decline> {
        let mut state = self.state();
        state.customers.retain(|_, known| known != customer);
        state.removed.push(customer.clone());
        state
            .methods
            .retain(|method| method.reference.customer.as_ref() != Some(customer));
        Outcome::Done(())
    }
}

#[async_trait]
impl Vault for FakePayments {
    fn ways(&self) -> &[SetupWay] {
        &[SetupWay::Browser]
    }

    fn microdeposits(&self) -> bool {
        true
    }

    async fn begin(&self, order: &SetupOrder) -> SetupOutcome {
        let call = Call {
            key: &order.key,
            order: format!("{:?}{:?}{:?}", order.id, order.customer, order.kinds),
            ours: order.id.to_string(),
            in_vault: true,
        };
        let order = order.clone();
        self.call(call, move |state, now| {
            if let Some(decline) = state.gone(order.customer.as_ref()) {
                return Outcome::Declined(decline);
            }
            let theirs = state.name("seti");
            let setup = Setup {
                action: Some(NextAction::Confirm {
                    client_secret: ClientSecret::new(format!("{theirs}_secret")),
                    public_key: "pk_fake".to_owned(),
                }),
                theirs,
                ours: Some(order.id.clone()),
                customer: order.customer.clone(),
                status: SetupStatus::RequiresAction,
                method: None,
                failure: None,
                at: now,
                live: false,
                account: VendorRef::parse(ACCOUNT).ok(),
            };
            state.setups.push(setup.clone());
            SetupOutcome::of(setup)
        })
    }

    async fn finish(&self, proof: &SetupProof) -> StoredOutcome {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(at) = state.setups.iter().position(|one| one.theirs == proof.setup) else {
            return Outcome::Declined(Decline::new(declined("no_such_setup")));
        };
        if state.setups[at].customer != proof.customer {
            let failure = Failure::new(
                DeclineClass::OurSide,
                "another-customer",
                "the setup is of another customer",
            );
            return Outcome::Declined(Decline::new(failure).of(proof.setup.clone()));
        }
        let waits = matches!(state.setups[at].action, Some(NextAction::Microdeposits { .. }));
        match &proof.verification {
            Some(Verification::Amounts(told)) if waits && *told == DEPOSITS => state.store(at, now),
            Some(_) if waits => {
                let failure = Failure::new(
                    DeclineClass::RetryLater,
                    "amounts_mismatch",
                    "these are not the deposits",
                );
                return Outcome::Declined(Decline::new(failure).of(proof.setup.clone()));
            }
            _ => {}
        }
        let setup = state.setups[at].clone();
        match (setup.status, setup.method.clone()) {
            (SetupStatus::Succeeded, Some(method)) => Outcome::Done(method),
            (SetupStatus::Failed, _) => {
                Outcome::Declined(Decline::new(declined("card_declined")).of(setup.theirs))
            }
            _ => Outcome::Pending(setup),
        }
    }

    async fn describe(&self, method: &MethodRef) -> Result<StoredMethod> {
        let state = self.state();
        let found = state.methods.iter().find(|one| one.reference == *method);
        found.cloned().ok_or_else(|| UNKNOWN_METHOD.error())
    }

    async fn forget(&self, method: &MethodRef) -> Outcome<(), Decline> {
        let now = self.clock.now();
        let mut state = self.state();
        let unknown = Outcome::Unknown(Reference::Theirs(method.theirs.to_string()));
        let fault = state.vault_fault();
        match fault {
            Some(PaymentFault::Refused | PaymentFault::Busy(_)) => {
                let why = "the connection was refused";
                return Outcome::NotSent(Reason::outage("no-connection", why, Duration::from_secs(5)));
            }
            Some(PaymentFault::RequestLost | PaymentFault::ActsLate(_)) => return unknown,
            Some(PaymentFault::AnswerLost | PaymentFault::ActsThenFails | PaymentFault::ActsTwice) | None => {
            }
        }
        let before = state.methods.len();
        state.methods.retain(|one| one.reference.theirs != method.theirs);
        if state.methods.len() < before {
            let object = EventObject::Method {
                reference: method.clone(),
                state: MethodState::Detached,
                method: None,
            };
            state.announce_method(object, &method.theirs, now);
        }
        if fault.is_some() {
            unknown
        } else {
            Outcome::Done(())
        }
    }
}

impl FakePayments {
    /// The payer enters a card in the browser; the setup succeeds.
    pub fn enter_card(&self, setup: &VendorRef) -> Option<StoredMethod> {
        self.enter(setup, None)
    }

    /// The same with a card that the vendor recognises.
    pub fn enter_marked_card(&self, setup: &VendorRef, fingerprint: &str) -> Option<StoredMethod> {
        self.enter(setup, Some(fingerprint.to_owned()))
    }

    fn enter(&self, setup: &VendorRef, fingerprint: Option<String>) -> Option<StoredMethod> {
        let now = self.clock.now();
        let mut state = self.state();
        let at = state.setups.iter().position(|one| one.theirs == *setup)?;
        let card = StoredMethod {
            fingerprint,
            ..state.method(at, MethodKind::Card)
        };
        state.setups[at].method = Some(card);
        state.store(at, now);
        state.setups[at].method.clone()
    }

    /// Every method it keeps, in order.
    pub fn methods(&self) -> Vec<StoredMethod> {
        self.state().methods.clone()
    }

    /// From now on a stored method is charged like one of [`super::methods`], until it is told to be itself again.
    pub fn charge_like(&self, method: &VendorRef, like: Option<&'static str>) {
        let mut state = self.state();
        match like {
            Some(like) => drop(state.alike.insert(method.clone(), like)),
            None => drop(state.alike.remove(method)),
        }
    }

    /// The bank renews a card, or another detail of a method becomes known. `false` if it keeps no such method.
    pub fn change_method(&self, method: &VendorRef, change: impl FnOnce(&mut StoredMethod)) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let mut kept = state.methods.iter_mut();
        let Some(found) = kept.find(|one| one.reference.theirs == *method) else {
            return false;
        };
        change(found);
        let object = EventObject::Method {
            reference: found.reference.clone(),
            state: MethodState::Usable,
            method: Some(Box::new(found.clone())),
        };
        state.announce_method(object, method, now);
        true
    }

    /// The payer enters a card in the browser, and its bank refuses. Another may be entered.
    pub fn refuse_card(&self, setup: &VendorRef) -> bool {
        let mut state = self.state();
        let Some(found) = state.setups.iter_mut().find(|one| one.theirs == *setup) else {
            return false;
        };
        found.status = SetupStatus::Failed;
        found.failure = Some(declined("card_declined"));
        true
    }

    /// The payer enters a bank account in the browser; the setup waits for deposits of 32 and 45.
    pub fn enter_bank_account(&self, setup: &VendorRef) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(at) = state.setups.iter().position(|one| one.theirs == *setup) else {
            return false;
        };
        state.setups[at].method = Some(state.method(at, MethodKind::UsBankDebit));
        state.setups[at].action = Some(NextAction::Microdeposits {
            kind: MicrodepositKind::Amounts,
            arrives: now + Duration::from_hours(48),
            url: None,
        });
        true
    }
}

impl State {
    /// The refusal of an order whose customer was removed.
    pub(super) fn gone(&self, customer: Option<&VendorRef>) -> Option<Decline> {
        let gone = customer.is_some_and(|customer| self.removed.contains(customer));
        gone.then(|| Decline::new(declined(CUSTOMER_GONE)))
    }

    fn method(&mut self, at: usize, kind: MethodKind) -> StoredMethod {
        let card = kind == MethodKind::Card;
        StoredMethod {
            reference: MethodRef {
                theirs: self.name("pm"),
                customer: self.setups[at].customer.clone(),
                kind,
            },
            label: if card { "Visa" } else { "Test Bank" }.to_owned(),
            last4: Some(if card { "4242" } else { "6789" }.to_owned()),
            expires: card.then_some(Expiry {
                year: 2040,
                month: 12,
            }),
            reuse: Reuse::Many,
            fingerprint: None,
            mandate: None,
        }
    }

    fn store(&mut self, at: usize, now: Timestamp) {
        let setup = &mut self.setups[at];
        (setup.status, setup.action, setup.at) = (SetupStatus::Succeeded, None, now);
        let setup = setup.clone();
        self.methods.extend(setup.method.clone());
        self.announce_setup(setup, now);
    }
}
