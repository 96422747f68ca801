//! Webhooks: where they come from, what is kept of them, and what they are about.
//!
//! CCBill signs none. They are believed for their path, for the address that posts them, and for what was passed through and
//! comes back. They only wake whoever looks; no money of theirs is booked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use ipnet::IpNet;
use portcullis_ports::id::SubscriptionId;
use portcullis_ports::inbound::{
    Delivery, Inbound, Proof, Verification, WebhookRequest, refused, unreadable,
};
use portcullis_ports::payments::{EventOrigin, EventTopic, PaymentEvent, VendorRef};
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Result, Secret};
use serde_json::Value;

use crate::arizona;
use crate::payments::Ccbill;
use crate::terms;
use crate::wire::{ATTEMPT, PROOF, SUBSCRIPTION, TAG};

/// The webhooks of one account.
pub(crate) struct CcbillInbound {
    pub(crate) ccbill: Arc<Ccbill>,
    /// The end of the path, and the former one while it is changed.
    pub(crate) tokens: Vec<Secret>,
    pub(crate) addresses: Vec<IpNet>,
}

/// What is kept of a delivery. All else is the member's: password, user name, address, numbers of the card.
const KEPT: [&str; 24] = [
    "eventType",
    "clientAccnum",
    "clientSubacc",
    "timestamp",
    "transactionId",
    "subscriptionId",
    "originalSubscriptionId",
    "denialId",
    "billedInitialPrice",
    "billedCurrencyCode",
    "billedAmount",
    "billedCurrency",
    "amount",
    "currency",
    "currencyCode",
    "reason",
    "failureReason",
    "failureCode",
    "renewalDate",
    "nextRenewalDate",
    "nextRetryDate",
    "dynamicPricingValidationDigest",
    "cardType",
    "last4",
];

type Fields = BTreeMap<String, String>;

/// Whether a field is kept.
fn is_kept(name: &str) -> bool {
    let ours = name
        .strip_prefix("X-")
        .is_some_and(|name| [ATTEMPT, SUBSCRIPTION, TAG, PROOF].contains(&name));
    ours || KEPT.contains(&name)
}

/// The fields of a body, JSON or form, as one configures them at CCBill.
fn fields(body: &[u8]) -> Result<Fields> {
    let wrong = || unreadable("body", "is no event of CCBill");
    if body.first() != Some(&b'{') {
        let text = std::str::from_utf8(body).map_err(|_| wrong())?;
        return Ok(form_urlencoded::parse(text.as_bytes()).into_owned().collect());
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return Err(wrong());
    };
    let text = |(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Number(number) => Some((name, number.to_string())),
        _ => None,
    };
    Ok(members.into_iter().filter_map(text).collect())
}

#[async_trait]
impl Inbound for CcbillInbound {
    type Event = PaymentEvent;

    fn screen(&self, delivery: &WebhookRequest<'_>) -> Result<Verification> {
        let given = delivery.token.unwrap_or_default();
        if !self.tokens.iter().any(|token| token.matches(given)) {
            return Err(refused("the end of the path is not `webhook_token`"));
        }
        let peer: IpAddr = delivery.peer.to_canonical();
        if !self.addresses.iter().any(|range| range.contains(&peer)) {
            return Err(refused(
                "it comes from an address that is none of `webhook_addresses`",
            ));
        }
        Ok(Verification::Local)
    }

    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
        self.screen(delivery)?;
        let fields = fields(delivery.body)?;
        let text = |name: &str| {
            fields
                .get(name)
                .map(String::as_str)
                .filter(|text| !text.is_empty())
        };
        if let Some(digest) = text("dynamicPricingValidationDigest") {
            let right = match (text("subscriptionId"), text("denialId")) {
                (Some(subscription), _) => self.ccbill.form.answer_digest(subscription, true),
                (None, Some(denial)) => self.ccbill.form.answer_digest(denial, false),
                (None, None) => return Err(refused("its digest is of no sale")),
            };
            if !same_secret(right.as_bytes(), digest.to_lowercase().as_bytes()) {
                return Err(refused("its digest does not fit the salt"));
            }
        }
        Ok(Proof::SharedCredential)
    }

    fn redact<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut kept = fields(body)?;
        kept.retain(|name, _| is_kept(name));
        let text = if body.first() == Some(&b'{') {
            serde_json::to_string(&kept).map_err(|_| unreadable("body", "cannot be written again"))?
        } else {
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&kept)
                .finish()
        };
        Ok(Cow::Owned(text.into_bytes()))
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<PaymentEvent>> {
        let fields = fields(delivery.body())?;
        let asked = form_urlencoded::parse(delivery.query().as_bytes());
        let named = asked
            .into_owned()
            .find(|(name, _)| name == "eventType")
            .map(|(_, kind)| kind);
        let Some(kind) = named.or_else(|| fields.get("eventType").cloned()) else {
            return Err(unreadable(
                "eventType",
                "is missing: CCBill adds it to the address",
            ));
        };
        Ok(vec![self.event(&kind, &fields, delivery)?])
    }
}

