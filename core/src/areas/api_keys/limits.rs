//! How often a key may be used: counted for all nodes, spent in parts that each node draws in advance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_lock::Mutex as AsyncMutex;
use portcullis_ports::{Error, Result, Span, Timestamp};

use serde::{Deserialize, Serialize};

use super::API_KEY_LIMIT;
use crate::foundation::context::Context;
use crate::foundation::day::Day;
use crate::foundation::limit::Limit;
use crate::services::budgets::{Budgets, Use};

/// How often one request looks again after it drew a part, which others may have spent.
const LOOKS: usize = 8;
/// So many parts are remembered before those are forgotten whose time is over.
const REMEMBERED: usize = 1_024;

/// Of what a key has only so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum ApiKeyLimit {
    /// Uses within one minute.
    RatePerMinute,
    /// Uses on one day (UTC).
    DailyQuota,
    /// Keys of others that it has verified.
    Verifications,
}

impl ApiKeyLimit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::RatePerMinute => "rate_per_minute",
            Self::DailyQuota => "daily_quota",
            Self::Verifications => "verifications",
        }
    }

    /// The budget that it is counted in.
    const fn budget(self) -> &'static str {
        match self {
            Self::RatePerMinute => "api-key-rate",
            Self::DailyQuota => "api-key-quota",
            Self::Verifications => "api-key-verifications",
        }
    }
}

/// A budget of a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyBudget {
    of: ApiKeyLimit,
    most: u32,
    window: Window,
}

#[derive(Debug, Clone, Copy)]
enum Window {
    /// So long from the first use on.
    Length(Span),
    /// Until midnight.
    Day,
}

impl KeyBudget {
    pub(super) const fn rate(per_minute: u32) -> Self {
        Self {
            of: ApiKeyLimit::RatePerMinute,
            most: per_minute,
            window: Window::Length(Span::minutes(1)),
        }
    }

    pub(super) const fn quota(daily: u32) -> Self {
        Self {
            of: ApiKeyLimit::DailyQuota,
            most: daily,
            window: Window::Day,
        }
    }

    pub(super) const fn verifications(limit: Limit) -> Self {
        Self {
            of: ApiKeyLimit::Verifications,
            most: limit.most,
            window: Window::Length(limit.window),
        }
    }
}

/// What a node may still spend of one budget.
#[derive(Debug, Clone, Copy)]
struct Part {
    left: u32,
    /// The limit that it was drawn of: another one begins anew.
    most: u32,
    /// Whether there is nothing more to draw until then.
    is_last: bool,
    until: Timestamp,
}

/// The parts of a key.
#[derive(Default)]
struct Parts {
    by_limit: Vec<(ApiKeyLimit, Part)>,
    /// One request draws, and the others of the key wait for it.
    drawing: Arc<AsyncMutex<()>>,
}

impl Parts {
    fn of(&self, budget: &KeyBudget, now: Timestamp) -> Option<Part> {
        let found = self.by_limit.iter().find(|(of, _)| *of == budget.of);
        found.map(|(_, part)| *part).filter(|part| {
            let counts = part.most == budget.most && now < part.until;
            counts && (part.left > 0 || part.is_last)
        })
    }

    fn put(&mut self, of: ApiKeyLimit, part: Part) {
        self.by_limit.retain(|(known, _)| *known != of);
        self.by_limit.push((of, part));
    }
}

/// What became of one use.
enum Spent {
    Yes,
    /// A part of this has to be drawn first.
    Missing(KeyBudget, Arc<AsyncMutex<()>>),
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
    /// `api-key-limit`, with the time until the budget opens again.
    pub(super) async fn take(&self, key: &str, budgets: &[KeyBudget]) -> Result<()> {
        for _ in 0..LOOKS {
            match self.spend(key, budgets) {
                Spent::Yes => return Ok(()),
                Spent::UsedUp(budget, until) => return Err(self.used_up(&budget, until)),
                // Rare: on the heap, so that every request does not carry the room for it.
                Spent::Missing(budget, drawing) => Box::pin(self.draw(key, &budget, &drawing)).await?,
            }
        }
        // Others spend faster than this one looks.
        Err(API_KEY_LIMIT.error().retry_after(Duration::from_secs(1)))
    }

    fn used_up(&self, budget: &KeyBudget, until: Timestamp) -> Error {
        let wait = until.since(self.context.now()).max(Duration::from_secs(1));
        let refusal = API_KEY_LIMIT.error().member("limit", budget.of.as_str());
        refusal.retry_after(wait)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Parts>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of each, if there is one of each.
    fn spend(&self, key: &str, budgets: &[KeyBudget]) -> Spent {
        let now = self.context.clock.coarse_now();
        let mut all = self.all();
        let missing = |parts: Option<&Parts>, budget: &KeyBudget| {
            let drawing = parts.map(|parts| Arc::clone(&parts.drawing));
            Spent::Missing(*budget, drawing.unwrap_or_default())
        };
        for budget in budgets {
            let parts = all.get(key);
            match parts.and_then(|parts| parts.of(budget, now)) {
                None => return missing(parts, budget),
                Some(part) if part.left == 0 => return Spent::UsedUp(*budget, part.until),
                Some(_) => {}
            }
        }
        let spent = all.get_mut(key).into_iter().flat_map(|parts| &mut parts.by_limit);
        for (of, part) in spent {
            if budgets.iter().any(|budget| budget.of == *of) {
                part.left -= 1;
            }
        }
        Spent::Yes
    }

    /// Draws a part of a budget, unless somebody else did meanwhile.
    async fn draw(&self, key: &str, budget: &KeyBudget, drawing: &AsyncMutex<()>) -> Result<()> {
        let turn = drawing.lock().await;
        let now = self.context.now();
        let drawn_meanwhile = self
            .all()
            .get(key)
            .is_some_and(|parts| parts.of(budget, now).is_some());
        if drawn_meanwhile {
            return Ok(());
        }
        let day = Day::of(now);
        let (when, window) = match budget.window {
            Window::Length(span) => (String::new(), span),
            Window::Day => {
                let rest = day.end().since(now).as_secs().max(1);
                (day.to_string(), Span::seconds(rest))
            }
        };
        let one = Use {
            name: budget.of.budget(),
            of: &[key, when.as_str()],
            limit: Limit::new(budget.most, window),
        };
        let drawn = self.budgets.draw(&one).await?;
        let part = Part {
            left: drawn.uses,
            most: budget.most,
            is_last: drawn.uses == 0,
            until: drawn.until,
        };
        let mut all = self.all();
        if all.len() >= REMEMBERED && !all.contains_key(key) {
            all.retain(|_, parts| parts.by_limit.iter().any(|(_, part)| now < part.until));
        }
        all.entry(key.to_owned()).or_default().put(budget.of, part);
        drop(turn);
        Ok(())
    }
}
