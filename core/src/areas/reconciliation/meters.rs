//! What is measured of reconciliation.

use crate::foundation::meter::Meter;

/// All of it.
pub(super) const ALL: &[Meter] = &[OPEN, OLDEST, COMPLETE, REMAINDER];

pub(super) const OPEN: Meter = Meter::gauge(
    "portcullis_reconciliation_open_differences",
    "Differences between the books and a payment vendor that nobody has decided about, by vendor, counted up to 1,000.",
);
pub(super) const OLDEST: Meter = Meter::gauge(
    "portcullis_reconciliation_oldest_seconds",
    "How long ago the oldest open difference was found, by vendor; 0 if there is none.",
);
pub(super) const COMPLETE: Meter = Meter::gauge(
    "portcullis_reconciliation_complete_timestamp_seconds",
    "When the books were last compared with all that a vendor reports, by vendor, in Unix seconds; 0 if never.",
);
pub(super) const REMAINDER: Meter = Meter::gauge(
    "portcullis_reconciliation_remainder",
    "What lies at a vendor beyond what the books and all listed differences say, at the last complete run, by vendor and \
     currency, in minor units.",
);
