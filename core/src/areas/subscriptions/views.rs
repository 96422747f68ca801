//! Subscriptions as people see them.

use portcullis_ports::id::PaymentId;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::SubscriptionStep;
use portcullis_ports::{Result, Timestamp};
use serde::Serialize;

use super::agreement::VendorAgreement;
use super::records::{EndReason, SubscriptionRecord};
use super::status::SubscriptionStatus;
use crate::areas::entitlements::SubscriptionId;
use crate::areas::invoices::InvoiceId;
use crate::areas::payment_methods::PaymentMethodId;
use crate::areas::plans::PlanId;
use crate::foundation::calendar::{Unit, Zone};
use crate::foundation::cursor::SignedCursor;
use crate::foundation::use_case::Documented;
use crate::services::payment_vendors::NextActionView;

/// What is asked of a vendor that collects a subscription, until it has confirmed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum AskedOfVendor {
    /// To collect it.
    Start,
    /// To take nothing more.
    Cancel,
    /// To take nothing for now.
    Pause,
    /// To go on.
    Resume,
}

/// The vendor that collects a subscription by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "SubscriptionCollector")
)]
pub struct CollectorView {
    /// The name of its instance.
    pub vendor: String,
    /// What it calls the subscription, once that is known.
    pub reference: Option<String>,
    /// What it takes for a period, with taxes, in minor units.
    pub total: i64,
    /// What it was asked for and has not confirmed yet.
    pub asked: Option<AskedOfVendor>,
    /// When it charges next, in Unix seconds, where it says so.
    pub next_charge_at: Option<i64>,
}

impl CollectorView {
    fn of(vendor: &VendorAgreement) -> Self {
        let requested = vendor.requested.as_ref().map(|requested| match requested.step {
            SubscriptionStep::Cancel => AskedOfVendor::Cancel,
            SubscriptionStep::Pause => AskedOfVendor::Pause,
            SubscriptionStep::Resume => AskedOfVendor::Resume,
        });
        Self {
            vendor: vendor.instance.clone(),
            reference: vendor.theirs.as_ref().map(ToString::to_string),
            total: vendor.total.get().minor,
            asked: requested.or(vendor.order.as_ref().map(|_| AskedOfVendor::Start)),
            next_charge_at: vendor.next_charge_at.map(Timestamp::seconds),
        }
    }
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "Subscription")
)]
pub struct SubscriptionView {
    /// Its id.
    pub subscription_id: SubscriptionId,
    /// The plan.
    pub plan_id: PlanId,
    /// What people read of the plan.
    pub plan_name: String,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// What a whole period costs, in minor units, before what tax comes on top.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// The unit of its periods.
    pub interval: Unit,
    /// How many of them one period has.
    pub interval_count: u16,
    /// Where its days begin.
    pub time_zone: Zone,
    /// When the present period began, in Unix seconds.
    pub current_period_start: i64,
    /// When it ends, in Unix seconds.
    pub current_period_end: i64,
    /// When the trial ends, in Unix seconds, as long as it is tried.
    pub trial_end: Option<i64>,
    /// When it is billed next, in Unix seconds; null if it is not.
    pub renews_at: Option<i64>,
    /// When it ends, in Unix seconds, once it was cancelled.
    pub ends_at: Option<i64>,
    /// Why it ends or has ended.
    pub end_reason: Option<EndReason>,
    /// The plan that it goes on with from the next period.
    pub next_plan_id: Option<PlanId>,
    /// What is charged; null for whatever method is the default.
    pub payment_method_id: Option<PaymentMethodId>,
    /// The vendor that collects it by itself; null where we do.
    pub collector: Option<CollectorView>,
    /// The invoices that are not paid, oldest first.
    pub open_invoices: Vec<InvoiceId>,
    /// When a payment is tried next, in Unix seconds.
    pub next_try_at: Option<i64>,
    /// Whether it entitles to nothing because an invoice is not paid for too long.
    pub restricted: bool,
    /// When it was subscribed to, in Unix seconds.
    pub created_at: i64,
    /// When it was changed last, in Unix seconds.
    pub updated_at: i64,
}

impl SubscriptionView {
    pub(super) fn of(record: &SubscriptionRecord) -> Self {
        use SubscriptionStatus as S;
        let terms = &record.terms;
        let end = record.period.end.seconds();
        let renews = matches!(record.status, S::Trialing | S::Active | S::PastDue) && !record.restricted;
        let next_try = record.owed.iter().filter_map(|owed| owed.next_try).min();
        Self {
            subscription_id: record.id.clone(),
            plan_id: terms.plan.clone(),
            plan_name: terms.name.clone(),
            status: record.status,
            amount: terms.amount.minor,
            currency: terms.amount.currency,
            digits: terms.amount.currency.digits(),
            interval: terms.interval.unit,
            interval_count: terms.interval.count.get(),
            time_zone: record.anchor.zone().clone(),
            current_period_start: record.period.start.seconds(),
            current_period_end: end,
            trial_end: record.period.trial.then_some(end),
            renews_at: renews.then_some(end),
            ends_at: match record.status {
                S::Canceling => Some(end),
                _ => record.ended_at.map(Timestamp::seconds),
            },
            end_reason: record.because,
            next_plan_id: record.change.as_ref().map(|terms| terms.plan.clone()),
            payment_method_id: record.method.clone(),
            collector: record.collector.as_ref().map(CollectorView::of),
            open_invoices: record.owed.iter().map(|owed| owed.invoice.clone()).collect(),
            next_try_at: next_try.filter(|_| renews).map(Timestamp::seconds),
            restricted: record.restricted,
            created_at: record.created_at.seconds(),
            updated_at: record.updated_at.seconds(),
        }
    }
}

