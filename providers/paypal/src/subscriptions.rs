//! Subscriptions that PayPal collects: a product and a plan for each offer, and a page on which the payer agrees.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::Timestamp;
use portcullis_ports::id::SubscriptionId;
use portcullis_ports::outcome::{Outcome, Reason, Reference, Resolution};
use portcullis_ports::payments::{
    CallKey, Decline, NextAction, Offer, PeriodLength, PeriodUnit, Presence, SoughtSubscription, SourceKind,
    SubscriptionChange, SubscriptionCharge, SubscriptionOrder, SubscriptionOutcome, SubscriptionResolution,
    SubscriptionSnapshot, SubscriptionState, SubscriptionStep, SubscriptionTerms, VendorRef,
    VendorSubscriptions,
};
use serde_json::{Value, json};

use crate::answers::Answered;
use crate::client::Body;
use crate::failures;
use crate::find::{segment, unreadable};
use crate::payments::{PayPal, without_nulls};
use crate::terms::{from_paypal, from_time, to_paypal, to_time};
use crate::wire::{BillingPlan, Charge, Charges, Subscription, link};

/// After so many payments that failed PayPal suspends a subscription.
const FAILURES: u8 = 3;
/// How long a payment may be pending before it is completed.
const PENDING: Duration = Duration::from_hours(24 * 45);
/// How far the clocks may be apart.
const SKEW: Duration = Duration::from_mins(5);
/// When to ask again after no answer.
const AGAIN: Duration = Duration::from_secs(15);

/// What PayPal collects.
pub(crate) fn subscription_terms() -> SubscriptionTerms {
    SubscriptionTerms {
        periods: vec![
            (PeriodUnit::Day, 365),
            (PeriodUnit::Week, 52),
            (PeriodUnit::Month, 12),
            (PeriodUnit::Year, 1),
        ],
        sources: vec![SourceKind::HostedPage],
        trial_days: 365,
        pauses: true,
    }
}

/// What PayPal keeps for us with a subscription: our name for it, and the tag behind a comma.
pub(crate) fn subscription_id(custom: &str) -> Option<SubscriptionId> {
    let name = custom.split_once(',').map_or(custom, |(name, _)| name);
    SubscriptionId::parse(name).ok()
}

fn frequency(period: PeriodLength) -> Value {
    let unit = match period.unit {
        PeriodUnit::Day => "DAY",
        PeriodUnit::Week => "WEEK",
        PeriodUnit::Month => "MONTH",
        PeriodUnit::Year => "YEAR",
    };
    json!({ "interval_unit": unit, "interval_count": period.count.get() })
}

fn cycles(offer: &Offer) -> Vec<Value> {
    let paid = |sequence: u8| {
        json!({
            "frequency": frequency(offer.period),
            "tenure_type": "REGULAR",
            "sequence": sequence,
            "total_cycles": 0,
            "pricing_scheme": { "fixed_price": to_paypal(offer.amount.get()) },
        })
    };
    if offer.trial_days == 0 {
        return vec![paid(1)];
    }
    let trial = json!({
        "frequency": { "interval_unit": "DAY", "interval_count": offer.trial_days },
        "tenure_type": "TRIAL",
        "sequence": 1,
        "total_cycles": 1,
    });
    vec![trial, paid(2)]
}

#[async_trait]
impl VendorSubscriptions for PayPal {
    fn terms(&self) -> &SubscriptionTerms {
        &self.subscription_terms
    }

    async fn offer(&self, offer: &Offer) -> Outcome<Option<VendorRef>, Decline> {
        let product = match self.product(offer).await {
            Ok(product) => product,
            Err(outcome) => return *outcome,
        };
        let body = json!({
            "product_id": product,
            "name": offer.title,
            "billing_cycles": cycles(offer),
            "payment_preferences": {
                // Each payment pays one period, and no sum of several.
                "auto_bill_outstanding": false,
                "payment_failure_threshold": FAILURES,
            },
        });
        let answer = self
            .client
            .post("/v1/billing/plans", Body::Json(body), Some(&offer.key))
            .await;
        let done = |plan: BillingPlan| Some(Outcome::Done(Some(VendorRef::parse(&plan.id).ok()?)));
        Answered::of(answer).outcome(&offer.name, done, |_, decline| Outcome::Declined(decline))
    }

