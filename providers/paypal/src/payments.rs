//! Charges and refunds: orders that a payer approves at PayPal, and orders on what is stored.

use async_trait::async_trait;
use portcullis_ports::Timestamp;
use portcullis_ports::http::HttpResponse;
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::payments::{
    BrowserConfig, Capture, Charge, ChargeOutcome, Decline, DeclineClass, Failure, MethodKind, MethodRef,
    PaymentProvider, PaymentResolution, PaymentStatus, Presence, RefundOrder, RefundOutcome, RefundReason,
    Sought, Source, SubscriptionTerms, Terms,
};
use serde_json::{Value, json};

use crate::answers::Answered;
use crate::client::{Body, Client, NoReply};
use crate::find::segment;
use crate::pictures::{self, Pictures, custom, is_taken};
use crate::terms::to_paypal;
use crate::wire::{Order, Refund};

/// One account at PayPal.
pub(crate) struct PayPal {
    pub(crate) client: Client,
    pub(crate) pictures: Pictures,
    pub(crate) terms: Terms,
    pub(crate) subscription_terms: SubscriptionTerms,
    pub(crate) browser: BrowserConfig,
    /// What payers read at PayPal instead of the name of the account.
    pub(crate) brand_name: Option<String>,
    pub(crate) webhook_id: String,
}

#[async_trait]
impl PaymentProvider for PayPal {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn charge(&self, order: &Charge) -> ChargeOutcome {
        if let Err(problem) = self.terms.admits(order.amount.get()) {
            let detail = format!("PayPal does not take {}: {problem}", order.amount.get());
            return Outcome::NotSent(Reason::permanent("amount-not-taken", detail));
        }
        let Some(source) = self.source(order) else {
            return Outcome::NotSent(Reason::permanent(
                "payer-absent",
                "only a payer who is present can approve a payment",
            ));
        };
        let body = json!({
            "intent": match order.capture {
                Capture::Now => "CAPTURE",
                Capture::Later => "AUTHORIZE",
            },
            "purchase_units": [without_nulls(json!({
                "amount": to_paypal(order.amount.get()),
                "custom_id": custom(&order.id, order.tag.as_str()),
                "invoice_id": order.id.to_string(),
                "description": shortened(&order.statement.description, 127),
                "soft_descriptor": order.statement.suffix,
            }))],
            "payment_source": source,
        });
        let answer = self
            .client
            .post("/v2/checkout/orders", Body::Json(body), Some(&order.key))
            .await;
        let absent = order.presence == Presence::Absent;
        match self.order(answer, &order.id.to_string()) {
            // A stored method whose payer has to confirm, and is not there to do it.
            Outcome::Pending(made) if absent && made.status == PaymentStatus::RequiresAction => {
                let failure = Failure::new(
                    DeclineClass::Authenticate,
                    "PAYER_ACTION_REQUIRED",
                    "the payer has to confirm the payment at PayPal",
                );
                Outcome::Declined(Decline::new(failure).with_snapshot(made))
            }
            other => other,
        }
    }

    async fn find(&self, sought: &Sought) -> PaymentResolution {
        self.lookup(sought).await
    }

    async fn refund(&self, order: &RefundOrder) -> RefundOutcome {
        // PayPal gives back captures, and only an order knows which one took the money.
        let captured = match self.order_of(&order.payment).await {
            Ok(Some(found)) => {
                let all = found.unit().map(|unit| unit.payments.captures.clone());
                all.unwrap_or_default().into_iter().find(is_taken)
            }
            Ok(None) => match self.sale(order.payment.as_str()).await {
                Ok(Some(sale)) => return self.refund_sale(&sale, order).await,
                Ok(None) => None,
                Err(error) => return Outcome::NotSent(unread(&error)),
            },
            Err(error) => return Outcome::NotSent(unread(&error)),
        };
        let Some(capture) = captured else {
            let detail = "PayPal shows no money that was taken for this payment";
            let failure = Failure::new(DeclineClass::OurSide, "nothing-captured", detail);
            return Outcome::Declined(Decline::new(failure).of(order.payment.clone()));
        };
        let body = json!({
            "amount": to_paypal(order.amount.get()),
            "custom_id": custom(&order.attempt, order.id.as_str()),
            "invoice_id": order.id.as_str(),
            "note_to_payer": match order.reason {
                RefundReason::Requested => "You asked for it.",
                RefundReason::Duplicate => "It was paid twice.",
                RefundReason::Fraudulent => "The payment was not yours.",
            },
        });
        let path = format!("/v2/payments/captures/{}/refund", segment(&capture.id));
        let answer = self.client.post(&path, Body::Json(body), Some(&order.key)).await;
        let done = |refund: Refund| {
            let payment = order.payment.as_str();
            pictures::refund(&refund, payment, self.now()).map(RefundOutcome::of)
        };
        Answered::of(answer).outcome(order.id.as_str(), done, |_, decline| Outcome::Declined(decline))
    }
}

