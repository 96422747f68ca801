//! Parts of budgets that a process draws in advance and spends by itself: one write for many uses.

use portcullis_ports::{Result, Timestamp};

use super::{Budgets, Counter, Use};
use crate::foundation::table::Batch;

/// One process draws at most this part of what is left, so that others have theirs, and little is lost with a process that
/// dies.
const PARTS: u32 = 16;

/// Uses that were counted and not made yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// None if the budget is used up.
    pub(crate) uses: u32,
    /// When the window ends: they are worth nothing from then on, and there is a new budget.
    pub(crate) until: Timestamp,
}

impl Budgets {
    /// Counts some uses of a budget in advance, in a commit of its own. All processes together never draw more than there
    /// is.
    pub(crate) async fn draw(&self, one: &Use<'_>) -> Result<Drawn> {
        let key = self.key(one.name, one.of)?;
        self.context.retried(|| self.draw_once(&key, one)).await
    }

    async fn draw_once(&self, key: &str, one: &Use<'_>) -> Result<Drawn> {
        let mut batch = Batch::default();
        self.lines.join(&mut batch, std::iter::once(key)).await;
        let end = self.context.now() + one.limit.window.get();
        let empty = || Counter {
            key: key.to_owned(),
            used: 0,
            until: end,
        };
        let table = self.context.table::<Counter>();
        let mut slot = table.slot(key, Counter::SORT, empty).await?;
        // No window ends later than one that begins now, whatever a clock that was ahead once wrote.
        slot.value.until = slot.value.until.min(end);
        let left = one.limit.most.saturating_sub(slot.value.used);
        let uses = left.min((left / PARTS).max(1));
        let until = slot.value.until;
        if uses > 0 {
            slot.value.used = slot.value.used.saturating_add(uses);
            batch.save(&slot)?;
            self.context.commit(batch).await?;
        }
        Ok(Drawn { uses, until })
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::Span;

    use crate::foundation::limit::Limit;
    use crate::services::budgets::Use;
    use crate::services::testing::two_beds;

    #[tokio::test]
    async fn two_processes_never_draw_more_than_there_is_and_leave_nothing() {
        let beds = two_beds().await;
        let one = Use {
            name: "test",
            of: &["a"],
            limit: Limit::new(100, Span::minutes(1)),
        };
        let (mut drawn, mut commits) = (0, 0);
        loop {
            let part = beds[commits % 2].services.budgets.draw(&one).await.unwrap();
            if part.uses == 0 {
                break;
            }
            assert!(part.uses <= 100 / 16, "{}", part.uses);
            drawn += part.uses;
            commits += 1;
        }
        assert_eq!(drawn, 100);
        assert!(commits < 60, "{commits}");
        beds[0].clock.advance(std::time::Duration::from_mins(1));
        assert!(beds[0].services.budgets.draw(&one).await.unwrap().uses > 0);
    }
}