/// A subscription as an example; the macro takes what stands before and behind it.
macro_rules! example_subscription {
    ($before:literal, $behind:literal) => {
        concat!(
            $before,
            r#"{
  "subscription_id": "sub_01h2xcejqtf2nbrexx3vqjhp41",
  "plan_id": "pro-monthly",
  "plan_name": "Pro",
  "status": "active",
  "amount": 1999,
  "currency": "USD",
  "digits": 2,
  "interval": "month",
  "interval_count": 1,
  "time_zone": "Europe/Berlin",
  "current_period_start": 1790000000,
  "current_period_end": 1792592000,
  "trial_end": null,
  "renews_at": 1792592000,
  "ends_at": null,
  "end_reason": null,
  "next_plan_id": null,
  "payment_method_id": "pm_01h2xcejqtf2nbrexx3vqjhp41",
  "collector": null,
  "open_invoices": [],
  "next_try_at": null,
  "restricted": false,
  "created_at": 1790000000,
  "updated_at": 1790000000
}"#,
            $behind
        )
    };
}

impl Documented for SubscriptionView {
    const EXAMPLE: &str = example_subscription!("", "");
}

/// A subscription that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Subscribed {
    /// As it stands. While it is `incomplete`, its open invoice has to be paid.
    pub subscription: SubscriptionView,
    /// The payment of the first period, if a stored method was charged. What its payer still has to do is told by it.
    pub payment_id: Option<PaymentId>,
    /// What its payer has to do with the vendor that is to collect it.
    pub next_action: Option<NextActionView>,
}

impl Documented for Subscribed {
    const EXAMPLE: &str = example_subscription!(
        r#"{ "subscription": "#,
        r#", "payment_id": "pay_01h2xcejqtf2nbrexx3vqjhp41", "next_action": null }"#
    );
}

/// A line of what a change of plan costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ChangeLine {
    /// What it is for.
    pub text: String,
    /// In minor units; less than nothing for what is given back.
    pub amount: i64,
}

/// What a change of plan costs, before what tax comes on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ChangePreview {
    /// What is given back and billed.
    pub lines: Vec<ChangeLine>,
    /// What they add up to, in minor units; less than nothing goes to the balance.
    pub total: i64,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// When it takes effect, in Unix seconds.
    pub at: i64,
    /// When it is billed next, in Unix seconds.
    pub renews_at: i64,
}

impl ChangePreview {
    pub(super) fn of(
        lines: Vec<(String, Money)>,
        currency: Currency,
        at: Timestamp,
        renews_at: Timestamp,
    ) -> Result<Self> {
        let mut total = Money::zero(currency);
        for (_, amount) in &lines {
            total = total.plus(*amount)?;
        }
        let lines = lines.into_iter().map(|(text, amount)| ChangeLine {
            text,
            amount: amount.minor,
        });
        Ok(Self {
            lines: lines.collect(),
            total: total.minor,
            currency,
            digits: currency.digits(),
            at: at.seconds(),
            renews_at: renews_at.seconds(),
        })
    }
}

/// A change of plan, made or shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "PlanChange"))]
pub struct Changed {
    /// As it stands.
    pub subscription: SubscriptionView,
    /// What the change costs; null where it was made before.
    pub preview: Option<ChangePreview>,
}

impl Documented for Changed {
    const EXAMPLE: &str = example_subscription!(
        r#"{ "subscription": "#,
        r#", "preview": {
  "lines": [
    { "text": "Pro: 2026-11-28 to 2026-12-27", "amount": -999 },
    { "text": "Team: 2026-11-28 to 2026-12-27", "amount": 2499 }
  ],
  "total": 1500,
  "currency": "USD",
  "digits": 2,
  "at": 1790000000,
  "renews_at": 1792592000
} }"#
    );
}

/// Subscriptions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SubscriptionPage {
    /// Newest first.
    pub items: Vec<SubscriptionView>,
    /// Where the next page begins; null if this is the last.
    pub next_cursor: Option<SignedCursor>,
}

impl Documented for SubscriptionPage {
    const EXAMPLE: &str = example_subscription!(r#"{ "items": ["#, r#"], "next_cursor": null }"#);
}
