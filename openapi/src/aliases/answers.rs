//! What clients of the replaced service are answered, field for field; integers everywhere.

use poem_openapi::Object;
use portcullis_core::ledger::{BalanceView, EntryKind, EntryPhase, EntryView};
use portcullis_core::payment_methods::{PaymentMethodId, SetupState};
use portcullis_core::payment_vendors::NextActionView;
use portcullis_core::payments::{PaymentView, Status};
use portcullis_core::plans::PlanId;
use portcullis_core::subscriptions::{SubscriptionId, SubscriptionStatus};
use portcullis_core::use_case::Documented;
use portcullis_ports::id::{PaymentId, TransactionId};
use portcullis_ports::money::Currency;
use portcullis_ports::payments::{MethodKind, VendorRef};
use serde::Serialize;

/// What a page needs for the vendor's script.
#[derive(Debug, Serialize, Object)]
pub(crate) struct StripeConfig {
    /// The key that the vendor publishes; null where it has none.
    pub(crate) publishable_key: Option<String>,
    /// The currency of requests that name none; null where they have to.
    pub(crate) currency: Option<Currency>,
}

impl Documented for StripeConfig {
    const EXAMPLE: &str = r#"{ "publishable_key": "pk_test_1", "currency": "USD" }"#;
}

/// What the vendor's script is started with.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ClientSecret {
    /// The secret. It stands in no other answer.
    pub(crate) client_secret: String,
}

impl Documented for ClientSecret {
    const EXAMPLE: &str = r#"{ "client_secret": "seti_1_secret_2" }"#;
}

/// How the adding of a bank account stands.
#[derive(Debug, Serialize, Object)]
pub(crate) struct DepositsVerified {
    /// Where it stands.
    pub(crate) status: SetupState,
}

impl Documented for DepositsVerified {
    const EXAMPLE: &str = r#"{ "status": "succeeded" }"#;
}

/// What became of a payment.
#[derive(Debug, Default, Serialize, Object)]
pub(crate) struct AliasPaid {
    /// Where it stands, or `no_settled_balance_due`.
    pub(crate) status: String,
    /// The vendor's name of it; null where the vendor has none.
    pub(crate) payment_intent_id: Option<VendorRef>,
    /// Our name of it.
    pub(crate) payment_id: Option<PaymentId>,
    /// Why it was refused, with `failed`.
    pub(crate) reason: Option<String>,
    /// What the payer has to do, with `requires_action`.
    pub(crate) next_action: Option<NextActionView>,
}

impl AliasPaid {
    pub(crate) fn of(payment: PaymentView) -> Self {
        let failed = payment.status == Status::Failed;
        let failure = payment.failure.filter(|_| failed);
        Self {
            status: payment.status.as_str().to_owned(),
            payment_intent_id: reference(payment.reference),
            payment_id: Some(payment.id),
            reason: failure.map(|failure| failure.detail),
            next_action: payment.next_action.map(NextActionView::of),
        }
    }

    pub(crate) fn nothing_due() -> Self {
        Self {
            status: "no_settled_balance_due".to_owned(),
            ..Self::default()
        }
    }
}

impl Documented for AliasPaid {
    const EXAMPLE: &str = r#"{
  "status": "succeeded",
  "payment_intent_id": "pi_1PqTzR2eZvKYlo2C",
  "payment_id": "pay_01h2xcejqtf2nbrexx3vqjhp41",
  "reason": null,
  "next_action": null
}"#;
}

/// A page of the vendor.
#[derive(Debug, Serialize, Object)]
pub(crate) struct CheckoutSession {
    /// The vendor's name of it.
    pub(crate) session_id: VendorRef,
    /// Where the payer is sent.
    pub(crate) url: String,
}

impl Documented for CheckoutSession {
    const EXAMPLE: &str = r#"{ "session_id": "cs_test_1", "url": "https://checkout.vendor.example/c/1" }"#;
}

/// What was put on the balance.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ChargeAdded {
    /// Always true.
    pub(crate) ok: bool,
    /// The transaction in the ledger.
    pub(crate) ledger_sk: String,
}

