//! Charges and refunds: payment intents with the payer present and absent, and pages of Checkout.

use async_trait::async_trait;
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::payments::{
    Capture, Charge, ChargeOutcome, Decline, Mandate, PaymentProvider, PaymentResolution, PaymentStatus,
    Presence, RefundOrder, RefundOutcome, RefundReason, Snapshot, Sought, Source, Terms, VendorRef,
};
use serde_json::{Value, json};

use crate::answers::Answered;
use crate::client::Client;
use crate::methods::type_of;
use crate::pictures::{self, Pictures};
use crate::terms::{code, to_stripe};
use crate::wire::{ATTEMPT, PaymentIntent, REFUND, Refund, Refusal, Session, TAG};

/// One account at Stripe.
pub(crate) struct Stripe {
    pub(crate) client: Client,
    pub(crate) pictures: Pictures,
    pub(crate) terms: Terms,
    pub(crate) browser: portcullis_ports::payments::BrowserConfig,
}

/// What is written out in the answer about an intent.
pub(crate) const EXPANDED: [&str; 2] = ["latest_charge.balance_transaction", "payment_method"];

#[async_trait]
impl PaymentProvider for Stripe {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn charge(&self, order: &Charge) -> ChargeOutcome {
        if let Err(problem) = self.terms.admits(order.amount.get()) {
            let detail = format!("Stripe does not take {}: {problem}", order.amount.get());
            return Outcome::NotSent(Reason::permanent("amount-not-taken", detail));
        }
        let ours = order.id.to_string();
        match (&order.source, &order.presence) {
            (Source::Stored(_), _) | (Source::Fresh { .. }, Presence::Present { .. }) => {
                let fields = intent(order);
                self.intent(
                    self.client.post("/v1/payment_intents", &fields, &order.key).await,
                    &ours,
                )
            }
            (
                Source::HostedPage,
                Presence::Present {
                    return_url,
                    cancel_url,
                    ..
                },
            ) => {
                let fields = page(order, return_url, cancel_url.as_ref().unwrap_or(return_url));
                let answer = self
                    .client
                    .post("/v1/checkout/sessions", &fields, &order.key)
                    .await;
                let done = |session: Session| self.pictures.page(&session, self.now()).map(ChargeOutcome::of);
                Answered::of(answer).done(&ours, done)
            }
            (Source::Offline, _) => Outcome::NotSent(Reason::permanent(
                "not-offered",
                "what is paid outside of Stripe is not paid here",
            )),
            (Source::Fresh { .. } | Source::HostedPage, Presence::Absent) => {
                Outcome::NotSent(Reason::permanent(
                    "payer-absent",
                    "a method can only be entered by a payer who is present",
                ))
            }
        }
    }

    async fn find(&self, sought: &Sought) -> PaymentResolution {
        self.lookup(sought).await
    }

    async fn refund(&self, order: &RefundOrder) -> RefundOutcome {
        let fields = json!({
            "payment_intent": order.payment.as_str(),
            "amount": to_stripe(order.amount.get()),
            "reason": match order.reason {
                RefundReason::Requested => "requested_by_customer",
                RefundReason::Duplicate => "duplicate",
                RefundReason::Fraudulent => "fraudulent",
            },
            "metadata": { REFUND: order.id.as_str(), ATTEMPT: order.attempt.to_string() },
        });
        let answer = self.client.post("/v1/refunds", &fields, &order.key).await;
        let done = |refund: Refund| pictures::refund(&refund, self.now()).map(RefundOutcome::of);
        Answered::of(answer).done(order.id.as_str(), done)
    }
}

impl Stripe {
    pub(crate) fn now(&self) -> portcullis_ports::Timestamp {
        self.client.clock.now()
    }

    /// What the answer about an intent means. A refusal holds the intent that was refused.
    pub(crate) fn intent(
        &self,
        answer: Result<portcullis_ports::http::HttpResponse, portcullis_ports::http::NoAnswer>,
        ours: &str,
    ) -> ChargeOutcome {
        Answered::of(answer).outcome(
            ours,
            |intent: PaymentIntent| self.pictures.payment(&intent, self.now()).map(ChargeOutcome::of),
            |refusal, decline| match self.refused(refusal) {
                Some(snapshot) => Outcome::Declined(decline.with_snapshot(snapshot)),
                None => Outcome::Declined(decline),
            },
        )
    }

