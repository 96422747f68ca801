//! What is counted of the ledger.

use crate::foundation::meter::Meter;

/// All of it.
pub(super) const ALL: &[Meter] = &[ENTRIES];

pub(super) const ENTRIES: Meter = Meter::counter(
    "portcullis_ledger_entries_total",
    "What was posted to the ledger, by kind and phase.",
);