impl Documented for ChargeAdded {
    const EXAMPLE: &str = r#"{ "ok": true, "ledger_sk": "txn_01h2xcejqtf2nbrexx3vqjhp41" }"#;
}

/// A delivery was taken.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Received {
    /// Always true.
    pub(crate) received: bool,
}

impl Documented for Received {
    const EXAMPLE: &str = r#"{ "received": true }"#;
}

/// What a customer owes and paid in one currency, in minor units.
#[derive(Debug, Serialize, Object)]
pub(crate) struct AliasBalance {
    /// The currency.
    currency: Currency,
    /// What may still be charged.
    owed_pending_cents: i64,
    /// What was charged.
    owed_settled_cents: i64,
    /// What payments under way may still bring.
    payments_pending_cents: i64,
    /// What was paid or given.
    payments_settled_cents: i64,
    /// What is owed; negative if the customer has something to their credit.
    due_settled_cents: i64,
    /// What will be owed if everything that is pending comes to pass.
    due_if_all_settles_cents: i64,
    /// When it last changed, in Unix seconds; null if nothing was ever posted.
    updated_at: Option<i64>,
}

impl AliasBalance {
    pub(crate) fn of(balance: &BalanceView, updated_at: Option<i64>) -> Self {
        let whole = |minor: u64| i64::try_from(minor).unwrap_or(i64::MAX);
        let (owed, paid) = (whole(balance.debits_posted), whole(balance.credits_posted));
        let (may_owe, may_pay) = (whole(balance.debits_pending), whole(balance.credits_pending));
        Self {
            currency: balance.currency,
            owed_pending_cents: may_owe,
            owed_settled_cents: owed,
            payments_pending_cents: may_pay,
            payments_settled_cents: paid,
            due_settled_cents: owed.saturating_sub(paid),
            due_if_all_settles_cents: owed
                .saturating_add(may_owe)
                .saturating_sub(paid.saturating_add(may_pay)),
            updated_at,
        }
    }
}

impl Documented for AliasBalance {
    const EXAMPLE: &str = r#"{
  "currency": "USD",
  "owed_pending_cents": 300,
  "owed_settled_cents": 1200,
  "payments_pending_cents": 100,
  "payments_settled_cents": 200,
  "due_settled_cents": 1000,
  "due_if_all_settles_cents": 1200,
  "updated_at": 1790000000
}"#;
}

/// One entry of the ledger.
#[derive(Debug, Serialize, Object)]
pub(crate) struct AliasEntry {
    /// The transaction in the ledger.
    entry_id: TransactionId,
    /// When, in Unix seconds.
    ts: i64,
    /// `debit`, `credit` or `adjustment`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// How much, in minor units; never negative.
    amount_cents: i64,
    /// The currency.
    currency: Currency,
    /// `pending` or `settled`.
    state: String,
    /// What happened.
    reason: String,
}

impl AliasEntry {
    /// Nothing of entries that only end another one.
    pub(crate) fn of(entry: EntryView) -> Option<Self> {
        let state = match entry.phase {
            EntryPhase::Posted => "settled",
            EntryPhase::Pending if entry.open => "pending",
            _ => return None,
        };
        let kind = match entry.kind {
            EntryKind::Sale | EntryKind::Debit => "debit",
            EntryKind::Hold | EntryKind::Capture | EntryKind::Credit => "credit",
            _ => "adjustment",
        };
        Some(Self {
            entry_id: entry.transaction_id,
            ts: entry.at,
            kind: kind.to_owned(),
            amount_cents: entry.amount.saturating_abs(),
            currency: entry.currency,
            state: state.to_owned(),
            reason: entry.kind.as_str().to_owned(),
        })
    }
}

/// Entries of the ledger.
#[derive(Debug, Serialize, Object)]
pub(crate) struct AliasEntries {
    /// Newest first.
    pub(crate) items: Vec<AliasEntry>,
}

impl Documented for AliasEntries {
    const EXAMPLE: &str = r#"{
  "items": [
    {
      "entry_id": "txn_01h2xcejqtf2nbrexx3vqjhp41",
      "ts": 1790000000,
      "type": "credit",
      "amount_cents": 1999,
      "currency": "USD",
      "state": "settled",
      "reason": "capture"
    }
  ]
}"#;
}

