//! What follows after the payer acted: Stripe moves the money itself, so completing is reading.

use async_trait::async_trait;
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::payments::{
    Approval, ChargeOutcome, Decline, DeclineClass, Failure, PaymentStatus, Return, VendorRef, Withdrawal,
};
use serde_json::json;

use crate::answers::Answered;
use crate::find::{is_page, no_answer, segment};
use crate::payments::{EXPANDED, Stripe};
use crate::wire::Session;

#[async_trait]
impl Approval for Stripe {
    async fn complete(&self, back: &Return) -> ChargeOutcome {
        match &back.payment {
            Some(payment) => self.now_of(payment).await,
            None => Outcome::NotSent(unnamed()),
        }
    }

    /// Stripe calls off no intent that Checkout made while its page is open: the page is expired then, and its intent cannot be
    /// paid any more.
    async fn withdraw(&self, withdrawal: &Withdrawal) -> ChargeOutcome {
        let Some(payment) = &withdrawal.payment else {
            return Outcome::NotSent(unnamed());
        };
        if is_page(payment) {
            return self.expire(&segment(payment), payment, withdrawal).await;
        }
        match self.page_of(payment.as_str()).await {
            Ok(Some(page)) if page.is("open") => self.expire(&page.id, payment, withdrawal).await,
            Ok(Some(page)) if page.is("expired") => self.now_of(payment).await,
            Ok(_) => self.cancel(payment, withdrawal).await,
            Err(error) => Outcome::NotSent(no_answer(&error)),
        }
    }
}

/// Stripe names every payment in its first answer.
fn unnamed() -> Reason {
    Reason::permanent(
        "not-named",
        "Stripe has not named this payment yet: look it up first",
    )
}

impl Stripe {
    async fn cancel(&self, payment: &VendorRef, withdrawal: &Withdrawal) -> ChargeOutcome {
        let fields = json!({ "cancellation_reason": "abandoned", "expand": EXPANDED });
        let path = format!("/v1/payment_intents/{}/cancel", segment(payment));
        let answer = self.client.post(&path, &fields, &withdrawal.key).await;
        match self.intent_in(PaymentStatus::Canceled, answer, &withdrawal.id.to_string()) {
            // The payer was faster.
            Outcome::Declined(Decline {
                snapshot: Some(snapshot),
                ..
            }) if snapshot.captured.is_positive() => Outcome::Done(*snapshot),
            other => other,
        }
    }

    async fn expire(&self, session: &str, payment: &VendorRef, withdrawal: &Withdrawal) -> ChargeOutcome {
        let path = format!("/v1/checkout/sessions/{session}/expire");
        let answer = self.client.post(&path, &json!({}), &withdrawal.key).await;
        match Answered::<Session>::of(answer) {
            // Paid or expired already: what it is now is the answer.
            Answered::Refused(_) => self.now_of(payment).await,
            answered => answered.done(&withdrawal.id.to_string(), |session| {
                self.pictures.page(&session, self.now()).map(ChargeOutcome::of)
            }),
        }
    }

    async fn now_of(&self, payment: &VendorRef) -> ChargeOutcome {
        match self.by_theirs(payment.as_str()).await {
            Ok(Some(snapshot)) => ChargeOutcome::of(snapshot),
            Ok(None) => {
                let failure = Failure::new(
                    DeclineClass::OurSide,
                    "resource_missing",
                    "Stripe does not have this payment: it may be of another account or mode",
                );
                Outcome::Declined(Decline::new(failure).of(payment.clone()))
            }
            Err(error) => Outcome::NotSent(no_answer(&error)),
        }
    }
}
