//! What customers are told by mail of what is collected from them.

use minijinja::Value;
use minijinja::value::Serde;
use portcullis_ports::Result;
use portcullis_ports::money::{Currency, Money};
use serde::Serialize;

use super::AutopayRules;
use super::records::Rule;
use crate::foundation::table::Batch;
use crate::foundation::texts::{Template, template};

pub(super) const NOTICE: Template = template!("autopay.email", samples);

/// Something that a customer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    /// It was turned on, or collects more, sooner or with another method.
    On,
    /// What is due will be collected on that date.
    Ahead {
        amount: Money,
        date: String,
        method: Option<String>,
    },
    /// It was collected.
    Collected(Money),
    /// It was refused for now, and is tried again on that date.
    Retrying(Money, String),
    /// It was refused as often as it is tried.
    GivenUp(Money),
    /// The bank wants the customer to confirm.
    NeedsCustomer(Money),
    /// More is due than one payment may take.
    AbovePaymentCeiling(Money),
    /// More is due than is left of the month.
    AboveMonthCeiling(Money),
    /// The bank refused for good: it was turned off.
    HardDecline(Money),
    /// There is no method any more: it was turned off.
    MethodGone(Money),
}

#[derive(Serialize)]
struct Variables<'a> {
    event: &'static str,
    amount: Option<String>,
    date: Option<&'a str>,
    method: Option<&'a str>,
    /// The page of the panel; nothing where its address is not known.
    link: Option<String>,
}

impl<'a> Variables<'a> {
    fn of(notice: &'a Notice, link: Option<String>) -> Self {
        let (event, amount, date, method) = match notice {
            Notice::On => ("on", None, None, None),
            Notice::Ahead { amount, date, method } => {
                ("ahead", Some(amount), Some(date.as_str()), method.as_deref())
            }
            Notice::Collected(amount) => ("collected", Some(amount), None, None),
            Notice::Retrying(amount, date) => ("retrying", Some(amount), Some(date.as_str()), None),
            Notice::GivenUp(amount) => ("given_up", Some(amount), None, None),
            Notice::NeedsCustomer(amount) => ("needs_customer", Some(amount), None, None),
            Notice::AbovePaymentCeiling(amount) => ("above_payment_ceiling", Some(amount), None, None),
            Notice::AboveMonthCeiling(amount) => ("above_month_ceiling", Some(amount), None, None),
            Notice::HardDecline(amount) => ("hard_decline", Some(amount), None, None),
            Notice::MethodGone(amount) => ("method_gone", Some(amount), None, None),
        };
        Self {
            event,
            amount: amount.map(ToString::to_string),
            date,
            method,
            link,
        }
    }
}

/// Every event, with and without what may be missing.
fn samples() -> Vec<Value> {
    let Ok(currency) = Currency::parse("EUR") else {
        return Vec::new();
    };
    let (amount, date) = (Money::new(1_999, currency), || "2026-12-15".to_owned());
    let ahead = |method: Option<&str>| Notice::Ahead {
        amount,
        date: date(),
        method: method.map(str::to_owned),
    };
    let notices = [
        Notice::On,
        ahead(Some("Visa ···· 4242")),
        ahead(None),
        Notice::Collected(amount),
        Notice::Retrying(amount, date()),
        Notice::GivenUp(amount),
        Notice::NeedsCustomer(amount),
        Notice::AbovePaymentCeiling(amount),
        Notice::AboveMonthCeiling(amount),
        Notice::HardDecline(amount),
        Notice::MethodGone(amount),
    ];
    let links = [None, Some("https://gate.example.com/billing".to_owned())];
    let written = notices.iter().flat_map(|notice| {
        let links = links.iter();
        links.map(|link| Value::from(Serde(Variables::of(notice, link.clone()))))
    });
    written.collect()
}

impl AutopayRules {
    /// Adds a mail to a commit, if the customer has a proven address here and mail can be sent.
    pub(super) async fn tell(&self, batch: &mut Batch, rule: &Rule, notice: &Notice) -> Result<()> {
        let variables = Variables::of(notice, self.context.links.page("/billing"));
        self.mail.add(batch, &rule.subject, &NOTICE, variables).await
    }
}
