//! What an operator sets about invoices that are not paid.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done about invoices that are not paid.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dunning {
    /// How long after each payment that failed the next one is tried. After the last of them, and after a decline that is
    /// for good, no other is tried by itself.
    #[schemars(length(max = 20))]
    pub retry: Vec<Span>,
    /// What follows if an invoice stays unpaid, counted from when it was issued.
    #[schemars(length(max = 10))]
    pub overdue: Vec<OverdueStep>,
    /// How long before a payment its payer is told that the card will have expired by then.
    pub card_notice: Span,
}

impl Default for Dunning {
    fn default() -> Self {
        let step = |after, act| OverdueStep { after, act };
        Self {
            retry: [1, 3, 5, 7].map(Span::days).to_vec(),
            overdue: vec![
                step(Span::days(7), OverdueAct::Restrict),
                step(Span::days(14), OverdueAct::Cancel),
            ],
            card_notice: Span::days(7),
        }
    }
}

/// What follows if an invoice stays unpaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverdueStep {
    /// After how long.
    pub after: Span,
    /// What is done.
    #[serde(rename = "do")]
    pub act: OverdueAct,
}

/// What is done about a subscription that is not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverdueAct {
    /// It entitles to nothing until it is paid.
    Restrict,
    /// It ends.
    Cancel,
}
