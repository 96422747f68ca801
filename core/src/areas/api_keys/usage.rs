//! What is told of the uses of a key: when it was last used, and how often on each day from where.

use std::time::Duration;

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::{Collection, Range};
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::{API_KEY_NOT_FOUND, ApiKeyId, ApiKeys};
use crate::areas::sessions::SignedIn;
use crate::foundation::day::Day;
use crate::foundation::table::Stored;
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// What is told of the uses of keys.
pub(crate) const API_KEY_USES: Collection = Collection {
    name: "api_key_uses",
    table: "api_keys",
    variable: "API_KEYS_TABLE_NAME",
};

/// How long a day is told of.
const KEPT: Duration = Duration::from_hours(24 * 90);
/// The most that is told of one day, beside its sums.
pub(super) const MOST_ENTRIES: usize = 100;
/// The most that is told of all days, beside their sums.
const TOLD_ENTRIES: usize = 500;
/// The most days that are told at once.
pub const MOST_DAYS: u16 = 90;
/// The days that are told where nobody says how many.
const DAYS: u16 = 30;
/// How long a network is known behind the last use from there.
const KNOWN: Duration = Duration::from_hours(24 * 90);

/// What a use came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename = "ApiKeyOutcome", rename_all = "snake_case")
)]
pub enum Outcome {
    /// It was done.
    Accepted,
    /// The key lacked the scope.
    Scope,
    /// The key may not be used from there.
    Network,
    /// The key was used too often.
    Limit,
    /// The account was frozen.
    Frozen,
}

impl Outcome {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Scope => "scope",
            Self::Network => "network",
            Self::Limit => "limit",
            Self::Frozen => "frozen",
        }
    }
}

/// The last use of a key that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastUse {
    pub(super) subject: Subject,
    pub(super) key: ApiKeyId,
    pub(super) at: Timestamp,
    /// Empty where nobody said.
    pub(super) ip: String,
    pub(super) client: String,
}

impl LastUse {
    pub(super) fn sort(key: &ApiKeyId) -> String {
        format!("last#{key}")
    }
}

impl Stored for LastUse {
    const COLLECTION: Collection = API_KEY_USES;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.key))
    }
}

/// The uses of a key on one day (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UsageDay {
    pub(super) subject: Subject,
    pub(super) key: ApiKeyId,
    /// As `2026-11-01`.
    pub(super) day: String,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// By scope, address, client and what they came to; of more than are kept, those of the last uses.
    pub(super) entries: Vec<UsageEntry>,
    /// The refusals of which the history tells already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) told: Vec<Outcome>,
    pub(super) until: Timestamp,
}

/// Uses of one scope, from one address, by one client, that came to the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UsageEntry {
    pub(super) outcome: Outcome,
    pub(super) scope: String,
    /// Empty where nobody said, and where others are summed up.
    pub(super) ip: String,
    pub(super) client: String,
    pub(super) count: u64,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
}

impl UsageDay {
    pub(super) fn empty(subject: &Subject, key: &ApiKeyId, day: Day) -> Self {
        Self {
            subject: subject.clone(),
            key: key.clone(),
            day: day.to_string(),
            accepted: 0,
            refused: 0,
            entries: Vec::new(),
            told: Vec::new(),
            until: day.end() + KEPT,
        }
    }

    pub(super) fn sort(key: &ApiKeyId, day: Day) -> String {
        format!("{}{day}", Self::prefix(key))
    }

    fn prefix(key: &ApiKeyId) -> String {
        format!("day#{key}#")
    }

    /// Adds uses that were noted elsewhere.
    pub(super) fn add(&mut self, more: UsageEntry) {
        if more.outcome == Outcome::Accepted {
            self.accepted = self.accepted.saturating_add(more.count);
        } else {
            self.refused = self.refused.saturating_add(more.count);
        }
        let alike = |entry: &&mut UsageEntry| {
            entry.outcome == more.outcome
                && entry.scope == more.scope
                && entry.ip == more.ip
                && entry.client == more.client
        };
        match self.entries.iter_mut().find(alike) {
            Some(entry) => {
                entry.count = entry.count.saturating_add(more.count);
                entry.first_at = entry.first_at.min(more.first_at);
                entry.last_at = entry.last_at.max(more.last_at);
            }
            None => self.entries.push(more),
        }
        if self.entries.len() > MOST_ENTRIES {
            self.entries.sort_by_key(|entry| std::cmp::Reverse(entry.last_at));
            self.entries.truncate(MOST_ENTRIES);
        }
    }
}

impl Stored for UsageDay {
    const COLLECTION: Collection = API_KEY_USES;

