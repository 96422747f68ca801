//! What the business came to in a span of days: money by the ledger, and how often things happened by what was counted.
//!
//! Nothing is added up for a request but what was folded of each day, and the lines of the last hours that are not folded
//! yet.

mod days;
mod money;
mod read;
mod views;

use std::sync::Arc;

pub use read::{FiguresBy, ReadFigures};
pub use views::{FailedPayments, FiguresIn, FiguresOf, FiguresView};

use crate::areas::ledger::Ledger;
use crate::foundation::area::Area;
use crate::foundation::context::Context;
use crate::services::tallies::Tallies;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area::EMPTY;

/// Reads what the business came to.
#[derive(Clone)]
pub struct Figures {
    context: Arc<Context>,
    ledger: Ledger,
    tallies: Tallies,
}

impl Figures {
    pub(crate) fn new(context: &Arc<Context>, ledger: &Ledger, tallies: &Tallies) -> Self {
        Self {
            context: Arc::clone(context),
            ledger: ledger.clone(),
            tallies: tallies.clone(),
        }
    }
}
