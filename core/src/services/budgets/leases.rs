//! Leases of budgets: uses that a process counts in advance and spends by itself, one write for many.

use portcullis_ports::{Result, Timestamp};

use super::{Budgets, Use};
use crate::foundation::table::Batch;

/// A lease is at most this part of what is left, so that other processes have theirs, and little is lost with one that dies.
const PARTS: u32 = 16;

/// Uses that were counted and not made yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    /// None if the budget is used up.
    pub(crate) uses: u32,
    /// When the window ends: they are worth nothing from then on, and there is a new budget.
    pub(crate) until: Timestamp,
}

impl Budgets {
    /// Leases some uses of a budget, at most so many, in a commit of its own. All processes together never lease more than
    /// there is. What is left of the lease before is given `back` by the same commit; after a failure nobody knows whether it
    /// was, so that it must not be spent.
    pub(crate) async fn lease(&self, one: &Use<'_>, most: u32, back: Option<Lease>) -> Result<Lease> {
        let key = self.key(one.name, one.of)?;
        self.context
            .retried(|| self.lease_once(&key, one, most, back))
            .await
    }

    /// Gives back what is left of a lease.
    pub(crate) async fn give_back(&self, one: &Use<'_>, back: Lease) -> Result<()> {
        self.lease(one, 0, Some(back)).await.map(drop)
    }

    async fn lease_once(&self, key: &str, one: &Use<'_>, most: u32, back: Option<Lease>) -> Result<Lease> {
        let mut batch = Batch::default();
        self.lines.join(&mut batch, std::iter::once(key)).await;
        let (mut slot, is_shortened) = self.counter(key, one.limit, self.context.now()).await?;
        // The end of a window only moves ahead: with a later one it is another window.
        let back = back.filter(|back| !slot.is_new() && slot.value.until <= back.until);
        let given = back.map_or(0, |back| back.uses);
        slot.value.used = slot.value.used.saturating_sub(given);
        let left = one.limit.most.saturating_sub(slot.value.used);
        let uses = left.min((left / PARTS).max(1)).min(most);
        let until = slot.value.until;
        if uses > 0 || given > 0 || is_shortened {
            slot.value.used = slot.value.used.saturating_add(uses);
            batch.save(&slot)?;
            self.context.commit(batch).await?;
        }
        Ok(Lease { uses, until })
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::Span;

    use crate::foundation::limit::Limit;
    use crate::services::budgets::Use;
    use crate::services::testing::two_beds;

    #[tokio::test]
    async fn two_processes_never_lease_more_than_there_is_and_leave_nothing() {
        let beds = two_beds().await;
        let one = Use {
            name: "test",
            of: &["a"],
            limit: Limit::new(100, Span::minutes(1)),
        };
        let (mut leased, mut commits) = (0, 0);
        loop {
            let part = beds[commits % 2]
                .services
                .budgets
                .lease(&one, u32::MAX, None)
                .await
                .unwrap();
            if part.uses == 0 {
                break;
            }
            assert!(part.uses <= 100 / 16, "{}", part.uses);
            leased += part.uses;
            commits += 1;
        }
        assert_eq!(leased, 100);
        assert!(commits < 60, "{commits}");
        beds[0].clock.advance(std::time::Duration::from_mins(1));
        let next = &beds[0].services.budgets;
        assert!(next.lease(&one, u32::MAX, None).await.unwrap().uses > 0);
    }

    #[tokio::test]
    async fn what_is_given_back_is_there_again_within_its_window_and_not_beyond() {
        let [bed, _] = two_beds().await;
        let one = Use {
            name: "test",
            of: &["a"],
            limit: Limit::new(32, Span::minutes(1)),
        };
        let budgets = &bed.services.budgets;
        let all = async || {
            let mut all = 0;
            loop {
                match budgets.lease(&one, 1, None).await.unwrap().uses {
                    0 => break all,
                    uses => all += uses,
                }
            }
        };
        let part = budgets.lease(&one, u32::MAX, None).await.unwrap();
        assert_eq!((part.uses, all().await), (2, 30));
        budgets.give_back(&one, part).await.unwrap();
        assert_eq!(all().await, 2);
        let again = budgets.lease(&one, 1, Some(part)).await.unwrap();
        assert_eq!((again.uses, all().await), (1, 1));
        bed.clock.advance(std::time::Duration::from_mins(1));
        assert_eq!(all().await, 32);
        budgets.give_back(&one, part).await.unwrap();
        assert_eq!(all().await, 0);
    }

    #[tokio::test]
    async fn a_window_that_is_shorter_by_now_ends_also_if_nothing_of_it_is_left() {
        let [bed, _] = two_beds().await;
        let within = |minutes| Use {
            name: "test",
            of: &["a"],
            limit: Limit::new(1, Span::minutes(minutes)),
        };
        let budgets = &bed.services.budgets;
        for (minutes, uses) in [(60, 1), (1, 0)] {
            let lease = budgets.lease(&within(minutes), 1, None).await.unwrap();
            assert_eq!(lease.uses, uses);
        }
        bed.clock.advance(std::time::Duration::from_mins(1));
        assert_eq!(budgets.lease(&within(1), 1, None).await.unwrap().uses, 1);
    }
}
