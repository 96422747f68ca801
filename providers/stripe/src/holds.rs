//! Captures and releases of what was authorised.

use async_trait::async_trait;
use portcullis_ports::payments::{CaptureOrder, ChargeOutcome, Holds, PaymentStatus, VoidOrder};
use serde_json::json;

use crate::find::segment;
use crate::payments::{EXPANDED, Stripe};
use crate::terms::to_stripe;

#[async_trait]
impl Holds for Stripe {
    async fn capture(&self, order: &CaptureOrder) -> ChargeOutcome {
        let path = format!("/v1/payment_intents/{}/capture", segment(&order.payment));
        let fields = json!({ "amount_to_capture": to_stripe(order.amount.get()), "expand": EXPANDED });
        let answer = self.client.post(&path, &fields, &order.key).await;
        self.intent(answer, &order.id.to_string())
    }

    async fn void(&self, order: &VoidOrder) -> ChargeOutcome {
        let path = format!("/v1/payment_intents/{}/cancel", segment(&order.payment));
        let fields = json!({ "cancellation_reason": "requested_by_customer", "expand": EXPANDED });
        let answer = self.client.post(&path, &fields, &order.key).await;
        self.intent_in(PaymentStatus::Canceled, answer, &order.id.to_string())
    }
}
