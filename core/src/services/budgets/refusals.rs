//! The limiter in front of the shared counters.
//!
//! A node remembers which budgets are used up, and refuses without asking the store until they open again.

use std::time::Duration;

use portcullis_ports::Timestamp;
use quick_cache::sync::Cache;

use super::Counted;

/// Used-up budgets that are remembered: about two megabytes. Whoever fills more of them loses only this shortcut.
const REMEMBERED: usize = 16_384;
/// For how long this node goes by its memory of a budget that another node may open again.
const BRIEF: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
struct Refusal {
    until: Timestamp,
    forgotten_at: Timestamp,
}

pub(super) struct Refusals {
    known: Cache<String, Refusal>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            known: Cache::new(REMEMBERED),
        }
    }
}

impl Refusals {
    /// How long until all of them are open, if one of them is known to be used up.
    pub(super) fn wait(&self, counted: &[Counted], now: Timestamp) -> Option<Duration> {
        let mut longest = None;
        for Counted { key, limit, .. } in counted {
            let Some(refusal) = self.known.get(key) else {
                continue;
            };
            // Longer than its window: the clock was set back.
            if refusal.forgotten_at <= now || refusal.until > now + limit.window.get() {
                self.known.remove(key);
            } else {
                longest = longest.max(Some(refusal.until.since(now)));
            }
        }
        longest
    }

    pub(super) fn remember(&self, one: &Counted, until: Timestamp, now: Timestamp) {
        let forgotten_at = if one.clearable {
            until.min(now + BRIEF)
        } else {
            until
        };
        self.known
            .insert(one.key.clone(), Refusal { until, forgotten_at });
    }

    /// A budget that was used up and is not any more.
    pub(super) fn forget(&self, key: &str) {
        self.known.remove(key);
    }
}
