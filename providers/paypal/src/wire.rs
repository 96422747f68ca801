//! What PayPal writes, as far as it is read here. Unknown words are kept as text: its lists grow.

#![expect(clippy::struct_field_names, reason = "the names are PayPal's")]

use serde::Deserialize;

macro_rules! wire {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Default, Deserialize)]
            #[serde(default)]
            pub(crate) struct $name {
                $(pub(crate) $field: $kind,)*
            }
        )*
    };
}

wire! {
    /// An amount, as decimal text.
    Money { currency_code: String, value: String, }
    /// Where something else is.
    Link { href: String, rel: String, }
    /// Why something was refused.
    Refusal { name: String, error: String, debug_id: String, details: Vec<Detail>, }
    Detail { issue: String, }
    /// An order, with what was paid on it.
    Order {
        id: String, status: String, intent: String, create_time: String,
        purchase_units: Vec<Unit>, payment_source: PaidWith, links: Vec<Link>,
    }
    Unit { amount: Option<Money>, custom_id: Option<String>, payee: Payee, payments: Payments, }
    Payee { merchant_id: Option<String>, }
    Payments { captures: Vec<Capture>, authorizations: Vec<Authorization>, refunds: Vec<Refund>, }
    Capture {
        id: String, status: String, status_details: StatusDetails, amount: Option<Money>,
        seller_receivable_breakdown: Breakdown, processor_response: Processor,
        supplementary_data: Supplement,
    }
    StatusDetails { reason: Option<String>, }
    Breakdown { paypal_fee: Option<Money>, }
    /// What a card's bank said.
    Processor { response_code: Option<String>, payment_advice_code: Option<String>, }
    Supplement { related_ids: Related, }
    Related { order_id: Option<String>, }
    Authorization {
        id: String, status: String, amount: Option<Money>, create_time: String,
        expiration_time: Option<String>, processor_response: Processor, supplementary_data: Supplement,
    }
    Refund {
        id: String, status: String, status_details: StatusDetails, amount: Option<Money>,
        custom_id: Option<String>, create_time: String,
    }
    /// What was paid with, or is stored.
    PaidWith { card: Option<Card>, paypal: Option<Wallet>, }
    Card { brand: Option<String>, last_digits: Option<String>, expiry: Option<String>, attributes: Attributes, }
    Wallet { account_id: Option<String>, attributes: Attributes, }
    Attributes { vault: Vaulted, }
    Vaulted { id: Option<String>, }
    /// A setup token, or a payment token.
    Token { id: String, status: String, customer: Customer, payment_source: PaidWith, links: Vec<Link>, }
    Tokens { payment_tokens: Vec<Token>, }
    Customer { id: Option<String>, }
    DisputeList { items: Vec<DisputeItem>, }
    DisputeItem { dispute_id: String, }
    Dispute {
        dispute_id: String, create_time: String, reason: String, status: String,
        dispute_amount: Option<Money>, dispute_outcome: Decision, money_movements: Vec<Movement>,
        dispute_life_cycle_stage: String, evidences: Vec<Submitted>,
        seller_response_due_date: Option<String>, links: Vec<Link>,
    }
    Decision { outcome_code: Option<String>, }
    Movement { affected_party: String, amount: Option<Money>, r#type: String, reason: String, }
    Submitted { source: String, }
    /// Transactions of a span.
    Transactions {
        transaction_details: Vec<TransactionDetail>, last_refreshed_datetime: Option<String>,
        page: u32, total_pages: u32,
    }
    TransactionDetail { transaction_info: ReportLine, }
    ReportLine {
        transaction_id: String, paypal_reference_id: Option<String>, transaction_event_code: String,
        transaction_initiation_date: String, transaction_amount: Option<Money>, fee_amount: Option<Money>,
        transaction_status: String, custom_field: Option<String>,
    }
    Balances { balances: Vec<Balance>, }
    Balance { total_balance: Option<Money>, available_balance: Option<Money>, }
    Events { events: Vec<Event>, links: Vec<Link>, }
    Event { id: String, event_type: String, create_time: String, resource_type: String, resource: serde_json::Value, }
    Verdict { verification_status: String, }
    /// What is sold by subscription.
    BillingPlan { id: String, }
    /// A subscription.
    Subscription {
        id: String, status: String, custom_id: Option<String>, start_time: Option<String>,
        billing_info: BillingInfo, links: Vec<Link>,
    }
    BillingInfo {
        next_billing_time: Option<String>, failed_payments_count: u32, last_payment: LastPayment,
    }
    LastPayment { time: Option<String>, }
    Charges { transactions: Vec<Charge>, total_pages: u32, }
    Charge { id: String, status: String, amount_with_breakdown: ChargedAmount, time: String, }
    ChargedAmount { gross_amount: Option<Money>, }
    /// A payment of a subscription, in the words of the first version of PayPal's interface.
    Sale {
        id: String, state: String, amount: OldAmount, transaction_fee: Option<OldMoney>,
        billing_agreement_id: Option<String>, create_time: String,
    }
    OldAmount { total: String, currency: String, }
    OldMoney { value: String, currency: String, }
    /// A refund of such a payment.
    SaleRefund {
        id: String, state: String, amount: OldAmount, sale_id: Option<String>, create_time: String,
    }
}

impl Refusal {
    /// What is refused, in PayPal's word: the issue says more than the name.
    pub(crate) fn code(&self) -> &str {
        let issue = self.details.first().map(|detail| detail.issue.as_str());
        let known = issue.filter(|issue| !issue.is_empty());
        known.unwrap_or(if self.name.is_empty() {
            &self.error
        } else {
            &self.name
        })
    }
}

impl Order {
    /// The only purchase that an order of ours has.
    pub(crate) fn unit(&self) -> Option<&Unit> {
        self.purchase_units.first()
    }
}

/// The address of a link.
pub(crate) fn link<'a>(links: &'a [Link], rels: &[&str]) -> Option<&'a str> {
    let found = links.iter().find(|link| rels.contains(&link.rel.as_str()));
    found.map(|link| link.href.as_str())
}
