//! Lists of runs and of differences, newest first.

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use portcullis_ports::Result;
use portcullis_ports::storage::Range;

use super::Reconciliation;
use super::model::DifferenceState;
use super::records::{DifferenceLine, RunRecord};
use super::views::{DifferencePage, DifferenceView, ReconciliationPage, ReconciliationView};
use crate::foundation::cursor::{INVALID_CURSOR, SignedCursor};
use crate::foundation::table::PageRequest;
use crate::foundation::use_case::{Problems, UseCase};

/// The most runs or differences of one page.
pub const PAGE: usize = 100;

/// A page ends after so many were looked at, however few of them are wanted.
const LOOKED_AT: usize = 1_000;

/// Which runs.
#[derive(Debug, Clone, Default)]
pub struct ListReconciliations {
    /// Of this vendor.
    pub vendor: Option<String>,
    /// Behind which run, as `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<SignedCursor>,
    /// How many at most, 1 to [`PAGE`].
    pub limit: Option<usize>,
}

impl UseCase for ListReconciliations {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}

/// Which differences are wanted.
#[derive(Debug, Clone, Default)]
pub struct DifferenceFilter {
    /// Of this vendor.
    pub vendor: Option<String>,
    /// In this state; in whichever, if it is not said.
    pub state: Option<DifferenceState>,
}

/// Which differences.
#[derive(Debug, Clone, Default)]
pub struct ListDifferences {
    /// Which of them.
    pub filter: DifferenceFilter,
    /// Behind which difference, as `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<SignedCursor>,
    /// How many at most, 1 to [`PAGE`].
    pub limit: Option<usize>,
}

impl UseCase for ListDifferences {
    const PROBLEMS: Problems = ListReconciliations::PROBLEMS;
}

const RUNS: &[&str] = &["reconciliations"];
const DIFFERENCES: &[&str] = &["differences"];

impl Reconciliation {
    /// The runs of all vendors, or of one.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn list(&self, command: &ListReconciliations) -> Result<ReconciliationPage> {
        let keyring = &self.context.keyring;
        let cursor = command.cursor.as_ref();
        let request = PageRequest {
            partitions: &[RunRecord::PARTITION.to_owned()],
            range: Range::All,
            after: cursor.map(|cursor| cursor.place(keyring, RUNS)).transpose()?,
            limit: command.limit.unwrap_or(PAGE).clamp(1, PAGE),
            looked_at: LOOKED_AT,
        };
        let wanted = |run: &RunRecord| {
            let vendor = command.vendor.as_ref();
            let wanted = vendor.is_none_or(|vendor| *vendor == run.instance);
            wanted.then(|| ReconciliationView::of(run.clone()))
        };
        let page = self
            .context
            .table::<RunRecord>()
            .filtered_page(request, wanted)
            .await?;
        let next = page.next.map(|place| SignedCursor::sign(keyring, RUNS, place));
        Ok(ReconciliationPage {
            reconciliations: page.items,
            next_cursor: next.transpose()?,
        })
    }

    /// Differences, by when they were found first.
    ///
    /// # Errors
    /// `invalid-cursor`.
    pub async fn differences(&self, command: &ListDifferences) -> Result<DifferencePage> {
        let keyring = &self.context.keyring;
        let DifferenceFilter { vendor, state } = &command.filter;
        let states = state.map_or_else(|| DifferenceState::ALL.to_vec(), |state| vec![state]);
        let partitions: Vec<String> = states
            .iter()
            .map(|state| DifferenceLine::partition(*state))
            .collect();
        let cursor = command.cursor.as_ref();
        let request = PageRequest {
            partitions: &partitions,
            range: Range::All,
            after: cursor
                .map(|cursor| cursor.place(keyring, DIFFERENCES))
                .transpose()?,
            limit: command.limit.unwrap_or(PAGE).clamp(1, PAGE),
            looked_at: LOOKED_AT,
        };
        let show = |lines: Vec<DifferenceLine>| {
            async move {
                let read = lines.iter().map(async |line| {
                    if vendor.as_ref().is_none_or(|vendor| *vendor == line.instance) {
                        self.difference(&line.id).await
                    } else {
                        Ok(None)
                    }
                });
                let found = try_join_all(read).await?.into_iter();
                Ok(found
                    .map(|found| found.map(|found| DifferenceView::of(found.value)))
                    .collect())
            }
            .boxed()
        };
        let page = self
            .context
            .table::<DifferenceLine>()
            .joined_page(request, show)
            .await?;
        let next = page
            .next
            .map(|place| SignedCursor::sign(keyring, DIFFERENCES, place));
        Ok(DifferencePage {
            differences: page.items,
            next_cursor: next.transpose()?,
        })
    }
}
