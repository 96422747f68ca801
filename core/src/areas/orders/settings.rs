//! What an operator sets about orders.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::limit::Limit;
use crate::foundation::settings::SettingsTable;

/// Orders.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long what is in stock is reserved for an order that is not paid yet. What is paid later is sold if there is enough
    /// by then, and given back otherwise.
    pub reserved_for: Span,
    /// Carts that one account may buy: who reserves what is in stock and does not pay keeps it from others.
    pub purchases_per_account: Limit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reserved_for: Span::minutes(30),
            purchases_per_account: Limit::new(20, Span::hours(1)),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "orders";
}