    async fn start(&self, order: &SubscriptionOrder) -> SubscriptionOutcome {
        if let Err(problem) = self.terms.admits(order.amount.get()) {
            let detail = format!("PayPal does not take {}: {problem}", order.amount.get());
            return Outcome::NotSent(Reason::permanent("amount-not-taken", detail));
        }
        let (
            Presence::Present {
                return_url,
                cancel_url,
                ..
            },
            None,
        ) = (&order.presence, &order.method)
        else {
            let why = "a payer has to agree to a subscription on PayPal's page";
            return Outcome::NotSent(Reason::permanent("payer-absent", why));
        };
        let Some(plan) = &order.offer else {
            let why = "PayPal has to know an offer before it is subscribed to";
            return Outcome::NotSent(Reason::permanent("offer-unknown", why));
        };
        let mut context = self.pages(return_url, cancel_url.as_ref().unwrap_or(return_url));
        context["user_action"] = json!("SUBSCRIBE_NOW");
        let body = without_nulls(json!({
            "plan_id": plan.as_str(),
            "custom_id": format!("{},{}", order.id, order.tag),
            "application_context": context,
        }));
        let answer = self
            .client
            .post("/v1/billing/subscriptions", Body::Json(body), Some(&order.key))
            .await;
        let done = |made: Subscription| self.subscribed(&made, Vec::new()).map(SubscriptionOutcome::of);
        Answered::of(answer).outcome(order.id.as_str(), done, |_, decline| Outcome::Declined(decline))
    }

    async fn read(&self, sought: &SoughtSubscription) -> SubscriptionResolution {
        let Reference::Theirs(theirs) = &sought.reference else {
            let why =
                "PayPal finds no subscription by our name for it: its event names it, if the payer agrees";
            return Resolution::CannotTell(Reason::permanent("not-named-yet", why));
        };
        match self.subscription(theirs, sought.since).await {
            Ok(Some(picture)) => Resolution::Found(SubscriptionOutcome::of(picture)),
            Ok(None) => Resolution::Absent,
            Err(error) => {
                let why = error.context().iter().find(|(name, _)| *name == "why");
                let why = why.map_or_else(|| "PayPal did not answer".to_owned(), |(_, why)| why.clone());
                Resolution::CannotTell(Reason::passing("no-answer", why, AGAIN))
            }
        }
    }

    async fn change(&self, change: &SubscriptionChange) -> Outcome<(), Decline> {
        let (step, there) = match change.step {
            SubscriptionStep::Cancel => ("cancel", &["CANCELLED", "EXPIRED"][..]),
            SubscriptionStep::Pause => ("suspend", &["SUSPENDED"][..]),
            SubscriptionStep::Resume => ("activate", &["ACTIVE"][..]),
        };
        let name = change.subscription.as_str();
        let path = format!("/v1/billing/subscriptions/{}/{step}", segment(name));
        let body = json!({ "reason": "Asked for by the subscriber or the merchant" });
        let answer = self.client.post(&path, Body::Json(body), Some(&change.key)).await;
        let refusal = match Answered::<Value>::of(answer) {
            Answered::Object(_) => return Outcome::Done(()),
            Answered::NotSent(reason) => return Outcome::NotSent(reason),
            Answered::Unknown => return Outcome::Unknown(Reference::Theirs(name.to_owned())),
            Answered::Refused(refusal) => refusal,
        };
        // What stands there already is refused as well.
        let path = format!("/v1/billing/subscriptions/{}", segment(name));
        match self.client.read::<Subscription>(&path, &[]).await {
            Ok(Some(now)) if there.contains(&now.status.as_str()) => Outcome::Done(()),
            // What PayPal has dropped charges nobody.
            Ok(None) if change.step == SubscriptionStep::Cancel => Outcome::Done(()),
            Ok(_) => {
                Outcome::Declined(Decline::new(failures::failure(&refusal)).of(change.subscription.clone()))
            }
            Err(_) => Outcome::Unknown(Reference::Theirs(name.to_owned())),
        }
    }
}

