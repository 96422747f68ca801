//! What an operator sets about payments.

use std::collections::BTreeMap;

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use portcullis_ports::money::Currency;

use crate::foundation::calendar::Zone;
use crate::foundation::limit::Limit;
use crate::foundation::settings::SettingsTable;
use crate::foundation::taxes::{TaxCode, TaxRate};

use super::dunning::Dunning;
use super::model::InvoiceSeries;

/// Automatic payment of what is due.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AutopaySettings {
    /// How long before a day of collection a customer is told what will be collected; if that was not told, nothing is
    /// collected on that day but so long after it was.
    pub notice: Span,
    /// The waits before a payment is tried again that a bank refused for now, from the first refusal to the last. After as
    /// many tries it is left to the customer.
    pub retry: Vec<Span>,
}

impl Default for AutopaySettings {
    fn default() -> Self {
        Self {
            notice: Span::days(2),
            retry: vec![Span::days(1), Span::days(3), Span::days(5)],
        }
    }
}

/// Payments.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The currency of requests to deprecated paths that name none; without it they are refused.
    pub default_currency: Option<Currency>,
    /// The name on receipts; that of the product where it is not set.
    pub seller: Option<String>,
    /// A payment that waits for its payer is called off after this long.
    pub action_within: Span,
    /// An amount from which on a payment with a stored method needs a step-up, in minor units of its currency. 0 asks for it
    /// always.
    #[schemars(range(min = 0))]
    pub step_up_from: i64,
    /// Payments that one account may begin: who tries stolen cards begins many.
    pub payments_per_account: Limit,
    /// Times that one account may have a vendor asked how a payment stands, by going on with it or calling it off.
    pub looks_per_account: Limit,
    /// A stored method that is younger than this needs a step-up to pay with.
    pub young_method: Span,
    /// What invoices say of the seller below its name: address, tax number and what else the law asks for, line by line.
    pub seller_address: Vec<String>,
    /// What numbers of invoices begin with. Each series counts from 1, without a gap.
    pub invoice_series: InvoiceSeries,
    /// How long after it is issued an invoice is to be paid, where nothing else is said.
    pub invoice_due_within: Span,
    /// Rates of tax by the codes that lines of invoices name. Such as
    /// `{ standard = { name = "VAT", percent = "19", inclusive = false } }`; with `inclusive`, prices hold the tax already.
    /// Invoices that were issued keep the rate of their day.
    pub taxes: BTreeMap<TaxCode, TaxRate>,
    /// The time zone in which the days of figures for operators begin. What was folded before it is changed stays in the days of
    /// before.
    pub time_zone: Zone,
    /// What is done about invoices of subscriptions that are not paid.
    pub dunning: Dunning,
    /// Automatic payment of what is due.
    pub autopay: AutopaySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_currency: None,
            seller: None,
            action_within: Span::days(1),
            step_up_from: 50_000,
            payments_per_account: Limit::new(30, Span::hours(1)),
            looks_per_account: Limit::new(60, Span::minutes(1)),
            young_method: Span::days(1),
            seller_address: Vec::new(),
            invoice_series: InvoiceSeries::invoices(),
            invoice_due_within: Span::days(14),
            taxes: BTreeMap::new(),
            time_zone: Zone::utc(),
            dunning: Dunning::default(),
            autopay: AutopaySettings::default(),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "billing";
}
