//! Moments that people tell: near enough that calendars, documents and sums of them hold them.

use std::ops::RangeInclusive;
use std::time::Duration;

use portcullis_ports::{Result, Timestamp};

use super::refused;

/// Ten years: further from now nothing lies that anybody tells.
pub(crate) const DECADE: Duration = Duration::from_hours(24 * 3_653);

/// Refuses a moment beyond these, by the name of its field.
///
/// # Errors
/// `invalid-request`.
pub(crate) fn within(
    pointer: &str,
    moment: Option<Timestamp>,
    bounds: &RangeInclusive<Timestamp>,
    advice: &str,
) -> Result<()> {
    match moment {
        Some(moment) if !bounds.contains(&moment) => Err(refused(pointer, advice)),
        _ => Ok(()),
    }
}
