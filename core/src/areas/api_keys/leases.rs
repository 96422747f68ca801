//! Uses are counted for all nodes. Each node leases some of them in advance, and gives back what it does not spend.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_lock::Mutex as AsyncMutex;
use portcullis_ports::{Result, Timestamp};

use super::limits::{ApiKeyLimit, KeyBudget};
use crate::foundation::context::Context;
use crate::services::budgets::{Budgets, Lease, Use};

/// The most of a first lease. Each one may be twice as large, so that little is out that nobody asks for.
const FIRST: u32 = 256;
/// How long nothing more is looked for after there was none: other nodes may give something back.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long a lease is kept of which nobody spends.
pub(super) const IDLE: Duration = Duration::from_secs(30);

/// What a node may still spend of one budget.
#[derive(Debug, Clone, Copy)]
struct NodeLease {
    budget: KeyBudget,
    left: u32,
    /// How much it was.
    size: u32,
    until: Timestamp,
    /// When it was spent last, or leased.
    spent_at: Timestamp,
}

impl NodeLease {
    /// Whether it says how the budget stands. One of another limit does not.
    fn is_valid(&self, budget: &KeyBudget, now: Timestamp) -> bool {
        let is_known = self.left > 0 || (self.size == 0 && now < self.spent_at + LOOK_AGAIN);
        let is_current = now < self.until && budget.is_same_window(self.spent_at, now);
        self.budget.most == budget.most && is_current && is_known
    }
}

/// The leases of a key.
#[derive(Default)]
struct KeyLeases {
    by_limit: Vec<NodeLease>,
    /// One request leases, and the others of the key wait for it.
    leasing: Arc<AsyncMutex<()>>,
}

impl KeyLeases {
    fn of(&mut self, limit: ApiKeyLimit) -> Option<&mut NodeLease> {
        self.by_limit.iter_mut().find(|lease| lease.budget.of == limit)
    }

    fn take_out(&mut self, limit: ApiKeyLimit) -> Option<NodeLease> {
        let at = self.by_limit.iter().position(|lease| lease.budget.of == limit)?;
        Some(self.by_limit.swap_remove(at))
    }

    fn is_needed(&self, now: Timestamp) -> bool {
        Arc::strong_count(&self.leasing) > 1 || self.by_limit.iter().any(|lease| now < lease.until)
    }
}

/// What became of one use.
enum Spent {
    Yes,
    /// Something has to be leased first.
    Missing(Arc<AsyncMutex<()>>),
    UsedUp(KeyBudget, Timestamp),
}

/// Counts the uses of keys.
#[derive(Clone)]
pub(super) struct Limits {
    context: Arc<Context>,
    budgets: Budgets,
    /// By key.
    leases: Arc<Mutex<HashMap<String, KeyLeases>>>,
}

/// What one request took while it leases the rest. It is put back unless all of it was there.
struct Taken<'a> {
    limits: &'a Limits,
    key: &'a str,
    of: Vec<(KeyBudget, Timestamp)>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut all = self.limits.all();
        for (budget, until) in &self.of {
            let lease = all.get_mut(self.key).and_then(|leases| leases.of(budget.of));
            let same = lease.filter(|lease| lease.budget.most == budget.most && lease.until == *until);
            if let Some(lease) = same.filter(|lease| lease.size > 0) {
                lease.left = lease.left.saturating_add(1);
            }
        }
    }
}

impl Limits {
    pub(super) fn new(context: &Arc<Context>, budgets: &Budgets) -> Self {
        Self {
            context: Arc::clone(context),
            budgets: budgets.clone(),
            leases: Arc::default(),
        }
    }

