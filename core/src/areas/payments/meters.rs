//! What is counted of payments.

use crate::foundation::meter::Meter;

/// All of it.
pub(super) const ALL: &[Meter] = &[SILENT];

pub(super) const SILENT: Meter = Meter::counter(
    "portcullis_payment_vendor_silent_total",
    "How often a payment vendor was found, every ten minutes, that was charged and told nothing for 30 minutes, by instance.",
);
