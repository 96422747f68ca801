//! Stored methods: setup intents for cards and bank accounts, small deposits among them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::{
    CallKey, Decline, DeclineClass, Failure, MethodKind, MethodRef, NextAction, Presence, Setup, SetupOrder,
    SetupOutcome, SetupProof, SetupStatus, SetupWay, StoredMethod, StoredOutcome, UNKNOWN_METHOD, Vault,
    VendorRef, Verification,
};
use serde_json::{Value, json};

use crate::answers::Answered;
use crate::find::segment;
use crate::methods;
use crate::payments::{Stripe, mandate};
use crate::wire::{Named, PaymentMethod, Refusal, SETUP, SetupIntent};

#[async_trait]
impl Vault for Stripe {
    fn ways(&self) -> &[SetupWay] {
        &[SetupWay::Browser]
    }

    fn microdeposits(&self) -> bool {
        true
    }

    async fn begin(&self, order: &SetupOrder) -> SetupOutcome {
        if order.presence == Presence::Absent || order.kinds.is_empty() {
            return Outcome::NotSent(Reason::permanent(
                "payer-absent",
                "a method can only be entered by a payer who is present, and of a kind that is offered",
            ));
        }
        // A wallet is a card to Stripe, which wants each type once.
        let types: BTreeSet<&str> = order.kinds.iter().map(|kind| methods::type_of(*kind)).collect();
        let deposits = order.kinds.contains(&MethodKind::UsBankDebit);
        let fields = json!({
            "customer": order.customer.as_ref().map(VendorRef::as_str),
            "usage": "off_session",
            "allowed_payment_method_types": types,
            "payment_method_options": deposits.then(|| json!({
                "us_bank_account": { "verification_method": "automatic" },
            })),
            "metadata": { SETUP: order.id.as_str() },
        });
        let answer = self.client.post("/v1/setup_intents", &fields, &order.key).await;
        Answered::of(answer).done(order.id.as_str(), |intent: SetupIntent| {
            self.pictures.setup(&intent, self.now()).map(SetupOutcome::of)
        })
    }

    async fn finish(&self, proof: &SetupProof) -> StoredOutcome {
        let path = format!("/v1/setup_intents/{}", segment(&proof.setup));
        let ours = proof.setup.as_str();
        let query = json!({ "expand": ["payment_method"] });
        let answer = self.client.get(&path, &query).await;
        let refused = |_: &Refusal, decline: Decline| Outcome::Declined(decline.of(proof.setup.clone()));
        let intent = match Answered::<SetupIntent>::of(answer) {
            Answered::Object(intent) => intent,
            none => return none.outcome(ours, |_| None, refused),
        };
        let Some(setup) = self.pictures.setup(&intent, self.now()) else {
            return Outcome::Unknown(Reference::Ours(ours.to_owned()));
        };
        if setup.customer != proof.customer {
            let failure = Failure::new(
                DeclineClass::OurSide,
                "another-customer",
                "the setup belongs to another customer",
            );
            return Outcome::Declined(Decline::new(failure).of(proof.setup.clone()));
        }
        let step = match (&proof.verification, &proof.mandate) {
            (Some(told), _) if waits_for_deposits(&setup) => Some(("verify_microdeposits", deposits(told))),
            (_, Some(given)) if intent.status == "requires_confirmation" => {
                Some(("confirm", json!({ "mandate_data": mandate(given) })))
            }
            _ => None,
        };
        let Some((step, mut fields)) = step else {
            return stored(setup);
        };
        fields["expand"] = json!(["payment_method"]);
        let answer = self
            .client
            .post(&format!("{path}/{step}"), &fields, &proof.key)
            .await;
        Answered::of(answer).outcome(
            ours,
            |intent: SetupIntent| self.pictures.setup(&intent, self.now()).map(stored),
            refused,
        )
    }

    async fn describe(&self, method: &MethodRef) -> Result<StoredMethod> {
        let path = format!("/v1/payment_methods/{}", segment(&method.theirs));
        let found = self.client.read::<PaymentMethod>(&path, &json!({})).await?;
        let known = found.as_ref().and_then(|found| methods::stored(found, None));
        known
            .filter(|known| known.reference.customer == method.customer)
            .ok_or_else(|| UNKNOWN_METHOD.error())
    }

    async fn forget(&self, method: &MethodRef) -> Outcome<(), Decline> {
        let path = format!("/v1/payment_methods/{}/detach", segment(&method.theirs));
        let Ok(key) = CallKey::parse(&format!("detach-{}", method.theirs)) else {
            return Outcome::NotSent(Reason::permanent(
                "no-such-method",
                "the name of the method is too long",
            ));
        };
        let answer = self.client.post(&path, &json!({}), &key).await;
        Answered::of(answer).outcome(
            method.theirs.as_str(),
            |_: Named| Some(Outcome::Done(())),
            |refusal, decline| match refusal.code.as_deref() {
                // It is not attached to anybody, or not there at all.
                Some("resource_missing" | "payment_method_not_attached") => Outcome::Done(()),
                None if refusal.kind == "invalid_request_error" => Outcome::Done(()),
                _ => Outcome::Declined(decline),
            },
        )
    }
}

fn waits_for_deposits(setup: &Setup) -> bool {
    matches!(setup.action, Some(NextAction::Microdeposits { .. }))
}

fn deposits(told: &Verification) -> Value {
    match told {
        Verification::Amounts(amounts) => json!({ "amounts": amounts }),
        Verification::Code(code) => json!({ "descriptor_code": code }),
    }
}

fn stored(setup: Setup) -> StoredOutcome {
    match (setup.status, &setup.method, &setup.failure) {
        (SetupStatus::Succeeded, Some(method), _) => Outcome::Done(method.clone()),
        (SetupStatus::Failed, _, Some(failure)) => {
            Outcome::Declined(Decline::new(failure.clone()).of(setup.theirs.clone()))
        }
        _ => Outcome::Pending(setup),
    }
}
