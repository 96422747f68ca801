//! Uses are counted for all nodes, and spent in parts that each node draws in advance and gives back unless it spends them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_lock::Mutex as AsyncMutex;
use portcullis_ports::{Result, Timestamp};

use super::limits::{ApiKeyLimit, KeyBudget};
use crate::foundation::context::Context;
use crate::services::budgets::{Budgets, Drawn, Use};

/// The most that is drawn at first. Each time it may be twice as much, so that little is out that nobody asks for.
const FIRST: u32 = 256;
/// How long nothing more is looked for after there was none: other nodes may give something back.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long a part is kept that nobody spends.
pub(super) const IDLE: Duration = Duration::from_secs(30);

/// What a node may still spend of one budget.
#[derive(Debug, Clone, Copy)]
struct Part {
    budget: KeyBudget,
    left: u32,
    /// How much it was.
    drawn: u32,
    until: Timestamp,
    /// When it was spent last, or drawn.
    spent_at: Timestamp,
}

impl Part {
    /// Whether it says how the budget stands. One of another limit does not.
    fn counts(&self, budget: &KeyBudget, now: Timestamp) -> bool {
        let is_known = self.left > 0 || (self.drawn == 0 && now < self.spent_at + LOOK_AGAIN);
        let is_current = now < self.until && budget.is_same_window(self.spent_at, now);
        self.budget.most == budget.most && is_current && is_known
    }
}

/// The parts of a key.
#[derive(Default)]
struct Parts {
    by_limit: Vec<Part>,
    /// One request draws, and the others of the key wait for it.
    drawing: Arc<AsyncMutex<()>>,
}

impl Parts {
    fn of(&mut self, limit: ApiKeyLimit) -> Option<&mut Part> {
        self.by_limit.iter_mut().find(|part| part.budget.of == limit)
    }

    fn take_out(&mut self, limit: ApiKeyLimit) -> Option<Part> {
        let at = self.by_limit.iter().position(|part| part.budget.of == limit)?;
        Some(self.by_limit.swap_remove(at))
    }

    fn is_needed(&self, now: Timestamp) -> bool {
        Arc::strong_count(&self.drawing) > 1 || self.by_limit.iter().any(|part| now < part.until)
    }
}

/// What became of one use.
enum Spent {
    Yes,
    /// A part has to be drawn first.
    Missing(Arc<AsyncMutex<()>>),
    UsedUp(KeyBudget, Timestamp),
}

/// Counts the uses of keys.
#[derive(Clone)]
pub(super) struct Limits {
    context: Arc<Context>,
    budgets: Budgets,
    /// By key.
    parts: Arc<Mutex<HashMap<String, Parts>>>,
}

/// What one request took while it draws the rest. It is put back unless all of it was there.
struct Taken<'a> {
    limits: &'a Limits,
    key: &'a str,
    of: Vec<(KeyBudget, Timestamp)>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut all = self.limits.all();
        for (budget, until) in &self.of {
            let part = all.get_mut(self.key).and_then(|parts| parts.of(budget.of));
            let same = part.filter(|part| part.budget.most == budget.most && part.until == *until);
            if let Some(part) = same.filter(|part| part.drawn > 0) {
                part.left = part.left.saturating_add(1);
            }
        }
    }
}

