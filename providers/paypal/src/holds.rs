//! Captures and releases of what was authorised. What PayPal does not honour any more is renewed before it is captured.

use async_trait::async_trait;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::payments::{
    CallKey, CaptureOrder, ChargeOutcome, Decline, DeclineClass, Failure, Holds, PaymentStatus, VendorRef,
    VoidOrder,
};
use serde_json::{Value, json};

use crate::answers::Answered;
use crate::client::Body;
use crate::find::segment;
use crate::payments::{PayPal, unread};
use crate::pictures::hold;
use crate::terms::{HONOURED, from_paypal, from_time, to_paypal};
use crate::wire::{Authorization, Capture, Order};

#[async_trait]
impl Holds for PayPal {
    async fn capture(&self, order: &CaptureOrder) -> ChargeOutcome {
        let ours = order.id.to_string();
        let found = match self.held(&order.payment).await {
            Ok(found) => found,
            Err(refused) => return refused,
        };
        let (whole, mut held) = found;
        // PayPal would take a little more than was held; nobody agreed to that.
        let more = |held: &Authorization| {
            let most = held.amount.as_ref().and_then(from_paypal);
            most.is_some_and(|most| order.amount.get().minor > most.minor)
        };
        if more(&held) {
            return refused_here(
                &order.payment,
                "MAX_CAPTURE_AMOUNT_EXCEEDED",
                "less than that is held",
            );
        }
        if held.status == "CREATED" {
            held = match self.renewed(&whole, held, &order.key).await {
                Ok(held) => held,
                Err(reason) => return Outcome::NotSent(reason),
            };
        }
        let body = json!({
            "amount": to_paypal(order.amount.get()),
            "invoice_id": ours,
            "final_capture": true,
        });
        let path = format!("/v2/payments/authorizations/{}/capture", segment(&held.id));
        let answer = self.client.post(&path, Body::Json(body), Some(&order.key)).await;
        let made: Outcome<(), Decline, ()> = Answered::of(answer).outcome(
            &ours,
            |_: Capture| Some(Outcome::Done(())),
            |_, decline| Outcome::Declined(decline.of(order.payment.clone())),
        );
        match made {
            Outcome::Done(()) | Outcome::Pending(()) => self.shown(&order.payment, &ours).await,
            Outcome::Declined(decline) => Outcome::Declined(decline),
            Outcome::NotSent(reason) => Outcome::NotSent(reason),
            Outcome::Unknown(reference) => Outcome::Unknown(reference),
        }
    }

    async fn void(&self, order: &VoidOrder) -> ChargeOutcome {
        let ours = order.id.to_string();
        let (_, held) = match self.held(&order.payment).await {
            Ok(found) => found,
            Err(refused) => return refused,
        };
        if held.status == "VOIDED" {
            return self.shown(&order.payment, &ours).await;
        }
        let path = format!("/v2/payments/authorizations/{}/void", segment(&held.id));
        let answer = self
            .client
            .post(&path, Body::Json(json!({})), Some(&order.key))
            .await;
        match Answered::<Value>::of(answer) {
            Answered::Object(_) => self.shown(&order.payment, &ours).await,
            answered => answered.outcome(
                &ours,
                |_| None,
                |_, decline| Outcome::Declined(decline.of(order.payment.clone())),
            ),
        }
    }
}

impl PayPal {
    /// An order with what is held for it.
    async fn held(&self, payment: &VendorRef) -> Result<(Order, Authorization), ChargeOutcome> {
        match self.order_of(payment).await {
            Ok(Some(order)) => match hold(&order).cloned() {
                Some(held) => Ok((order, held)),
                None => Err(refused_here(
                    payment,
                    "nothing-held",
                    "nothing is held for this payment",
                )),
            },
            Ok(None) => Err(refused_here(
                payment,
                "RESOURCE_NOT_FOUND",
                "PayPal does not have this payment",
            )),
            Err(error) => Err(Outcome::NotSent(unread(&error))),
        }
    }

    /// Holds it anew, once, where PayPal does not vouch for the money any more.
    async fn renewed(
        &self,
        order: &Order,
        held: Authorization,
        key: &CallKey,
    ) -> Result<Authorization, Reason> {
        let since = from_time(&held.create_time);
        let stale = since.is_some_and(|since| self.now().since(since) >= HONOURED);
        let over = held.expiration_time.as_deref().and_then(from_time);
        let over = over.is_some_and(|over| over <= self.now());
        let first = order
            .unit()
            .is_some_and(|unit| unit.payments.authorizations.len() == 1);
        if !stale || over || !first {
            return Ok(held);
        }
        let key = CallKey::parse(&format!("{key}-renewed"))
            .map_err(|advice| Reason::permanent("key-too-long", advice))?;
        let path = format!("/v2/payments/authorizations/{}/reauthorize", segment(&held.id));
        let amount = held.amount.as_ref().and_then(from_paypal);
        let body = json!({ "amount": amount.map(to_paypal) });
        match Answered::of(self.client.post(&path, Body::Json(body), Some(&key)).await) {
            Answered::Object(renewed) => Ok(renewed),
            // What is held may still be captured, only without PayPal's word for it.
            Answered::Refused(_) => Ok(held),
            Answered::NotSent(reason) => Err(reason),
            Answered::Unknown => Err(Reason::passing(
                "not-renewed",
                "whether PayPal renewed the authorisation is not known; nothing was captured",
                crate::answers::TRY_AGAIN,
            )),
        }
    }

    /// The order as it is after something was done to it: that it cannot be read does not undo that.
    pub(crate) async fn shown(&self, payment: &VendorRef, ours: &str) -> ChargeOutcome {
        match self.by_theirs(payment.as_str()).await {
            Ok(Some(picture)) if picture.status == PaymentStatus::Failed => match picture.failure.clone() {
                Some(failure) => Outcome::Declined(Decline::new(failure).with_snapshot(picture)),
                None => ChargeOutcome::of(picture),
            },
            Ok(Some(picture)) => ChargeOutcome::of(picture),
            _ => Outcome::Unknown(Reference::Ours(ours.to_owned())),
        }
    }
}

fn refused_here(payment: &VendorRef, code: &str, detail: &str) -> ChargeOutcome {
    let failure = Failure::new(DeclineClass::OurSide, code, detail);
    Outcome::Declined(Decline::new(failure).of(payment.clone()))
}
