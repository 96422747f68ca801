//! How something is paid, on the wire.

use poem_openapi::Enum;
use portcullis_core::payment_methods::PaymentMethodId;
use portcullis_core::payments::PayWith;
use portcullis_ports::Result;
use serde::{Deserialize, Serialize};

use super::fields::wrong;

/// How a payment is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum PayBy {
    /// With a stored method: `payment_method_id`, or the default one.
    Method,
    /// With a method that the payer enters in the vendor's part of the page.
    Browser,
    /// On a page of the vendor.
    Page,
    /// Outside of any vendor: `next_action` says how. A transfer, cash, a voucher.
    Offline,
}

impl PayBy {
    /// The same with what is said beside it.
    ///
    /// # Errors
    /// `invalid-request` for a stored method that is not used.
    pub(super) fn with(self, method: Option<PaymentMethodId>, save_method: Option<bool>) -> Result<PayWith> {
        if self != Self::Method && method.is_some() {
            return Err(wrong(
                "payment_method_id",
                "It is expected with `pay_by` = `method` only.",
            ));
        }
        Ok(match self {
            Self::Method => PayWith::Stored(method),
            Self::Browser => PayWith::Fresh {
                save: save_method.unwrap_or_default(),
            },
            Self::Page => PayWith::Page,
            Self::Offline => PayWith::Offline,
        })
    }
}
