//! Folding lines into days, by one node.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::storage::Range;

use super::Tallies;
use super::records::{LANES, TallyLine, TallySums};
use crate::foundation::table::Batch;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// Every commit on the way holds, so that it may end anywhere.
pub(crate) const TALLYING: TaskKind = TaskKind::recurring(
    "tallying",
    "Once an hour folds what happened into figures of days.",
    Duration::from_hours(1),
)
.interruptible();

/// How many lines one commit folds at most, and over how many days: with the sums it stays below what a commit may write.
const CHUNK: usize = 80;
const DAYS: usize = 15;

#[async_trait]
impl TaskRunner for Tallies {
    async fn run(&self, _: &Leased) -> Result<Next> {
        self.fold().await?;
        Ok(Next::Done)
    }
}

impl Tallies {
    /// Folds all lines, and tells how many they were.
    ///
    /// # Errors
    /// Whatever the store answers. What was folded until then stays folded.
    pub(crate) async fn fold(&self) -> Result<u64> {
        let mut folded = 0;
        for lane in 0..LANES {
            loop {
                let chunk = self.context.retried(|| self.fold_chunk(lane)).await?;
                if chunk == 0 {
                    break;
                }
                folded += chunk as u64;
            }
        }
        Ok(folded)
    }

    /// Puts some lines into sums in one commit. Each is expected to be there, so that of two nodes one does it.
    async fn fold_chunk(&self, lane: u32) -> Result<usize> {
        let (lines, _) = self
            .context
            .table::<TallyLine>()
            .complete_page(&TallyLine::partition(lane), Range::All, CHUNK, None)
            .await?;
        let mut days: BTreeMap<String, Vec<&TallyLine>> = BTreeMap::new();
        let mut batch = Batch::default();
        let mut folded = 0;
        for line in &lines {
            let day = self.zone.date_text(line.at)?;
            if days.len() == DAYS && !days.contains_key(&day) {
                break;
            }
            days.entry(day).or_default().push(&line.value);
            batch.remove(line);
            folded += 1;
        }
        if folded == 0 {
            return Ok(0);
        }
        let all: Vec<&TallyLine> = days.values().flatten().copied().collect();
        self.add_to(&mut batch, TallySums::ALL_TIME, &all).await?;
        for (day, lines) in &days {
            self.add_to(&mut batch, day, lines).await?;
        }
        self.context.commit(batch).await?;
        Ok(folded)
    }

    async fn add_to(&self, batch: &mut Batch, name: &str, lines: &[&TallyLine]) -> Result<()> {
        let sums = self.context.table::<TallySums>();
        let mut slot = sums
            .slot(TallySums::PARTITION, name, || TallySums::empty(name))
            .await?;
        for line in lines {
            slot.value.add(line)?;
        }
        batch.save(&slot)
    }
}
