//! How subscriptions are stored: those of one person side by side, in the order of time.

use std::collections::BTreeSet;

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use portcullis_ports::payments::VendorRef;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::agreement::VendorAgreement;
use super::status::SubscriptionStatus;
use crate::areas::entitlements::SubscriptionId;
use crate::areas::payment_methods::PaymentMethodId;
use crate::areas::payments::InvoiceId;
use crate::areas::plans::{Entitlements, Plan, PlanId, Price, PriceId};
use crate::foundation::calendar::{Anchor, Interval, Zone};
use crate::foundation::table::Stored;
use crate::foundation::taxes::{TaxCode, TaxRate};

/// Subscriptions.
pub(crate) const SUBSCRIPTIONS: Collection = Collection {
    name: "subscriptions",
    table: "subscriptions",
    variable: "SUBSCRIPTIONS_TABLE_NAME",
};

/// Which subscription a name of a vendor or of ours belongs to.
pub(crate) const SUBSCRIPTION_NAMES: Collection = Collection {
    name: "subscription_names",
    table: "subscriptions",
    variable: "SUBSCRIPTIONS_TABLE_NAME",
};

/// What vendors call the plans that they collect.
pub(crate) const VENDOR_OFFERS: Collection = Collection {
    name: "vendor_offers",
    table: "subscriptions",
    variable: "SUBSCRIPTIONS_TABLE_NAME",
};

/// Which plans people have tried.
pub(crate) const TRIALS: Collection = Collection {
    name: "trials",
    table: "subscriptions",
    variable: "SUBSCRIPTIONS_TABLE_NAME",
};

/// What was agreed: a plan as it was, at a price that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) plan: PlanId,
    pub(super) name: String,
    pub(super) price: PriceId,
    /// For one whole period.
    pub(super) amount: Money,
    pub(super) interval: Interval,
    pub(super) anchor_day: Option<i8>,
    /// Where its periods are counted.
    pub(super) zone: Zone,
    pub(super) tax_code: Option<TaxCode>,
    pub(super) entitlements: Entitlements,
}

impl Terms {
    pub(super) fn of(plan: &Plan, price: &Price) -> Self {
        Self {
            plan: plan.id.clone(),
            name: plan.name.to_string(),
            price: price.id.clone(),
            amount: price.amount,
            interval: plan.interval,
            anchor_day: plan.anchor_day,
            zone: plan.zone.clone(),
            tax_code: plan.tax_code.clone(),
            entitlements: plan.entitlements.clone(),
        }
    }

    /// What an operator changed of a plan since holds from now on; the price stays.
    pub(super) fn refresh(&mut self, plan: &Plan) {
        self.name = plan.name.to_string();
        self.tax_code.clone_from(&plan.tax_code);
        self.entitlements.clone_from(&plan.entitlements);
    }

    /// The same, but for taxes: a vendor takes the sum that was agreed to.
    pub(super) fn refresh_untaxed(&mut self, plan: &Plan) {
        self.name = plan.name.to_string();
        self.entitlements.clone_from(&plan.entitlements);
    }
}

/// A period that is billed or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Period {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// Where it would have begun if it were whole: the first one may be shorter.
    pub(super) whole_from: Timestamp,
    /// Whether it is tried, and costs nothing.
    pub(super) trial: bool,
}

/// An invoice that is not paid yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owed {
    pub(super) invoice: InvoiceId,
    /// Since when, without the time in which it was held up.
    pub(super) since: Timestamp,
    /// How many payments failed.
    pub(super) tries: u32,
    /// When it is tried next; nothing where that would be in vain.
    pub(super) next_try: Option<Timestamp>,
    /// The number of the next payment: a new one after each payment, and with each other method.
    #[serde(default)]
    pub(super) attempt: u32,
    /// Since when it is tried with what is charged now. How an earlier payment ends says nothing of that.
    #[serde(default)]
    pub(super) anew_since: Option<Timestamp>,
    #[serde(default)]
    pub(super) held_up: Option<HeldUp>,
}

/// That an invoice cannot be paid, or that it is not known whether it is. Nobody loses anything for that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldUp {
    pub(super) since: Timestamp,
    pub(super) by: Hindrance,
}

/// What an invoice waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Hindrance {
    /// Billing of its customer is frozen.
    Freeze,
    /// What becomes of a payment is open.
    Outcome,
    /// The vendor could not be asked.
    Outage,
}