impl Limits {
    pub(super) fn new(context: &Arc<Context>, budgets: &Budgets) -> Self {
        Self {
            context: Arc::clone(context),
            budgets: budgets.clone(),
            parts: Arc::default(),
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
            Spent::Missing(drawing) => Box::pin(self.draw(key, budgets, &drawing)).await,
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Parts>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of each, if there is one of each.
    fn spend(&self, key: &str, budgets: &[KeyBudget]) -> Spent {
        let now = self.context.clock.coarse_now();
        let mut all = self.all();
        if !all.contains_key(key) {
            all.insert(key.to_owned(), Parts::default());
        }
        let Some(parts) = all.get_mut(key) else {
            return Spent::Missing(Arc::default());
        };
        for budget in budgets {
            match parts.of(budget.of).filter(|part| part.counts(budget, now)) {
                None => return Spent::Missing(Arc::clone(&parts.drawing)),
                Some(part) if part.left == 0 => return Spent::UsedUp(*budget, part.until),
                Some(_) => {}
            }
        }
        for budget in budgets {
            if let Some(part) = parts.of(budget.of) {
                part.left -= 1;
                part.spent_at = now;
            }
        }
        Spent::Yes
    }

    /// Takes one of each, and draws what is missing. Whoever has the turn is the only one who draws, and has the first of what
    /// it drew, so that it is decided at once.
    async fn draw(&self, key: &str, budgets: &[KeyBudget], drawing: &AsyncMutex<()>) -> Result<()> {
        let _turn = drawing.lock().await;
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
                    .and_then(|parts| Some(parts.of(budget.of)?.until)),
                Spent::UsedUp(budget, until) => return Err(budget.used_up(until, self.context.now())),
                Spent::Missing(_) => Some(self.draw_one(key, budget).await?),
            };
            taken.of.extend(until.map(|until| (*budget, until)));
        }
        taken.of.clear();
        Ok(())
    }

    /// Draws a part of a budget, and takes one of it. Says until when it counts.
    async fn draw_one(&self, key: &str, budget: &KeyBudget) -> Result<Timestamp> {
        let now = self.context.now();
        // Nobody spends what is given back, even if nobody can say whether it was.
        let former = self
            .all()
            .get_mut(key)
            .and_then(|parts| parts.take_out(budget.of));
        let doubled = former.map_or(FIRST, |part| part.drawn.saturating_mul(2).max(FIRST));
        let unspent = former.filter(|part| part.left > 0 && now < part.until);
        let back = unspent.map(|part| Drawn {
            uses: part.left,
            until: part.until,
        });
        let (when, limit) = budget.window(now);
        let one = Use {
            name: budget.of.budget(),
            of: &[key, when.as_str()],
            limit,
        };
        let drawn = self.budgets.draw(&one, doubled, back).await?;
        let part = Part {
            budget: *budget,
            left: drawn.uses.saturating_sub(1),
            drawn: drawn.uses,
            until: drawn.until,
            spent_at: now,
        };
        if let Some(parts) = self.all().get_mut(key) {
            parts.by_limit.push(part);
        }
        match drawn.uses {
            0 => Err(budget.used_up(drawn.until, now)),
            _ => Ok(drawn.until),
        }
    }

    /// Gives back what was drawn and not spent for so long, and forgets the keys whose parts are over.
    ///
    /// # Errors
    /// The first failure, after all others were tried.
    pub(super) async fn give_back(&self, unspent_for: Duration) -> Result<()> {
        let now = self.context.now();
        let idle = |part: &Part| part.left > 0 && now < part.until && now >= part.spent_at + unspent_for;
        let of_key = |(key, parts): (&String, &Parts)| {
            let limits = parts
                .by_limit
                .iter()
                .filter(|part| idle(part))
                .map(|part| part.budget.of);
            let limits: Vec<ApiKeyLimit> = limits.collect();
            (!limits.is_empty()).then(|| (key.clone(), limits, Arc::clone(&parts.drawing)))
        };
        let found: Vec<_> = {
            let mut all = self.all();
            all.retain(|_, parts| parts.is_needed(now));
            all.iter().filter_map(of_key).collect()
        };
        let mut failed = Ok(());
        for (key, limits, drawing) in found {
            let _turn = drawing.lock().await;
            for limit in limits {
                let taken = self.all().get_mut(&key).and_then(|parts| {
                    let still = parts.of(limit).is_some_and(|part| idle(part));
                    still.then(|| parts.take_out(limit)).flatten()
                });
                let Some(part) = taken else { continue };
                let back = Drawn {
                    uses: part.left,
                    until: part.until,
                };
                let (when, limit) = part.budget.window(now);
                let one = Use {
                    name: part.budget.of.budget(),
                    of: &[key.as_str(), when.as_str()],
                    limit,
                };
                failed = failed.and(self.budgets.give_back(&one, back).await);
            }
        }
        failed
    }
}