impl CcbillInbound {
    fn event(&self, kind: &str, fields: &Fields, delivery: &Delivery) -> Result<PaymentEvent> {
        let text = |name: &str| {
            fields
                .get(name)
                .map(String::as_str)
                .filter(|text| !text.is_empty())
        };
        let reference = |name: &str| text(name).and_then(|text| VendorRef::parse(text).ok());
        let known = |name: &str, own: u32| text(name).and_then(|text| text.parse().ok()) == Some(own);
        let own = known("clientAccnum", self.ccbill.account)
            && known("clientSubacc", u32::from(self.ccbill.subaccount));
        let (subscription, transaction) = (reference("subscriptionId"), reference("transactionId"));
        let time = text("timestamp").unwrap_or_default();
        // Their transaction names most of them; the others happen once a second at most.
        let id = match (&transaction, &subscription) {
            (Some(transaction), _) => format!("{kind}-{transaction}"),
            (None, Some(subscription)) => format!("{kind}-{subscription}-{time}"),
            (None, None) => return Err(unreadable("transactionId", "or subscriptionId is expected")),
        };
        let rebilled = matches!(
            kind,
            "RenewalSuccess"
                | "RenewalFailure"
                | "Cancellation"
                | "Expiration"
                | "BillingDateChange"
                | "UserReactivation"
        );
        let topic = match kind {
            "NewSaleSuccess" | "UpSaleSuccess" | "NewSaleFailure" | "UpSaleFailure" => EventTopic::Payment,
            "Refund" | "Void" => EventTopic::Refund,
            "Chargeback" | "Return" => EventTopic::Dispute,
            _ if rebilled => EventTopic::Subscription,
            // Of members.
            _ => EventTopic::Other(kind.chars().take(64).collect()),
        };
        let sold = kind.ends_with("Success");
        let billed = || {
            let currency = terms::currency(text("billedCurrencyCode")?)?;
            terms::from_price(text("billedInitialPrice")?, currency)
        };
        let agreed: Option<SubscriptionId> =
            billed().and_then(|billed| self.ccbill.form.proven(fields, SUBSCRIPTION, billed));
        // The first payment of what CCBill collects by itself.
        let topic = match topic {
            EventTopic::Payment if agreed.is_some() => EventTopic::Subscription,
            other => other,
        };
        Ok(PaymentEvent {
            id,
            at: arizona::moment(time).unwrap_or_else(|| delivery.received_at()),
            name: kind.chars().take(64).collect(),
            origin: if own {
                EventOrigin::Own
            } else {
                EventOrigin::ForeignAccount
            },
            theirs: if matches!(topic, EventTopic::Payment | EventTopic::Subscription) {
                subscription.clone()
            } else {
                transaction
            },
            topic,
            payment: subscription.filter(|_| sold || !kind.ends_with("Failure")),
            // What was passed for another amount proves nothing: an operator finds the sale among what fits to nothing.
            attempt: billed().and_then(|billed| self.ccbill.form.proven(fields, ATTEMPT, billed)),
            refund: None,
            setup: None,
            subscription: reference("subscriptionId"),
            our_subscription: agreed,
            object: None,
        })
    }
}
