//! What operators send about the account of a customer.

use poem_openapi::Object;
use portcullis_core::ledger::Reason;
use portcullis_core::operators::{AdjustCustomer, AdjustmentKind, FreezeCustomer};
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::Result;
use portcullis_ports::money::{Amount, Currency, Money};
use serde::Deserialize;

use super::fields::wrong;

/// The most that is adjusted at once, in minor units.
pub(crate) const MOST: i64 = 1_000_000_000_000;

/// What a customer owes is adjusted.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adjust {
    /// Which way.
    kind: AdjustmentKind,
    /// How much, in minor units: at most a million millions, so that no slip makes a balance that nothing fits into.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000000000")))]
    amount: i64,
    /// The currency of the amount.
    currency: Currency,
    /// Why: it stands in the ledger and in both histories, and the customer reads it.
    reason: Reason,
}

impl Adjust {
    pub(crate) fn command(self) -> Result<AdjustCustomer> {
        if self.amount > MOST {
            return Err(wrong("amount", "At most 1000000000000 minor units are expected."));
        }
        let amount = Amount::new(Money::new(self.amount, self.currency));
        Ok(AdjustCustomer {
            kind: self.kind,
            amount: amount.map_err(|_| wrong("amount", "More than 0 minor units are expected."))?,
            reason: self.reason,
        })
    }
}

impl UseCase for Adjust {
    const PROBLEMS: Problems = AdjustCustomer::PROBLEMS;
}

impl Documented for Adjust {
    const EXAMPLE: &str =
        r#"{ "kind": "credit", "amount": 500, "currency": "USD", "reason": "Two days without service" }"#;
}

/// The billing of a customer is frozen, or thawed.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct FreezeReason {
    /// Why: it stands in both histories.
    pub(crate) reason: Reason,
}

impl UseCase for FreezeReason {
    const PROBLEMS: Problems = FreezeCustomer::PROBLEMS;
}

impl Documented for FreezeReason {
    const EXAMPLE: &str = r#"{ "reason": "The bank reported stolen cards" }"#;
}
