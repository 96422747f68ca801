//! Keys in lists, and the scopes that there are.

use portcullis_ports::Timestamp;
use serde::Serialize;

use super::records::ApiKey;
use super::usage::{LastUse, told_address};
use super::{ApiKeyId, Cidr, ScopeName};
use crate::foundation::use_case::Documented;

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum ApiKeyStatus {
    /// It is valid.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// A backup was restored, and nobody knows whether it had been revoked since: it is valid again once it is rotated.
    Restored,
}

impl ApiKeyStatus {
    /// Whether it is over for good.
    pub(super) const fn has_ended(self) -> bool {
        match self {
            Self::Active | Self::Restored => false,
            Self::Expired | Self::Revoked => true,
        }
    }
}

/// A key in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "ApiKey"))]
pub struct ApiKeyView {
    /// Its name, worthless as a key.
    pub key_id: ApiKeyId,
    /// How it begins, to find it where it is used.
    pub prefix: String,
    /// What its owner calls it.
    pub label: String,
    /// How it stands.
    pub status: ApiKeyStatus,
    /// What it may do.
    pub scopes: Vec<ScopeName>,
    /// The networks from which alone it may be used, if there is any.
    pub allow_cidrs: Vec<Cidr>,
    /// The networks from which it may never be used.
    pub deny_cidrs: Vec<Cidr>,
    /// How often it may be used within a minute.
    pub rate_per_minute: u32,
    /// How often it may be used on one day (UTC).
    pub daily_quota: u32,
    /// What its owner set for `rate_per_minute`; null if it is what the service allows.
    pub own_rate_per_minute: Option<u32>,
    /// What its owner set for `daily_quota`; null if it is what the service allows.
    pub own_daily_quota: Option<u32>,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: i64,
    /// When it was last rotated; null if it never was.
    pub rotated_at: Option<i64>,
    /// Until when secrets of before it was rotated are valid as well, at the longest; null where none is.
    pub overlap_until: Option<i64>,
    /// When it was last used, up to a few seconds ago, or 0.
    pub last_used_at: i64,
    /// From which address; null if it was never used, and where nobody said.
    pub last_used_ip: Option<String>,
    /// With what, as the client named itself; null if it was never used.
    pub last_used_client: Option<String>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When, or 0.
    pub revoked_at: i64,
}

/// What of a key is decided elsewhere.
pub(super) struct Standing {
    pub(super) status: ApiKeyStatus,
    pub(super) revoked_at: Option<Timestamp>,
    pub(super) now: Timestamp,
    /// The most that the service allows.
    pub(super) most: (u32, u32),
}

impl ApiKeyView {
    pub(super) fn of(key: &ApiKey, used: Option<&LastUse>, standing: &Standing) -> Self {
        let (rate, quota) = standing.most;
        let cidrs = |nets: &[ipnet::IpNet]| nets.iter().map(Cidr::from).collect();
        let issued = key.secrets.last().map(|secret| secret.issued_at);
        let ending = key.secrets.iter().filter_map(|secret| secret.ends_at).max();
        Self {
            key_id: key.id.clone(),
            prefix: key.id.to_string(),
            label: key.label.clone(),
            status: standing.status,
            scopes: named(&key.scopes),
            allow_cidrs: cidrs(&key.networks.allow),
            deny_cidrs: cidrs(&key.networks.deny),
            rate_per_minute: key.rate_per_minute.map_or(rate, |most| most.min(rate)),
            daily_quota: key.daily_quota.map_or(quota, |most| most.min(quota)),
            own_rate_per_minute: key.rate_per_minute,
            own_daily_quota: key.daily_quota,
            created_at: key.created_at.seconds(),
            expires_at: key.expires_at.seconds(),
            rotated_at: issued.filter(|at| *at > key.created_at).map(Timestamp::seconds),
            overlap_until: ending
                .filter(|end| standing.status == ApiKeyStatus::Active && standing.now < *end)
                .map(Timestamp::seconds),
            last_used_at: used.map_or(0, |used| used.at.seconds()),
            last_used_ip: used.and_then(|used| told_address(&used.ip)),
            last_used_client: used.map(|used| used.client.clone()),
            revoked: standing.revoked_at.is_some(),
            revoked_at: standing.revoked_at.map_or(0, Timestamp::seconds),
        }
    }
}

/// The names as they are stored.
pub(super) fn named(scopes: &[String]) -> Vec<ScopeName> {
    scopes
        .iter()
        .filter_map(|name| ScopeName::parse(name).ok())
        .collect()
}

impl Documented for ApiKeyView {
    const EXAMPLE: &str = VIEW;
}

macro_rules! view {
    () => {
        r#"{
  "key_id": "pck_01h2xcejqtf2nbrexx3vqjhp41",
  "prefix": "pck_01h2xcejqtf2nbrexx3vqjhp41",
  "label": "Back end",
  "status": "active",
  "scopes": ["entitlements:read"],
  "allow_cidrs": ["203.0.113.0/24"],
  "deny_cidrs": [],
  "rate_per_minute": 600,
  "daily_quota": 1000000,
  "own_rate_per_minute": 600,
  "own_daily_quota": null,
  "created_at": 1790000000,
  "expires_at": 1821536000,
  "rotated_at": null,
  "overlap_until": null,
  "last_used_at": 1790000120,
  "last_used_ip": "203.0.113.7",
  "last_used_client": "curl/8.15.0",
  "revoked": false,
  "revoked_at": 0
}"#
    };
}

const VIEW: &str = view!();

/// The keys of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ApiKeyList {
    /// Newest first, at most 100.
    pub keys: Vec<ApiKeyView>,
}

impl Documented for ApiKeyList {
    const EXAMPLE: &str = concat!(r#"{ "keys": ["#, view!(), "] }");
}

/// A scope that a key can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ScopeView {
    /// Its name.
    pub name: ScopeName,
    /// What it allows; null for one of the application's.
    pub summary: Option<String>,
}

/// All scopes that somebody can give to keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ScopeList {
    /// In the order of the service, and those of the application behind them.
    pub scopes: Vec<ScopeView>,
}

impl Documented for ScopeList {
    const EXAMPLE: &str = r#"{
  "scopes": [
    { "name": "entitlements:read", "summary": "Read what the account is entitled to" }
  ]
}"#;
}
