//! Tallies: how often something happened, day by day, without a counter at which all commits would meet.
//!
//! Whoever has something to count appends a line to the commit in which it happens. A task folds lines into one record for
//! each day and one for all time; a line is removed in the commit that adds it, so that each counts once. What is not
//! folded yet is read as well, so figures are never behind.

mod folding;
mod reading;
mod records;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::money::Currency;

pub(crate) use folding::TALLYING;
pub(crate) use reading::Counted;
pub(crate) use records::Tallied;
use records::{TALLIES, TallyId, TallyLine, TallySums};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::calendar::Zone;
use crate::foundation::context::Context;
use crate::foundation::table::Batch;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What happened since the backup happened.
        Family::new(
            TALLIES,
            Personal::Nobody,
            &[shape::<TallyLine>("line"), shape::<TallySums>("sums")],
        )
        .taken_over(),
    ],
    tasks: &[&TALLYING],
    ..Area::EMPTY
};

/// Counts what happens.
#[derive(Clone)]
pub(crate) struct Tallies {
    context: Arc<Context>,
    /// Where days begin.
    zone: Zone,
}

impl Tallies {
    pub(crate) fn new(context: &Arc<Context>, zone: &Zone) -> Self {
        Self {
            context: Arc::clone(context),
            zone: zone.clone(),
        }
    }

    /// Adds to a commit what happens in it. Meets nobody.
    ///
    /// # Errors
    /// `internal` if the machine cannot give randomness.
    pub(crate) fn add(&self, batch: &mut Batch, happened: Vec<Tallied>) -> Result<()> {
        if happened.is_empty() {
            return Ok(());
        }
        let at = self.context.now();
        batch.insert(&TallyLine {
            id: TallyId::time_ordered(at, self.context.entropy.as_ref())?,
            at,
            happened,
        })
    }
}

impl Tallied {
    /// That something happened once.
    pub(crate) fn once(what: &str, currency: Currency) -> Self {
        Self {
            what: what.to_owned(),
            currency,
            detail: None,
            count: 1,
            minor: 0,
        }
    }

    /// The same, of one sort among others.
    #[must_use]
    pub(crate) fn of(self, detail: &str) -> Self {
        Self {
            detail: Some(detail.to_owned()),
            ..self
        }
    }

    /// That a sum has changed by so much, which is nothing that is counted.
    pub(crate) fn change(what: &str, minor: i64, currency: Currency) -> Self {
        Self {
            count: 0,
            minor,
            ..Self::once(what, currency)
        }
    }
}