impl PayPal {
    /// The product that an offer is one of, under our name: made once, however often it is asked for.
    async fn product(&self, offer: &Offer) -> Result<String, Box<Outcome<Option<VendorRef>, Decline>>> {
        let body = json!({ "id": offer.name, "name": offer.title, "type": "SERVICE" });
        // Of another call than that for the plan.
        let key = CallKey::parse(&format!("{}-product", offer.key)).ok();
        let answer = self
            .client
            .post("/v1/catalogs/products", Body::Json(body), key.as_ref())
            .await;
        match Answered::<BillingPlan>::of(answer) {
            Answered::Object(_) => Ok(offer.name.clone()),
            Answered::Refused(refusal) if refusal.code() == "DUPLICATE_RESOURCE_IDENTIFIER" => {
                Ok(offer.name.clone())
            }
            Answered::Refused(refusal) => {
                let decline = Decline::new(failures::failure(&refusal));
                Err(Box::new(Outcome::Declined(decline)))
            }
            Answered::NotSent(reason) => Err(Box::new(Outcome::NotSent(reason))),
            Answered::Unknown => Err(Box::new(Outcome::Unknown(Reference::Ours(offer.name.clone())))),
        }
    }

    /// A subscription with what was taken for it since a moment, and before that as far as it may have been pending then.
    async fn subscription(&self, theirs: &str, since: Timestamp) -> Result<Option<SubscriptionSnapshot>> {
        let path = format!("/v1/billing/subscriptions/{}", segment(theirs));
        let Some(read) = self.client.read::<Subscription>(&path, &[]).await? else {
            return Ok(None);
        };
        let mut charges = Vec::new();
        let mut counts_more = false;
        if let Some(last) = &read.billing_info.last_payment.time {
            // PayPal's clock may be ahead of this one.
            let to = from_time(last).unwrap_or_else(|| self.now()).max(self.now());
            let (from, to) = (to_time(since - PENDING), to_time(to + SKEW));
            let query = [("start_time", from.as_str()), ("end_time", to.as_str())];
            let found: Option<Charges> = self.client.read(&format!("{path}/transactions"), &query).await?;
            let found = found.unwrap_or_default();
            // One page holds more payments than a subscription has in its time.
            if found.total_pages > 1 {
                return Err(unreadable());
            }
            let taken = found.transactions.iter().filter(|one| {
                matches!(
                    one.status.as_str(),
                    "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED"
                )
            });
            charges = taken
                .map(|one| charge(one).ok_or_else(unreadable))
                .collect::<Result<_>>()?;
            counts_more = found.transactions.iter().any(|one| one.status == "PENDING");
            charges.sort_by_key(|one: &SubscriptionCharge| one.at);
        }
        let shown = self.subscribed(&read, charges).ok_or_else(unreadable)?;
        Ok(Some(SubscriptionSnapshot { counts_more, ..shown }))
    }

    fn subscribed(
        &self,
        read: &Subscription,
        charges: Vec<SubscriptionCharge>,
    ) -> Option<SubscriptionSnapshot> {
        let info = &read.billing_info;
        let state = match read.status.as_str() {
            "APPROVAL_PENDING" | "APPROVED" => SubscriptionState::RequiresAction,
            // PayPal suspends what was not paid too often; else it was asked for.
            "SUSPENDED" if info.failed_payments_count >= u32::from(FAILURES) => SubscriptionState::PastDue,
            "SUSPENDED" => SubscriptionState::Paused,
            "CANCELLED" | "EXPIRED" => SubscriptionState::Ended,
            _ if info.failed_payments_count > 0 => SubscriptionState::PastDue,
            _ => SubscriptionState::Active,
        };
        let url = link(&read.links, &["approve"]).filter(|_| read.status == "APPROVAL_PENDING");
        Some(SubscriptionSnapshot {
            theirs: Some(VendorRef::parse(&read.id).ok()?),
            ours: read.custom_id.as_deref().and_then(subscription_id),
            state,
            action: url.map(|url| NextAction::Redirect { url: url.to_owned() }),
            charges,
            counts_more: false,
            next_charge_at: info.next_billing_time.as_deref().and_then(from_time),
            started_at: read.start_time.as_deref().and_then(from_time),
            at: self.now(),
            live: self.pictures.live,
            account: self.pictures.account.clone(),
        })
    }
}

fn charge(one: &Charge) -> Option<SubscriptionCharge> {
    Some(SubscriptionCharge {
        theirs: VendorRef::parse(&one.id).ok()?,
        amount: from_paypal(one.amount_with_breakdown.gross_amount.as_ref()?)?,
        at: from_time(&one.time)?,
        picture: None,
    })
}
