//! How often a key may be used.

use std::time::Duration;

use portcullis_ports::{Error, Result, Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::API_KEY_LIMIT;
use crate::foundation::day::Day;
use crate::foundation::input::refused;
use crate::foundation::limit::Limit;

/// The most uses that an owner may allow a key.
pub(super) const MOST_USES: u32 = 1_000_000_000;

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
    pub(super) const fn budget(self) -> &'static str {
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
    pub(super) of: ApiKeyLimit,
    pub(super) most: u32,
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

    /// How much there is of it now, and what tells its window from others, besides time.
    pub(super) fn window(&self, now: Timestamp) -> (String, Limit) {
        let (when, window) = match self.window {
            Window::Length(span) => (String::new(), span),
            Window::Day => {
                let day = Day::of(now);
                // A window is whole seconds: less than the rest of the day would open it again before midnight.
                let rest = day.end().since(now) + Duration::from_nanos(999_999_999);
                (day.to_string(), Span::seconds(rest.as_secs()))
            }
        };
        (when, Limit::new(self.most, window))
    }

    /// Whether the window of then is that of now, as far as that does not follow from how long it is.
    pub(super) fn is_same_window(&self, then: Timestamp, now: Timestamp) -> bool {
        match self.window {
            Window::Length(_) => true,
            Window::Day => Day::of(then) == Day::of(now),
        }
    }

    /// What whoever used it up is told.
    pub(super) fn used_up(&self, until: Timestamp, now: Timestamp) -> Error {
        let wait = until.since(now).max(Duration::from_secs(1));
        let refusal = API_KEY_LIMIT.error().member("limit", self.of.as_str());
        refusal.retry_after(wait)
    }
}

/// A limit as its owner asked for it, of which no more is stored than the service allows: a later setting that allows more
/// widens no key by itself.
///
/// # Errors
/// `invalid-request`.
pub(super) fn asked(pointer: &str, limit: Option<u32>, most: u32) -> Result<Option<u32>> {
    match limit {
        Some(limit) if !(1..=MOST_USES).contains(&limit) => {
            let advice = format!("a number from 1 to {MOST_USES} is expected");
            Err(refused(pointer, &advice))
        }
        limit => Ok(limit.map(|limit| limit.min(most))),
    }
}