    /// The same, for a call that wants an intent in a certain state: if it is there already, that is what was wanted.
    pub(crate) fn intent_in(
        &self,
        wanted: PaymentStatus,
        answer: Result<portcullis_ports::http::HttpResponse, portcullis_ports::http::NoAnswer>,
        ours: &str,
    ) -> ChargeOutcome {
        match self.intent(answer, ours) {
            Outcome::Declined(Decline {
                snapshot: Some(snapshot),
                ..
            }) if snapshot.status == wanted => ChargeOutcome::of(*snapshot),
            other => other,
        }
    }

    /// The picture of the intent that a refusal holds.
    fn refused(&self, refusal: &Refusal) -> Option<Snapshot> {
        let intent = refusal.payment_intent.clone()?;
        let intent: PaymentIntent = serde_json::from_value(intent).ok()?;
        self.pictures.payment(&intent, self.now())
    }
}

/// The fields of an intent. The words that choose method types are those that this version and the next both know.
fn intent(order: &Charge) -> Value {
    let mut fields = json!({
        "amount": to_stripe(order.amount.get()),
        "currency": code(order.amount.get().currency),
        "customer": order.customer.as_ref().map(VendorRef::as_str),
        "description": (!order.statement.description.is_empty()).then_some(&order.statement.description),
        "statement_descriptor_suffix": order.statement.suffix,
        "capture_method": (order.capture == Capture::Later).then_some("manual"),
        "metadata": { ATTEMPT: order.id.to_string(), TAG: order.tag.as_str() },
        "expand": EXPANDED,
    });
    let more = match (&order.source, &order.presence) {
        (Source::Stored(method), presence) => json!({
            "payment_method": method.theirs.as_str(),
            "allowed_payment_method_types": [type_of(method.kind)],
            "confirm": true,
            "off_session": (*presence == Presence::Absent).then_some(true),
            "return_url": match presence {
                Presence::Present { return_url, .. } => Some(return_url),
                Presence::Absent => None,
            },
            "mandate_data": order.mandate.as_ref().map(mandate),
        }),
        (Source::Fresh { save }, _) => json!({
            "automatic_payment_methods": { "enabled": true },
            "setup_future_usage": save.then_some("off_session"),
        }),
        (Source::HostedPage | Source::Offline, _) => json!({}),
    };
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
        fields.extend(more);
    }
    fields
}

/// The fields of a page of Checkout: what its payment shall keep is said twice, as the payment is made only when the payer
/// pays.
fn page(order: &Charge, return_url: &str, cancel_url: &str) -> Value {
    let ours = json!({ ATTEMPT: order.id.to_string(), TAG: order.tag.as_str() });
    let name = if order.statement.description.is_empty() {
        "Payment"
    } else {
        &order.statement.description
    };
    json!({
        "mode": "payment",
        "success_url": return_url,
        "cancel_url": cancel_url,
        "client_reference_id": order.id.to_string(),
        "customer": order.customer.as_ref().map(VendorRef::as_str),
        "metadata": ours,
        "line_items": [{
            "quantity": 1,
            "price_data": {
                "currency": code(order.amount.get().currency),
                "unit_amount": to_stripe(order.amount.get()),
                "product_data": { "name": name },
            },
        }],
        "payment_intent_data": {
            "capture_method": (order.capture == Capture::Later).then_some("manual"),
            "description": name,
            "metadata": ours,
        },
    })
}

/// An agreement to debits that was given in a browser.
pub(crate) fn mandate(mandate: &Mandate) -> Value {
    json!({
        "customer_acceptance": {
            "type": "online",
            "accepted_at": mandate.accepted_at.seconds(),
            "online": {
                "ip_address": mandate.ip.map(|ip| ip.to_string()).unwrap_or_default(),
                "user_agent": mandate.user_agent.as_deref().unwrap_or_default(),
            },
        },
    })
}