    fn key(&self) -> (String, String) {
        (
            self.subject.to_string(),
            format!("{}{}", Self::prefix(&self.key), self.day),
        )
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// A network from which a key was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownNetwork {
    pub(super) subject: Subject,
    pub(super) key: ApiKeyId,
    pub(super) network: String,
    pub(super) first_at: Timestamp,
    /// To the day.
    pub(super) last_at: Timestamp,
}

impl KnownNetwork {
    pub(super) fn sort(key: &ApiKeyId, network: &str) -> String {
        format!("network#{key}#{network}")
    }
}

impl Stored for KnownNetwork {
    const COLLECTION: Collection = API_KEY_USES;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.key, &self.network))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.last_at + KNOWN)
    }
}

/// Of how many days the uses are told.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadApiKeyUsage {
    /// At most [`MOST_DAYS`], today included.
    pub days: Option<u16>,
}

impl UseCase for ReadApiKeyUsage {
    const PROBLEMS: Problems = &[&[API_KEY_NOT_FOUND]];
}

/// The uses of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ApiKeyUsage {
    /// Day by day (UTC), the oldest first, also those without any use.
    pub days: Vec<ApiKeyUsageDay>,
    /// By scope, address and client, the last use first: at most 500, and 100 of each day.
    pub entries: Vec<ApiKeyUsageEntry>,
}

/// The uses on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ApiKeyUsageDay {
    /// As `2026-11-01`.
    pub day: String,
    /// Uses that were accepted.
    pub accepted: u64,
    /// Uses that were refused although the key was valid.
    pub refused: u64,
}

/// Uses of one scope from one address by one client on one day, that came to the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ApiKeyUsageEntry {
    /// The day (UTC).
    pub day: String,
    /// What they came to.
    pub outcome: Outcome,
    /// What was asked for: `verified` where a key was verified for no scope, and `other` where uses of several ways are summed up,
    /// since there were too many ways to tell of each.
    pub scope: String,
    /// From where; null where nobody said, and for `other`.
    pub ip: Option<String>,
    /// With what, as the client named itself; empty where it did not, and for `other`.
    pub client: String,
    /// How many.
    pub count: u64,
    /// When the first was, in Unix seconds.
    pub first_at: i64,
    /// When the last was.
    pub last_at: i64,
}

impl Documented for ApiKeyUsage {
    const EXAMPLE: &str = r#"{
  "days": [{ "day": "2026-09-21", "accepted": 1200, "refused": 2 }],
  "entries": [
    {
      "day": "2026-09-21",
      "outcome": "accepted",
      "scope": "entitlements:read",
      "ip": "203.0.113.7",
      "client": "curl/8.15.0",
      "count": 1200,
      "first_at": 1790000000,
      "last_at": 1790003600
    }
  ]
}"#;
}

/// An address as it is told of; `None` where it is not known.
pub(super) fn told_address(stored: &str) -> Option<String> {
    Some(stored.to_owned()).filter(|ip| !ip.is_empty())
}

impl ApiKeys {
    /// The uses of a key.
    ///
    /// # Errors
    /// `api-key-not-found`.
    pub async fn usage(
        &self,
        who: &SignedIn,
        id: &ApiKeyId,
        command: ReadApiKeyUsage,
    ) -> Result<ApiKeyUsage> {
        self.own(who.subject(), id).await?;
        let count = command.days.unwrap_or(DAYS).clamp(1, MOST_DAYS);
        let today = Day::of(self.context.now());
        let days: Vec<Day> = std::iter::successors(Some(today), |day| {
            Some(Day::of(day.begin() - Duration::from_secs(1)))
        })
        .take(usize::from(count))
        .collect();
        let first = days.last().copied().unwrap_or(today);
        let range = Range::Between(UsageDay::sort(id, first), format!("{}~", UsageDay::prefix(id)));
        let (found, _) = self
            .context
            .table::<UsageDay>()
            .page(who.subject().as_str(), range, usize::from(MOST_DAYS) + 1, None)
            .await?;
        let told = days.iter().rev().map(|day| {
            let day = day.to_string();
            let known = found.iter().find(|known| known.day == day);
            ApiKeyUsageDay {
                accepted: known.map_or(0, |known| known.accepted),
                refused: known.map_or(0, |known| known.refused),
                day,
            }
        });
        let entries = found.iter().flat_map(|known| {
            let entries = known.entries.iter();
            entries.map(|entry| ApiKeyUsageEntry {
                day: known.day.clone(),
                outcome: entry.outcome,
                scope: entry.scope.clone(),
                ip: told_address(&entry.ip),
                client: entry.client.clone(),
                count: entry.count,
                first_at: entry.first_at.seconds(),
                last_at: entry.last_at.seconds(),
            })
        });
        let mut entries: Vec<ApiKeyUsageEntry> = entries.collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.last_at));
        entries.truncate(TOLD_ENTRIES);
        Ok(ApiKeyUsage {
            days: told.collect(),
            entries,
        })
    }
}