    /// Counts one use of each budget of a key, all or none.
    ///
    /// # Errors
    /// `api-key-limit`, with the limit and the time until it opens again.
    pub(super) async fn take(&self, key: &str, budgets: &[KeyBudget]) -> Result<()> {
        match self.spend(key, budgets) {
            Spent::Yes => Ok(()),
            Spent::UsedUp(budget, until) => Err(budget.used_up(until, self.context.now())),
            // Rare: on the heap, so that every request does not carry the room for it.
            Spent::Missing(leasing) => Box::pin(self.lease(key, budgets, &leasing)).await,
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, KeyLeases>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of each, if there is one of each.
    fn spend(&self, key: &str, budgets: &[KeyBudget]) -> Spent {
        let now = self.context.clock.coarse_now();
        let mut all = self.all();
        if !all.contains_key(key) {
            all.insert(key.to_owned(), KeyLeases::default());
        }
        let Some(leases) = all.get_mut(key) else {
            return Spent::Missing(Arc::default());
        };
        for budget in budgets {
            match leases.of(budget.of).filter(|lease| lease.is_valid(budget, now)) {
                None => return Spent::Missing(Arc::clone(&leases.leasing)),
                Some(lease) if lease.left == 0 => return Spent::UsedUp(*budget, lease.until),
                Some(_) => {}
            }
        }
        for budget in budgets {
            if let Some(lease) = leases.of(budget.of) {
                lease.left -= 1;
                lease.spent_at = now;
            }
        }
        Spent::Yes
    }

    /// Takes one of each, and leases what is missing. Whoever has the turn is the only one who leases, and has the first use of
    /// it, so that it is decided at once.
    async fn lease(&self, key: &str, budgets: &[KeyBudget], leasing: &AsyncMutex<()>) -> Result<()> {
        let _turn = leasing.lock().await;
        let mut taken = Taken {
            limits: self,
            key,
            of: Vec::with_capacity(budgets.len()),
        };
        for budget in budgets {
            let until = match self.spend(key, std::slice::from_ref(budget)) {
                Spent::Yes => self
                    .all()
                    .get_mut(key)
                    .and_then(|leases| Some(leases.of(budget.of)?.until)),
                Spent::UsedUp(budget, until) => return Err(budget.used_up(until, self.context.now())),
                Spent::Missing(_) => Some(self.lease_one(key, budget).await?),
            };
            taken.of.extend(until.map(|until| (*budget, until)));
        }
        taken.of.clear();
        Ok(())
    }

    /// Leases some of a budget, and takes one use of it. Says until when the rest is valid.
    async fn lease_one(&self, key: &str, budget: &KeyBudget) -> Result<Timestamp> {
        let now = self.context.now();
        // Nobody spends what is given back, even if nobody can say whether it was.
        let former = self
            .all()
            .get_mut(key)
            .and_then(|leases| leases.take_out(budget.of));
        let doubled = former.map_or(FIRST, |lease| lease.size.saturating_mul(2).max(FIRST));
        let unspent = former.filter(|lease| lease.left > 0 && now < lease.until);
        let back = unspent.map(|lease| Lease {
            uses: lease.left,
            until: lease.until,
        });
        let (when, limit) = budget.window(now);
        let one = Use {
            name: budget.of.budget(),
            of: &[key, when.as_str()],
            limit,
        };
        let leased = self.budgets.lease(&one, doubled, back).await?;
        let lease = NodeLease {
            budget: *budget,
            left: leased.uses.saturating_sub(1),
            size: leased.uses,
            until: leased.until,
            spent_at: now,
        };
        if let Some(leases) = self.all().get_mut(key) {
            leases.by_limit.push(lease);
        }
        match leased.uses {
            0 => Err(budget.used_up(leased.until, now)),
            _ => Ok(leased.until),
        }
    }

    /// Gives back leases of which nothing was spent for so long, and forgets the keys whose leases are over.
    ///
    /// # Errors
    /// The first failure, after all others were tried.
    pub(super) async fn give_back(&self, unspent_for: Duration) -> Result<()> {
        let now = self.context.now();
        let idle =
            |lease: &NodeLease| lease.left > 0 && now < lease.until && now >= lease.spent_at + unspent_for;
        let of_key = |(key, leases): (&String, &KeyLeases)| {
            let limits = leases
                .by_limit
                .iter()
                .filter(|lease| idle(lease))
                .map(|lease| lease.budget.of);
            let limits: Vec<ApiKeyLimit> = limits.collect();
            (!limits.is_empty()).then(|| (key.clone(), limits, Arc::clone(&leases.leasing)))
        };
        let found: Vec<_> = {
            let mut all = self.all();
            all.retain(|_, leases| leases.is_needed(now));
            all.iter().filter_map(of_key).collect()
        };
        let mut failed = Ok(());
        for (key, limits, leasing) in found {
            let _turn = leasing.lock().await;
            for limit in limits {
                let taken = self.all().get_mut(&key).and_then(|leases| {
                    let still = leases.of(limit).is_some_and(|lease| idle(lease));
                    still.then(|| leases.take_out(limit)).flatten()
                });
                let Some(lease) = taken else { continue };
                let back = Lease {
                    uses: lease.left,
                    until: lease.until,
                };
                let (when, limit) = lease.budget.window(now);
                let one = Use {
                    name: lease.budget.of.budget(),
                    of: &[key.as_str(), when.as_str()],
                    limit,
                };
                failed = failed.and(self.budgets.give_back(&one, back).await);
            }
        }
        failed
    }
}
