//! Folding every hour, by one node.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::Range;

use super::Ledger;
use super::accounts::HouseAccount;
use super::figures::add;
use super::lines::{DayMark, Line, Lines, Total, partition};
use super::records::SHARDS;
use crate::foundation::day::Day;
use crate::foundation::table::{Batch, Stored};
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// Folds lines. Every commit on the way holds, so that it may end anywhere.
pub(crate) const FOLDING: TaskKind = TaskKind::recurring(
    "ledger-folding",
    "Once an hour folds the lines of the house's accounts into totals and sums of days.",
    Duration::from_hours(1),
)
.interruptible();

/// How many lines one commit folds. With the total and the sums of the days on which the lines of a day in UTC lie, three at
/// most, it stays below what a commit may write.
const CHUNK: usize = 90;
/// Younger lines stay: whoever proves the ledger beside commits that are under way has to tell them apart.
const SETTLED_AFTER: Duration = Duration::from_hours(1);
/// For so long a day that is over is looked at again: no node's clock is that far behind, and no commit takes that long.
const WATCHED: Duration = Duration::from_hours(24 * 8);

/// What folding did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Folded {
    /// How many lines are now in totals.
    pub lines: u64,
    /// How many days are not looked at any more.
    pub days: u64,
}

#[async_trait]
impl TaskRunner for Ledger {
    async fn run(&self, _: &Leased) -> Result<Next> {
        let Folded { lines, days } = self.fold().await?;
        if lines > 0 {
            tracing::info!(lines, days, "lines of the ledger were folded");
        }
        Ok(Next::Done)
    }
}

impl Lines {
    /// Folds the lines of all accounts that are old enough into their totals and the sums of their days.
    ///
    /// # Errors
    /// Whatever the store answers. What was folded until then stays folded, and the totals hold.
    pub(super) async fn fold(&self) -> Result<Folded> {
        let now = self.context().now();
        let mut done = Folded::default();
        for (account, currency) in self.accounts().await? {
            for day in self.days(&account, currency).await? {
                for shard in 0..SHARDS {
                    done.lines += self.fold_shard(&account, currency, day, shard).await?;
                }
                if now.since(day.end()) >= WATCHED {
                    let mark = DayMark {
                        account: account.clone(),
                        currency,
                        begins_at: day.begin(),
                    };
                    let mut batch = Batch::default();
                    let (partition, sort) = mark.key();
                    batch.clear::<DayMark>(partition, sort);
                    self.context().commit(batch).await?;
                    done.days += 1;
                }
            }
        }
        Ok(done)
    }

    async fn fold_shard(
        &self,
        account: &HouseAccount,
        currency: Currency,
        day: Day,
        shard: u32,
    ) -> Result<u64> {
        let mut folded = 0;
        loop {
            let chunk = self
                .context()
                .retried(|| self.fold_chunk(account, currency, day, shard))
                .await?;
            folded += chunk as u64;
            if chunk < CHUNK {
                return Ok(folded);
            }
        }
    }

    /// Puts some lines into the total in one commit. Each is expected to be there, so that of two nodes one does it.
    async fn fold_chunk(
        &self,
        account: &HouseAccount,
        currency: Currency,
        day: Day,
        shard: u32,
    ) -> Result<usize> {
        let partition_of_shard = Line::partition(account, currency, day, shard);
        let (lines, _) = self
            .context()
            .table::<Line>()
            .complete_page(&partition_of_shard, Range::All, CHUNK, None)
            .await?;
        let now = self.context().now();
        let lines: Vec<_> = lines
            .into_iter()
            .take_while(|line| now.since(line.at) >= SETTLED_AFTER)
            .collect();
        if lines.is_empty() {
            return Ok(0);
        }
        let mut total = self
            .context()
            .table::<Total>()
            .slot(&partition(account, currency), Total::SORT, || {
                Total::empty(account, currency)
            })
            .await?;
        if !total.is_new() {
            self.own(total.value.clone())?;
        }
        let mut batch = Batch::default();
        self.add_to_days(&mut batch, &lines).await?;
        for line in &lines {
            total.value.moved = total.value.moved.plus(line.moved)?;
            total.value.lines = add(total.value.lines, 1)?;
            batch.remove(line);
        }
        total.value.sign(&self.context().keyring)?;
        batch.save(&total)?;
        self.context().commit(batch).await?;
        Ok(lines.len())
    }
}