/// One payment.
#[derive(Debug, Serialize, Object)]
pub(crate) struct AliasPayment {
    /// The vendor's name of it; null where the vendor has none.
    payment_intent_id: Option<VendorRef>,
    /// Our name of it.
    payment_id: PaymentId,
    /// Where it stands.
    status: Status,
    /// How much, in minor units.
    amount_cents: i64,
    /// The currency.
    currency: Currency,
    /// The kind of the method that paid; null where it is not known.
    payment_method_type: Option<MethodKind>,
    /// When it was begun, in Unix seconds.
    created_at: i64,
    /// When it last changed, in Unix seconds.
    updated_at: i64,
}

impl From<PaymentView> for AliasPayment {
    fn from(payment: PaymentView) -> Self {
        Self {
            payment_intent_id: reference(payment.reference),
            payment_id: payment.id,
            status: payment.status,
            amount_cents: payment.amount.minor,
            currency: payment.amount.currency,
            payment_method_type: payment.method.map(|method| method.kind),
            created_at: payment.created_at.seconds(),
            updated_at: payment.updated_at.seconds(),
        }
    }
}

/// Payments.
#[derive(Debug, Serialize, Object)]
pub(crate) struct AliasPayments {
    /// Newest first.
    pub(crate) items: Vec<AliasPayment>,
}

impl Documented for AliasPayments {
    const EXAMPLE: &str = r#"{
  "items": [
    {
      "payment_intent_id": "pi_1PqTzR2eZvKYlo2C",
      "payment_id": "pay_01h2xcejqtf2nbrexx3vqjhp41",
      "status": "succeeded",
      "amount_cents": 1999,
      "currency": "USD",
      "payment_method_type": "card",
      "created_at": 1790000000,
      "updated_at": 1790000000
    }
  ]
}"#;
}

/// The vendor's name, as a payment tells it.
pub(crate) fn reference(told: Option<String>) -> Option<VendorRef> {
    told.and_then(|told| VendorRef::parse(&told).ok())
}

/// What became of the wish to subscribe.
#[derive(Debug, Serialize, Object)]
pub(crate) struct AliasSubscribed {
    /// Whether it is paid, or tried.
    pub(crate) approved: bool,
    /// The subscription.
    pub(crate) subscription_id: SubscriptionId,
    /// The payment of the first period, if a stored method was charged.
    pub(crate) transaction_id: Option<PaymentId>,
}

impl Documented for AliasSubscribed {
    const EXAMPLE: &str = r#"{
  "approved": true,
  "subscription_id": "sub_01h2xcejqtf2nbrexx3vqjhp41",
  "transaction_id": "pay_01h2xcejqtf2nbrexx3vqjhp41"
}"#;
}

/// A subscription.
#[derive(Debug, Serialize, Object)]
pub(crate) struct AliasSubscription {
    /// Its id.
    pub(crate) subscription_id: SubscriptionId,
    /// Where it stands.
    pub(crate) status: SubscriptionStatus,
    /// The plan.
    pub(crate) plan_id: PlanId,
    /// What is charged; null for whatever method is the default.
    pub(crate) payment_token_id: Option<PaymentMethodId>,
    /// When it is billed next, in Unix seconds; null if it is not.
    pub(crate) next_renewal_time: Option<i64>,
    /// When it was subscribed to, in Unix seconds.
    pub(crate) created_at: i64,
    /// When it was changed last, in Unix seconds.
    pub(crate) updated_at: i64,
}

/// Subscriptions, newest first.
#[derive(Debug, Serialize, Object)]
pub(crate) struct AliasSubscriptions {
    /// Newest first.
    pub(crate) items: Vec<AliasSubscription>,
}

impl Documented for AliasSubscriptions {
    const EXAMPLE: &str = r#"{
  "items": [
    {
      "subscription_id": "sub_01h2xcejqtf2nbrexx3vqjhp41",
      "status": "active",
      "plan_id": "monthly",
      "payment_token_id": "pm_01h2xcejqtf2nbrexx3vqjhp41",
      "next_renewal_time": 1792592000,
      "created_at": 1790000000,
      "updated_at": 1790000000
    }
  ]
}"#;
}