impl PayPal {
    pub(crate) fn now(&self) -> Timestamp {
        self.client.clock.now()
    }

    /// What the answer about an order means. What was tried and refused is in the order; a refusal without one has none.
    pub(crate) fn order(&self, answer: Result<HttpResponse, NoReply>, ours: &str) -> ChargeOutcome {
        Answered::of(answer).outcome(
            ours,
            |order: Order| self.pictures.payment(&order, self.now()).map(ChargeOutcome::of),
            |_, decline| Outcome::Declined(decline),
        )
    }

    /// What is charged; `None` where nobody is there who could approve it.
    fn source(&self, order: &Charge) -> Option<Value> {
        let pages = match &order.presence {
            Presence::Present {
                return_url,
                cancel_url,
                ..
            } => Some((return_url, cancel_url.as_ref().unwrap_or(return_url))),
            Presence::Absent => None,
        };
        let pages = pages.map(|(back, cancel)| self.pages(back, cancel));
        Some(match &order.source {
            Source::Stored(MethodRef {
                theirs,
                kind: MethodKind::Card,
                ..
            }) => json!({ "card": without_nulls(json!({
                "vault_id": theirs.as_str(),
                "experience_context": pages.map(|pages| json!({
                    "return_url": pages["return_url"],
                    "cancel_url": pages["cancel_url"],
                })),
                "stored_credential": {
                    "payment_initiator": if order.presence == Presence::Absent { "MERCHANT" } else { "CUSTOMER" },
                    "payment_type": "UNSCHEDULED",
                    "usage": "SUBSEQUENT",
                },
            })) }),
            Source::Stored(method) => json!({ "paypal": without_nulls(json!({
                "vault_id": method.theirs.as_str(),
                "experience_context": pages,
            })) }),
            // The terms do not offer it: whoever asks for it all the same is asked to approve.
            Source::Fresh { .. } | Source::HostedPage | Source::Offline => {
                let mut pages = pages?;
                pages["user_action"] = json!("PAY_NOW");
                let saved = order.source == Source::Fresh { save: true };
                json!({ "paypal": without_nulls(json!({
                    "experience_context": pages,
                    "attributes": saved.then(|| json!({
                        "vault": { "store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT" },
                    })),
                })) })
            }
        })
    }

    /// How PayPal's pages look, and where they lead back to.
    pub(crate) fn pages(&self, return_url: &str, cancel_url: &str) -> Value {
        without_nulls(json!({
            "brand_name": self.brand_name,
            "shipping_preference": "NO_SHIPPING",
            "return_url": return_url,
            "cancel_url": cancel_url,
        }))
    }
}

/// An object without its members that are `null`.
pub(crate) fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, member| !member.is_null());
    }
    value
}

/// At most so many characters; `None` if there is nothing.
fn shortened(text: &str, most: usize) -> Option<String> {
    (!text.is_empty()).then(|| text.chars().take(most).collect())
}

/// Nothing was asked for, because what had to be read first could not be.
pub(crate) fn unread(error: &portcullis_ports::Error) -> Reason {
    let told = |name: &str| {
        let mut context = error.context().iter();
        context
            .find(|(known, _)| *known == name)
            .map(|(_, text)| text.clone())
    };
    let detail = told("why").unwrap_or_else(|| "PayPal did not show the payment".to_owned());
    let wait = crate::answers::TRY_AGAIN;
    match told("code") {
        // Without a token nothing else can be asked either.
        Some(code) if code == "key-refused" || code == "no-connection" => Reason::outage(code, detail, wait),
        _ => Reason::passing("no-answer", detail, wait),
    }
}
