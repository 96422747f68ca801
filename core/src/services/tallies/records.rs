//! How tallies are stored.

use portcullis_ports::money::{AMOUNT_OVERFLOW, Currency};
use portcullis_ports::storage::Collection;
use portcullis_ports::{Result, Timestamp, id};
use serde::{Deserialize, Serialize};

use crate::foundation::table::Stored;

/// Lines, and what they were folded into.
pub(crate) const TALLIES: Collection = Collection {
    name: "tallies",
    table: "tallies",
    variable: "TALLIES_TABLE_NAME",
};

/// Over how many partitions lines are spread.
pub(super) const LANES: u32 = 16;

id!(
    /// Names what one commit counted.
    TallyId, "tly", "tly_01h2xcejqtf2nbrexx3vqjhp41"
);

/// How often something happened, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tallied {
    /// What, as the area that counts it names it.
    pub(crate) what: String,
    pub(crate) currency: Currency,
    /// Which sort of it, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    pub(crate) count: i64,
    /// In minor units.
    pub(crate) minor: i64,
}

/// What one commit counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TallyLine {
    pub(super) id: TallyId,
    pub(super) at: Timestamp,
    pub(super) happened: Vec<Tallied>,
}

impl TallyLine {
    pub(super) fn partition(lane: u32) -> String {
        format!("open#{lane}")
    }
}

impl Stored for TallyLine {
    const COLLECTION: Collection = TALLIES;

    fn key(&self) -> (String, String) {
        let lane = self.id.as_str().bytes().map(u32::from).sum::<u32>() % LANES;
        (Self::partition(lane), self.id.to_string())
    }
}

/// What the folded lines of a day came to, or those of all time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TallySums {
    /// The day, such as `2026-11-28`, or [`Self::ALL_TIME`].
    pub(super) name: String,
    pub(super) sums: Vec<Tallied>,
    /// How many lines were folded into it.
    pub(super) lines: u64,
}

impl TallySums {
    pub(super) const PARTITION: &'static str = "sums";
    /// Behind all days.
    pub(super) const ALL_TIME: &'static str = "total";

    pub(super) fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sums: Vec::new(),
            lines: 0,
        }
    }

    /// # Errors
    /// `amount-overflow`.
    pub(super) fn add(&mut self, line: &TallyLine) -> Result<()> {
        self.lines = self.lines.saturating_add(1);
        add_all(&mut self.sums, &line.happened)
    }
}

/// Adds to sums, each of its own name, currency and sort.
///
/// # Errors
/// `amount-overflow`.
pub(super) fn add_all(sums: &mut Vec<Tallied>, more: &[Tallied]) -> Result<()> {
    for one in more {
        let same = |sum: &&mut Tallied| {
            (&sum.what, sum.currency, &sum.detail) == (&one.what, one.currency, &one.detail)
        };
        let Some(sum) = sums.iter_mut().find(same) else {
            sums.push(one.clone());
            continue;
        };
        let added = (sum.count.checked_add(one.count), sum.minor.checked_add(one.minor));
        let (Some(count), Some(minor)) = added else {
            return Err(AMOUNT_OVERFLOW.error());
        };
        (sum.count, sum.minor) = (count, minor);
    }
    Ok(())
}

impl Stored for TallySums {
    const COLLECTION: Collection = TALLIES;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.name.clone())
    }
}
