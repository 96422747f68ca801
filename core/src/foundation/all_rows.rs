//! Going through all rows of a partition, page by page.

use portcullis_ports::Result;
use portcullis_ports::storage::{MAX_PAGE, Range};

use super::context::Context;
use super::table::{Batch, Stored};

/// Rows that one commit rewrites.
const CHUNK: usize = 50;

impl Context {
    /// Whether a row is wanted of those whose sort keys begin with `prefix`.
    ///
    /// # Errors
    /// Whatever the store answers, also for a row that cannot be read.
    pub(crate) async fn any_row<T: Stored>(
        &self,
        partition: &str,
        prefix: &str,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<bool> {
        let table = self.table::<T>();
        let mut after = None;
        loop {
            let range = Range::Prefix(prefix.to_owned());
            let (page, next) = table.complete_page(partition, range, MAX_PAGE, after).await?;
            if page.iter().any(|row| wanted(&row.value)) {
                return Ok(true);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(false),
            }
        }
    }

    /// Changes the rows whose sort keys begin with `prefix`, some in each commit: what was changed until an error stays so.
    ///
    /// # Errors
    /// `store-conflict` if somebody else writes one of them; whatever the store answers.
    pub(crate) async fn rewrite_rows<T: Stored + Clone + PartialEq>(
        &self,
        partition: &str,
        prefix: &str,
        change: impl Fn(&mut T),
    ) -> Result<()> {
        let table = self.table::<T>();
        let mut after = None;
        loop {
            let range = Range::Prefix(prefix.to_owned());
            let (page, next) = table.complete_page(partition, range, CHUNK, after).await?;
            let mut batch = Batch::default();
            for read in &page {
                let mut row = read.value.clone();
                change(&mut row);
                if row != read.value {
                    batch.replace(read, &row)?;
                }
            }
            self.commit(batch).await?;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}
