//! What follows after a payer approved at PayPal: the money moves only now, and by our call.

use async_trait::async_trait;
use portcullis_ports::money::Money;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::{
    Approval, Capture, ChargeOutcome, Decline, NextAction, PaymentStatus, Return, Snapshot, Withdrawal,
};
use serde_json::json;

use crate::answers::Answered;
use crate::client::Body;
use crate::find::segment;
use crate::payments::{PayPal, unread};
use crate::wire::{Order, link};

#[async_trait]
impl Approval for PayPal {
    async fn complete(&self, back: &Return) -> ChargeOutcome {
        let ours = back.id.to_string();
        let Some(payment) = &back.payment else {
            return Outcome::NotSent(unnamed());
        };
        let step = match back.capture {
            Capture::Now => "capture",
            Capture::Later => "authorize",
        };
        let path = format!("/v2/checkout/orders/{}/{step}", segment(payment.as_str()));
        let answer = self
            .client
            .post(&path, Body::Json(json!({})), Some(&back.key))
            .await;
        let decline = match Answered::<Order>::of(answer) {
            Answered::Refused(refusal) => Decline::new(crate::failures::failure(&refusal)),
            answered => {
                let done = |order| self.pictures.payment(&order, self.now()).map(ChargeOutcome::of);
                return answered.outcome(&ours, done, |_, decline| Outcome::Declined(decline));
            }
        };
        // Somebody was faster, or the payer has something left to do: the order says which.
        let order = match self.order_of(payment).await {
            Ok(Some(order)) => order,
            Ok(None) => return Outcome::Declined(decline.of(payment.clone())),
            Err(_) => return Outcome::Unknown(Reference::Ours(ours)),
        };
        let Some(picture) = self.pictures.payment(&order, self.now()) else {
            return Outcome::Unknown(Reference::Ours(ours));
        };
        if picture.status != PaymentStatus::RequiresAction {
            return ChargeOutcome::of(picture);
        }
        let way = link(&order.links, &["payer-action", "approve"]);
        let refused = Snapshot {
            status: PaymentStatus::Failed,
            failure: Some(decline.failure()),
            action: way.map(|url| NextAction::Redirect { url: url.to_owned() }),
            ..picture
        };
        Outcome::Declined(decline.with_snapshot(refused))
    }

    /// PayPal has no call for it. What is not captured is never paid, and only we capture: it is called off by not doing so.
    async fn withdraw(&self, withdrawal: &Withdrawal) -> ChargeOutcome {
        let nothing = Money::zero(withdrawal.amount.get().currency);
        let Some(payment) = &withdrawal.payment else {
            return Outcome::NotSent(unnamed());
        };
        let picture = match self.by_theirs(payment.as_str()).await {
            Ok(Some(picture)) => picture,
            // It was dropped already, because nobody paid it.
            Ok(None) => Snapshot {
                theirs: Some(payment.clone()),
                ours: Some(withdrawal.id.clone()),
                tag: None,
                customer: None,
                status: PaymentStatus::Canceled,
                amount: withdrawal.amount.get(),
                capturable: nothing,
                captured: nothing,
                capture_before: None,
                action: None,
                refunds: Vec::new(),
                disputes: Vec::new(),
                complete: true,
                fee: None,
                method: None,
                failure: None,
                created_at: self.now(),
                at: self.now(),
                live: self.terms.live,
                account: self.terms.account.clone(),
            },
            Err(error) => return Outcome::NotSent(unread(&error)),
        };
        Outcome::Done(match picture.status {
            PaymentStatus::RequiresAction | PaymentStatus::Failed => Snapshot {
                status: PaymentStatus::Canceled,
                action: None,
                failure: None,
                ..picture
            },
            PaymentStatus::Processing => return Outcome::Pending(picture),
            _ => picture,
        })
    }
}

/// PayPal names every payment in its first answer.
fn unnamed() -> Reason {
    Reason::permanent(
        "not-named",
        "PayPal has not named this payment yet: look it up first",
    )
}