/// Why a subscription is over, or ends with its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename = "SubscriptionEndReason", rename_all = "snake_case")
)]
pub enum EndReason {
    /// Its owner cancelled it.
    Customer,
    /// An operator cancelled it.
    Operator,
    /// An invoice was not paid for too long.
    Unpaid,
    /// The first invoice was not paid.
    NeverPaid,
    /// It was ended at the vendor that collected it.
    Vendor,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SubscriptionRecord {
    pub(super) id: SubscriptionId,
    pub(super) subject: Subject,
    pub(super) status: SubscriptionStatus,
    pub(super) terms: Terms,
    /// Where all periods are counted from.
    pub(super) anchor: Anchor,
    /// The number of the period that is billed next, counted from the anchor.
    pub(super) next: u32,
    pub(super) period: Period,
    /// The invoices of the present period, and those whose credit paid them.
    #[serde(default)]
    pub(super) billed: Vec<InvoiceId>,
    /// How much of what was given back of them was taken off a credit already, with taxes.
    #[serde(default)]
    pub(super) set_off: i64,
    /// The rate of tax at which the period was charged; that which is in force where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) charged_at: Option<TaxRate>,
    /// Until when invoices were issued.
    pub(super) billed_through: Timestamp,
    /// What is charged; the default method of its owner where there is none.
    pub(super) method: Option<PaymentMethodId>,
    /// The vendor that collects it by itself; we do where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) collector: Option<VendorAgreement>,
    /// What is agreed from the next period on.
    pub(super) change: Option<Terms>,
    /// What is not paid, oldest first.
    pub(super) owed: Vec<Owed>,
    /// Whether it entitles to nothing because something is not paid for too long.
    pub(super) restricted: bool,
    /// For which period its owner was told that the card expires before it.
    pub(super) expiry_told: Option<u32>,
    pub(super) because: Option<EndReason>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) canceled_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
}

impl SubscriptionRecord {
    pub(super) fn sort(id: &SubscriptionId) -> String {
        id.to_string()
    }
}

impl Stored for SubscriptionRecord {
    const COLLECTION: Collection = SUBSCRIPTIONS;
    const VERSION: u32 = 2;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.id))
    }

    /// The first version kept the zone with the anchor alone, and named payments by the tries.
    fn upgrade(_: u32, mut body: serde_json::Value) -> serde_json::Result<Self> {
        let zone = body["anchor"]["zone"].clone();
        for terms in ["terms", "change"] {
            if let Some(terms) = body.get_mut(terms).and_then(serde_json::Value::as_object_mut) {
                terms.insert("zone".to_owned(), zone.clone());
            }
        }
        let owed = body.get_mut("owed").and_then(serde_json::Value::as_array_mut);
        for owed in owed.into_iter().flatten() {
            owed["attempt"] = owed["tries"].clone();
        }
        serde_json::from_value(body)
    }
}

/// Which plans somebody has tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TrialsRecord {
    pub(super) subject: Subject,
    pub(super) plans: BTreeSet<PlanId>,
}

impl TrialsRecord {
    pub(super) const SORT: &'static str = "trials";

    pub(super) fn none(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            plans: BTreeSet::new(),
        }
    }
}

impl Stored for TrialsRecord {
    const COLLECTION: Collection = TRIALS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}

/// Which subscription a name of ours or of a vendor belongs to. The name itself is hidden by a pseudonym.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SubscriptionName {
    pub(super) name: String,
    pub(super) subject: Subject,
    pub(super) subscription: SubscriptionId,
}

impl SubscriptionName {
    pub(super) const SORT: &'static str = "name";
}

impl Stored for SubscriptionName {
    const COLLECTION: Collection = SUBSCRIPTION_NAMES;

    fn key(&self) -> (String, String) {
        (self.name.clone(), Self::SORT.into())
    }
}

/// What a vendor calls something that is sold by subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OfferRecord {
    /// Ours.
    pub(super) name: String,
    /// Nothing where the vendor keeps no offers.
    pub(super) theirs: Option<VendorRef>,
}

impl OfferRecord {
    pub(super) const SORT: &'static str = "offer";
}

impl Stored for OfferRecord {
    const COLLECTION: Collection = VENDOR_OFFERS;

    fn key(&self) -> (String, String) {
        (self.name.clone(), Self::SORT.into())
    }
}
