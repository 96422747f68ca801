//! How keys are stored: each under its id, and which ones an account has under the account.

use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::ApiKeyId;
use super::networks::Networks;
use crate::foundation::table::{Memory, Stored};

/// Keys.
pub(crate) const API_KEYS: Collection = Collection {
    name: "api_keys",
    table: "api_keys",
    variable: "API_KEYS_TABLE_NAME",
};
/// Which keys an account has.
pub(crate) const ACCOUNT_API_KEYS: Collection = Collection {
    name: "account_api_keys",
    table: "api_keys",
    variable: "API_KEYS_TABLE_NAME",
};

/// How long a key is kept and listed after it ended.
pub(super) const RETENTION: Duration = Duration::from_hours(24 * 30);
/// The most keys that are listed.
const LISTED: usize = 100;
/// The most keys that one commit removes.
pub(super) const CHUNK: usize = 20;

/// A key of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ApiKey {
    pub(super) id: ApiKeyId,
    pub(super) subject: Subject,
    pub(super) label: String,
    /// The newest last. Those before it are valid until they end.
    pub(super) secrets: Vec<KeySecret>,
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) networks: Networks,
    /// Uses within one minute, where its owner set fewer than the service.
    #[serde(default)]
    pub(super) rate_per_minute: Option<u32>,
    /// Uses on one day (UTC), where its owner set fewer than the service.
    #[serde(default)]
    pub(super) daily_quota: Option<u32>,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revoked_at: Option<Timestamp>,
}

/// A secret of a key, as far as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeySecret {
    /// Made with the root secret, so that the store alone tells nothing.
    pub(super) mac: String,
    pub(super) issued_at: Timestamp,
    /// When it ends before the key does, because another one is in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ends_at: Option<Timestamp>,
}

impl ApiKey {
    pub(super) const SORT: &'static str = "key";

    /// When it ends, or ended.
    pub(super) fn ends_at(&self) -> Timestamp {
        self.revoked_at
            .map_or(self.expires_at, |at| at.min(self.expires_at))
    }
}

impl Stored for ApiKey {
    const COLLECTION: Collection = API_KEYS;
    const MEMORY: Memory = Memory::Records;

    fn key(&self) -> (String, String) {
        (self.id.to_string(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ends_at() + RETENTION)
    }
}

/// Which keys an account has, and whether they are valid at all. No key is valid without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountKeys {
    pub(super) subject: Subject,
    /// The oldest first.
    pub(super) keys: Vec<HeldKey>,
    /// Whatever was made up to then was revoked with all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) all_revoked_at: Option<Timestamp>,
    /// Whether the account is closed: no key is made.
    #[serde(default)]
    pub(super) is_closed: bool,
}

/// A key in the list of its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldKey {
    pub(super) id: ApiKeyId,
    pub(super) ends_at: Timestamp,
}

impl HeldKey {
    /// Whether it is listed, if there is room.
    pub(super) fn is_kept(&self, now: Timestamp) -> bool {
        now < self.ends_at + RETENTION
    }
}

impl AccountKeys {
    pub(super) const SORT: &'static str = "keys";

    pub(super) fn none(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            keys: Vec::new(),
            all_revoked_at: None,
            is_closed: false,
        }
    }

    /// Makes room for one more key: takes out those that are kept no longer, as many as one commit removes, and of those that
    /// have ended the oldest if the list is full. Whoever calls this removes what is stored of them, or nobody finds it again.
    pub(super) fn take_unlisted(&mut self, now: Timestamp) -> Vec<ApiKeyId> {
        let mut taken = Vec::new();
        self.keys.retain(|key| {
            let stays = key.is_kept(now) || taken.len() >= CHUNK;
            if !stays {
                taken.push(key.id.clone());
            }
            stays
        });
        if self.keys.len() >= LISTED
            && let Some(ended) = self.keys.iter().position(|key| key.ends_at <= now)
        {
            taken.push(self.keys.remove(ended).id);
        }
        taken
    }

    /// Notes when a key ends.
    pub(super) fn ends(&mut self, id: &ApiKeyId, ends_at: Timestamp) {
        for key in self.keys.iter_mut().filter(|key| key.id == *id) {
            key.ends_at = ends_at;
        }
    }
}

impl Stored for AccountKeys {
    const COLLECTION: Collection = ACCOUNT_API_KEYS;
    const MEMORY: Memory = Memory::Records;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}
