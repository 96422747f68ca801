//! How subscriptions are stored: those of one person side by side, in the order of time.

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::status::SubscriptionStatus;
use crate::areas::entitlements::SubscriptionId;
use crate::areas::payment_methods::PaymentMethodId;
use crate::areas::payments::InvoiceId;
use crate::areas::plans::{Entitlements, Plan, PlanId, Price, PriceId};
use crate::foundation::calendar::{Anchor, Interval};
use crate::foundation::table::Stored;
use crate::foundation::taxes::TaxCode;

/// Subscriptions.
pub(crate) const SUBSCRIPTIONS: Collection = Collection {
    name: "subscriptions",
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
    /// Since when.
    pub(super) since: Timestamp,
    /// How many payments failed.
    pub(super) tries: u32,
    /// When it is tried next; nothing where that would be in vain.
    pub(super) next_try: Option<Timestamp>,
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
    /// Until when invoices were issued.
    pub(super) billed_through: Timestamp,
    /// What is charged; the default method of its owner where there is none.
    pub(super) method: Option<PaymentMethodId>,
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

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.id))
    }
}
