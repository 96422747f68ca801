//! Pages of what a filter wants of long lists, newest first. Several lists are read as one.

use std::future::ready;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, try_join_all};
use portcullis_ports::Result;
use portcullis_ports::storage::Range;

use super::{Stored, Table};

/// So many records are shown at once.
const AT_ONCE: usize = 25;

/// Which page is wanted.
pub(crate) struct PageRequest<'a> {
    /// The partitions of the lists, whose sort keys are in one order.
    pub(crate) partitions: &'a [String],
    pub(crate) range: Range,
    /// The sort key that it begins behind.
    pub(crate) after: Option<String>,
    /// How many at most.
    pub(crate) limit: usize,
    /// It ends after so many records were looked at, however few of them are wanted.
    pub(crate) looked_at: usize,
}

/// A page, and the sort key behind which the next one begins, if anything follows.
pub(crate) struct FilteredPage<V> {
    pub(crate) items: Vec<V>,
    pub(crate) next: Option<String>,
}

impl<T: Stored> Table<T> {
    /// A page of what `show` makes of records.
    pub(crate) async fn filtered_page<V>(
        &self,
        request: PageRequest<'_>,
        show: impl Fn(&T) -> Option<V> + Send + Sync,
    ) -> Result<FilteredPage<V>>
    where
        V: Send,
    {
        let shown = |records: Vec<T>| ready(Ok(records.iter().map(&show).collect())).boxed();
        self.joined_page(request, shown).await
    }

    /// The same where more has to be read of what is shown: `show` answers for each of some records, in their order.
    pub(crate) async fn joined_page<'a, V>(
        &self,
        request: PageRequest<'_>,
        show: impl Fn(Vec<T>) -> BoxFuture<'a, Result<Vec<Option<V>>>> + Send + Sync,
    ) -> Result<FilteredPage<V>>
    where
        V: Send,
    {
        let (mut items, mut looked_at, mut after) = (Vec::new(), 0, request.after);
        loop {
            let pages = request.partitions.iter().map(|partition| {
                self.page_newest_first(partition, request.range.clone(), request.limit, after.clone())
            });
            let (mut records, mut frontier) = (Vec::new(), None);
            for (page, next) in try_join_all(pages).await? {
                records.extend(page.into_iter().map(|record| (record.key().1, record.value)));
                frontier = frontier.max(next);
            }
            records.sort_by(|(a, _), (b, _)| b.cmp(a));
            // A list that goes on may hold what belongs before the rest of those that end.
            let left_out = records.len();
            records.retain(|(place, _)| frontier.as_ref().is_none_or(|frontier| place >= frontier));
            let goes_on = frontier.is_some() || records.len() < left_out;
            let mut records = records.into_iter();
            loop {
                let (places, some): (Vec<String>, Vec<T>) = records.by_ref().take(AT_ONCE).unzip();
                if places.is_empty() {
                    break;
                }
                let mut shown = places.into_iter().zip(show(some).await?);
                while let Some((place, item)) = shown.next() {
                    after = Some(place);
                    looked_at += 1;
                    items.extend(item);
                    if items.len() == request.limit {
                        let more = goes_on || shown.len() > 0 || records.len() > 0;
                        let next = after.filter(|_| more);
                        return Ok(FilteredPage { items, next });
                    }
                }
            }
            // What cannot be read is passed over.
            after = frontier.or(after);
            if !goes_on || looked_at >= request.looked_at {
                let next = after.filter(|_| goes_on);
                return Ok(FilteredPage { items, next });
            }
        }
    }
}
