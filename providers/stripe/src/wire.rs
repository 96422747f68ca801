//! What Stripe writes, as far as it is read here. Unknown words are kept as text: its lists grow.

use std::collections::BTreeMap;

use portcullis_ports::payments::VendorRef;
use serde::Deserialize;

/// Free fields that Stripe keeps for us.
pub(crate) type Metadata = BTreeMap<String, String>;

/// Our names in [`Metadata`].
pub(crate) const ATTEMPT: &str = "portcullis_attempt";
pub(crate) const REFUND: &str = "portcullis_refund";
pub(crate) const SETUP: &str = "portcullis_setup";
pub(crate) const TAG: &str = "portcullis_tag";
pub(crate) const CUSTOMER: &str = "portcullis_customer";

/// An object, or its id alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Expandable<T> {
    Id(String),
    Object(Box<T>),
}

impl<T> Expandable<T> {
    pub(crate) fn object(&self) -> Option<&T> {
        match self {
            Self::Id(_) => None,
            Self::Object(object) => Some(object),
        }
    }
}

/// What has an id.
pub(crate) trait Identified {
    fn id(&self) -> &str;

    /// The id as the port has it.
    fn name(&self) -> Option<VendorRef> {
        VendorRef::parse(self.id()).ok()
    }
}

impl<T: Identified> Identified for Expandable<T> {
    fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Object(object) => object.id(),
        }
    }
}

macro_rules! identified {
    ($($name:ident)*) => {
        $(impl Identified for $name {
            fn id(&self) -> &str {
                &self.id
            }
        })*
    };
}

identified!(Named PaymentIntent SetupIntent Charge BalanceTransaction BookedSource PaymentMethod Session Refund Dispute);

/// Something of which only the id matters.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Named {
    pub(crate) id: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) amount_capturable: i64,
    #[serde(default)]
    pub(crate) amount_received: i64,
    pub(crate) client_secret: Option<String>,
    pub(crate) created: i64,
    pub(crate) livemode: bool,
    pub(crate) customer: Option<Expandable<Named>>,
    #[serde(default)]
    pub(crate) metadata: Metadata,
    pub(crate) latest_charge: Option<Expandable<Charge>>,
    pub(crate) payment_method: Option<Expandable<PaymentMethod>>,
    pub(crate) last_payment_error: Option<Refusal>,
    pub(crate) next_action: Option<Action>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Action {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) redirect_to_url: Option<RedirectToUrl>,
    pub(crate) verify_with_microdeposits: Option<Microdeposits>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RedirectToUrl {
    pub(crate) url: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Microdeposits {
    pub(crate) arrival_date: i64,
    pub(crate) hosted_verification_url: String,
    pub(crate) microdeposit_type: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) disputed: bool,
    pub(crate) balance_transaction: Option<Expandable<BalanceTransaction>>,
    pub(crate) payment_method_details: Option<ChargedWith>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ChargedWith {
    pub(crate) card: Option<ChargedCard>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ChargedCard {
    pub(crate) capture_before: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BalanceTransaction {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) fee: i64,
    pub(crate) created: i64,
    pub(crate) available_on: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) reporting_category: String,
    pub(crate) source: Option<Expandable<BookedSource>>,
}

/// What a line of the account is about: a charge, a refund, a dispute, or anything else.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BookedSource {
    pub(crate) id: String,
    pub(crate) payment_intent: Option<Expandable<Named>>,
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) created: i64,
    pub(crate) status: Option<String>,
    pub(crate) failure_reason: Option<String>,
    pub(crate) payment_intent: Option<Expandable<Named>>,
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct File {
    pub(crate) id: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) created: i64,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) payment_intent: Option<Expandable<Named>>,
    #[serde(default)]
    pub(crate) balance_transactions: Vec<BalanceTransaction>,
    pub(crate) evidence_details: Option<EvidenceDetails>,
    pub(crate) payment_method_details: Option<DisputedWith>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DisputedWith {
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EvidenceDetails {
    pub(crate) due_by: Option<i64>,
    #[serde(default)]
    pub(crate) submission_count: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SetupIntent {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) livemode: bool,
    pub(crate) client_secret: Option<String>,
    pub(crate) customer: Option<Expandable<Named>>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) payment_method: Option<Expandable<PaymentMethod>>,
    pub(crate) mandate: Option<Expandable<Named>>,
    pub(crate) last_setup_error: Option<Refusal>,
    pub(crate) next_action: Option<Action>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PaymentMethod {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) customer: Option<Expandable<Named>>,
    pub(crate) card: Option<Card>,
    pub(crate) us_bank_account: Option<BankAccount>,
    pub(crate) sepa_debit: Option<BankAccount>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Card {
    pub(crate) brand: String,
    pub(crate) exp_month: u8,
    pub(crate) exp_year: u16,
    pub(crate) last4: String,
    pub(crate) fingerprint: Option<String>,
    pub(crate) wallet: Option<Wallet>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wallet {
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BankAccount {
    pub(crate) bank_name: Option<String>,
    pub(crate) bank_code: Option<String>,
    pub(crate) last4: Option<String>,
    pub(crate) fingerprint: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mandate {
    pub(crate) status: String,
    pub(crate) payment_method: Expandable<PaymentMethod>,
    pub(crate) payment_method_details: Option<DisputedWith>,
}

/// A page of Checkout.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) livemode: bool,
    pub(crate) status: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) amount_total: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) customer: Option<Expandable<Named>>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) payment_intent: Option<Expandable<PaymentIntent>>,
}

impl Session {
    pub(crate) fn is(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }
}

/// A part of a list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    #[serde(default)]
    pub(crate) has_more: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Balance {
    pub(crate) livemode: bool,
    #[serde(default)]
    pub(crate) available: Vec<Funds>,
    #[serde(default)]
    pub(crate) pending: Vec<Funds>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Funds {
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) livemode: bool,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) api_version: Option<String>,
    /// Only with events of accounts that are connected to another.
    pub(crate) account: Option<String>,
    pub(crate) data: EventData,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EventData {
    pub(crate) object: serde_json::Value,
}

/// The body of a refusal, and what an intent says of its last one.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Refusal {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    pub(crate) code: Option<String>,
    pub(crate) decline_code: Option<String>,
    pub(crate) advice_code: Option<String>,
    pub(crate) param: Option<String>,
    /// The whole intent that was refused.
    pub(crate) payment_intent: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RefusalBody {
    pub(crate) error: Refusal,
}
