//! The settings, and what they become when checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::{
    AmountRule, ConnectedPayments, Payments, RefundRule, Replay, SourceKind, Terms,
};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Result, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::payments::Manual;
use crate::reference::{is_bic, is_iban};

/// The most of one payment, in minor units: a million millions, so that no slip makes a balance that nothing fits into.
const MOST: i64 = 1_000_000_000_000;
/// How long a payer may have, in days.
const DAYS: std::ops::RangeInclusive<u64> = 1..=365;
/// The longest text.
const TEXT: usize = 1_000;
const DAY: u64 = 24 * 60 * 60;
/// Nothing is ever sent, so every key is recognised for as long as anybody asks.
const ALWAYS: Duration = Duration::from_hours(24 * 3_650);

/// How money comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ManualKind {
    /// By a transfer to our bank account.
    BankTransfer,
    /// In cash.
    Cash,
    /// By a voucher that is handed in.
    Voucher,
}

/// Settings of payments without a vendor.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualSettings {
    /// How money comes.
    pub kind: ManualKind,
    /// The currencies that are taken, such as `["EUR"]`.
    pub currencies: Vec<String>,
    /// Whose bank account it is; needed with `iban`.
    pub account_holder: Option<String>,
    /// The number of our bank account (ISO 13616); needed for bank transfers unless `text` says all.
    pub iban: Option<String>,
    /// Our bank (ISO 9362).
    pub bic: Option<String>,
    /// What payers are told beside that, or in its place: at most 1000 characters.
    pub text: Option<String>,
    /// How long a payer has; then the payment is called off. Money that comes all the same is to the payer's credit. From 1 to
    /// 365 days.
    #[serde(default = "valid_for")]
    pub valid_for: Span,
    /// Whether it is real money; set it to false to try things out.
    #[serde(default = "live")]
    pub live: bool,
}

fn valid_for() -> Span {
    Span::days(30)
}

fn live() -> bool {
    true
}

/// Checked settings.
pub struct ManualPlan {
    pub(crate) terms: Terms,
    pub(crate) account_holder: Option<String>,
    pub(crate) iban: Option<String>,
    pub(crate) bic: Option<String>,
    pub(crate) text: Option<String>,
}

impl Settings<Payments> for ManualSettings {
    type Plan = ManualPlan;

    fn plan(self) -> std::result::Result<ManualPlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        let mut wrong = |field: &str, problem: &str| mistakes.push(ConfigError::at(field, problem));
        let currencies: Vec<Currency> = self
            .currencies
            .iter()
            .filter_map(|code| Currency::parse(code).ok())
            .collect();
        if currencies.is_empty() || currencies.len() != self.currencies.len() {
            wrong(
                "currencies",
                "codes of currencies such as EUR are expected, at least one",
            );
        }
        let compact = |text: String| text.split_whitespace().collect::<String>().to_uppercase();
        let (iban, bic) = (self.iban.map(compact), self.bic.map(compact));
        if iban.as_deref().is_some_and(|iban| !is_iban(iban)) {
            wrong("iban", "an IBAN with the right check digits is expected");
        }
        if bic.as_deref().is_some_and(|bic| !is_bic(bic)) {
            wrong("bic", "a BIC of 8 or 11 characters is expected");
        }
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        if iban.is_some() && !said(&self.account_holder) {
            wrong(
                "account_holder",
                "the name of whose bank account it is is expected",
            );
        }
        match self.kind {
            ManualKind::BankTransfer if iban.is_none() && !said(&self.text) => {
                wrong(
                    "iban",
                    "an IBAN is expected, or a `text` that says where to transfer to",
                );
            }
            ManualKind::Cash | ManualKind::Voucher if !said(&self.text) => {
                wrong("text", "a text that says where and how to pay is expected");
            }
            _ => {}
        }
        if self.text.as_ref().is_some_and(|text| text.chars().count() > TEXT) {
            wrong("text", "at most 1000 characters are expected");
        }
        let valid_for = self.valid_for.get();
        if !DAYS.contains(&(valid_for.as_secs() / DAY)) {
            wrong("valid_for", "a length of time from 1 to 365 days is expected");
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(ManualPlan {
            terms: terms(&currencies, valid_for, self.live),
            account_holder: self.account_holder,
            iban,
            bic,
            text: self.text,
        })
    }
}

fn terms(currencies: &[Currency], valid_for: Duration, live: bool) -> Terms {
    let rule = AmountRule {
        min: 1,
        max: MOST,
        step: 1,
    };
    Terms {
        live,
        account: None,
        methods: Vec::new(),
        sources: vec![SourceKind::Offline],
        amounts: currencies
            .iter()
            .map(|currency| (*currency, rule))
            .collect::<BTreeMap<_, _>>(),
        replay: Replay {
            charge: Some(ALWAYS),
            complete: None,
            capture: None,
            refund: Some(ALWAYS),
            setup: None,
            subscribe: None,
        },
        find_by_ours: true,
        keeps_ours: false,
        find_lag: Duration::ZERO,
        absence_after: None,
        refunds: RefundRule::PerPayment {
            partial: true,
            many: true,
        },
        refund_within: None,
        partial_capture: false,
        authorization_valid: None,
        action_within: Some(valid_for),
        report_lag: Duration::ZERO,
        report_span: None,
    }
}

#[async_trait]
impl Plan<Payments> for ManualPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedPayments> {
        let manual = Arc::new(Manual::new(*self, Arc::clone(&runtime.clock)));
        Ok(ConnectedPayments {
            payments: Arc::clone(&manual) as Arc<_>,
            customers: None,
            holds: None,
            approval: Some(Arc::clone(&manual) as Arc<_>),
            vault: None,
            subscriptions: None,
            disputes: None,
            reports: None,
            browser: None,
            inbound: None,
            probe: manual,
        })
    }
}
