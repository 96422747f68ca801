//! Reading what was counted, folded or not.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use portcullis_ports::Result;
use portcullis_ports::storage::{MAX_PAGE, Range, STORE_CONFLICT};

use super::Tallies;
use super::records::{LANES, Tallied, TallyLine, TallySums, add_all};

/// How often it is read again while it is folded.
const READINGS: u32 = 5;

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// From the beginning until now.
    pub(crate) all_time: Vec<Tallied>,
    /// By days.
    pub(crate) days: BTreeMap<String, Vec<Tallied>>,
}

impl Tallies {
    /// What was counted in all, and on each day from `first` on.
    ///
    /// # Errors
    /// `store-conflict` if it is folded again and again meanwhile; `amount-overflow`; whatever the store answers.
    pub(crate) async fn since(&self, first: &str) -> Result<Counted> {
        for _ in 0..READINGS {
            let all = self.all_time().await?;
            let mut counted = Counted {
                all_time: all.sums,
                days: self.folded_days(first).await?,
            };
            for lane in try_join_all((0..LANES).map(|lane| self.lines(lane))).await? {
                for line in lane {
                    add_all(&mut counted.all_time, &line.happened)?;
                    let day = self.zone.date_text(line.at)?;
                    if day.as_str() >= first {
                        add_all(counted.days.entry(day).or_default(), &line.happened)?;
                    }
                }
            }
            // Lines that were folded meanwhile would be missed or counted twice.
            if self.all_time().await?.lines == all.lines {
                return Ok(counted);
            }
        }
        Err(STORE_CONFLICT.error())
    }

    async fn all_time(&self) -> Result<TallySums> {
        let sums = self.context.table::<TallySums>();
        let found = sums.find(TallySums::PARTITION, TallySums::ALL_TIME).await?;
        Ok(found.map_or_else(|| TallySums::empty(TallySums::ALL_TIME), |found| found.value))
    }

    async fn folded_days(&self, first: &str) -> Result<BTreeMap<String, Vec<Tallied>>> {
        // No day has a digit beyond 9.
        let range = Range::Between(first.to_owned(), ":".to_owned());
        let (mut days, mut after) = (BTreeMap::new(), None);
        loop {
            let (page, next) = self
                .context
                .table::<TallySums>()
                .complete_page(TallySums::PARTITION, range.clone(), MAX_PAGE, after)
                .await?;
            days.extend(page.into_iter().map(|day| (day.value.name, day.value.sums)));
            after = next;
            if after.is_none() {
                return Ok(days);
            }
        }
    }

    async fn lines(&self, lane: u32) -> Result<Vec<TallyLine>> {
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = self
                .context
                .table::<TallyLine>()
                .complete_page(&TallyLine::partition(lane), Range::All, MAX_PAGE, after)
                .await?;
            lines.extend(page.into_iter().map(|line| line.value));
            after = next;
            if after.is_none() {
                return Ok(lines);
            }
        }
    }
}
