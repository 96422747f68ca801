//! The ledger beside the bare engine and bare reads.

use std::time::Duration;

use super::Extent;
use crate::Result;
use crate::ledger;
use crate::report::Line;

/// The entries of the long account.
const MANY: u32 = 1_000_000;
const FEW: u32 = 50_000;

pub(super) fn measure(extent: &Extent) -> Result<Vec<Line>> {
    let measured = ledger::Extent {
        span: Duration::from_millis(extent.seconds * 300),
        rounds: extent.rounds,
        entries: if extent.quick { FEW } else { MANY },
    };
    ledger::measure(&extent.folder, measured)
}
