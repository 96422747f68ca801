//! How histories are stored.

use std::collections::BTreeMap;

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use portcullis_ports::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::EventOutcome;
use crate::foundation::keyring::Keyring;
use crate::foundation::table::Stored;

/// Histories.
pub(crate) const AUDIT: Collection = Collection {
    name: "audit",
    table: "audit",
    variable: "AUDIT_TABLE_NAME",
};

/// What heads are signed for.
const HEAD: &str = "audit-head";
/// What checkpoints are signed for.
const CHECKPOINT: &str = "audit-checkpoint";

/// One thing that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose history.
    pub subject: Subject,
    /// Its place, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What, from the catalogue of events.
    pub event: String,
    /// How it ended.
    pub outcome: EventOutcome,
    /// From where.
    pub ip: String,
    /// With what.
    pub user_agent: String,
    /// More about it.
    pub details: BTreeMap<String, String>,
    /// The SHA-256 of the stored bytes of the entry before, in hexadecimal; empty for the first.
    pub previous: String,
}

impl Entry {
    pub(super) const PREFIX: &'static str = "entry#";

    pub(super) fn sort(number: u64) -> String {
        format!("{}{number:012}", Self::PREFIX)
    }
}

impl Stored for Entry {
    const COLLECTION: Collection = AUDIT;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(self.number))
    }
}

/// Where a history ends, signed: who can only write to the store can neither rewrite entries nor cut them off.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) subject: Subject,
    pub(super) entries: u64,
    /// The hash of the last entry, empty if there is none.
    pub(super) hash: String,
    /// How many entries were there when the head was signed first. Only their hashes hold them until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) signed_after: Option<u64>,
    /// The first entry that did not fit when the history went on behind it. It stays broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) broken_at: Option<u64>,
    /// A code over all that, made with a key that is not in the store. Missing in heads of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mac: Option<String>,
    /// What was refused lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failures: Option<Failures>,
}

/// How much was refused within the window that the settings name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failures {
    /// When the window began.
    pub(super) since: Timestamp,
    /// How many entries of each event were written.
    pub(super) written: BTreeMap<String, u32>,
    /// How many were not, of all events.
    pub(super) left_out: u64,
}

/// Who wrote a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    Ours,
    Missing,
    Wrong,
}

impl Head {
    pub(super) const SORT: &'static str = "head";

    /// The head of a history without entries.
    pub(super) fn empty(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            entries: 0,
            hash: String::new(),
            signed_after: None,
            broken_at: None,
            mac: None,
            failures: None,
        }
    }

    pub(super) fn signature(&self, keyring: &Keyring) -> Result<Signature> {
        let Some(mac) = &self.mac else {
            return Ok(Signature::Missing);
        };
        let genuine = self.with_signed_parts(|parts| keyring.verify_history(HEAD, parts, mac))?;
        Ok(if genuine {
            Signature::Ours
        } else {
            Signature::Wrong
        })
    }

    /// Signs what it says now. What is wrong with it stays written in it, because a signature would hide that.
    pub(super) fn sign(&mut self, keyring: &Keyring, broken_at: Option<u64>) -> Result<()> {
        self.signed_after.get_or_insert(self.entries);
        self.broken_at = self.broken_at.or(broken_at);
        self.mac = Some(self.with_signed_parts(|parts| keyring.sign(HEAD, parts))?);
        Ok(())
    }

    /// What the code is over.
    fn with_signed_parts<T>(&self, of: impl FnOnce(&[&str]) -> T) -> T {
        let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        let entries = self.entries.to_string();
        let (signed_after, broken_at) = (number(self.signed_after), number(self.broken_at));
        let parts = [
            self.subject.as_str(),
            &entries,
            &self.hash,
            &signed_after,
            &broken_at,
        ];
        of(&parts)
    }
}

impl Stored for Head {
    const COLLECTION: Collection = AUDIT;
    /// The first had no signature.
    const VERSION: u32 = 2;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}

/// Stands in the place of entries that were pruned, and ties what is before them to what is behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) subject: Subject,
    /// The number of the first entry that it stands for.
    pub(super) first: u64,
    /// The number of the last.
    pub(super) last: u64,
    /// The hash of the entry before the first, empty for entry 1.
    pub(super) previous: String,
    /// The hash of the last.
    pub(super) hash: String,
    /// When they were pruned.
    pub(super) at: Timestamp,
    /// A code over all that, made with a key that is not in the store: who can only write to the store cannot prune.
    pub(super) mac: String,
}

impl Checkpoint {
    pub(super) const PREFIX: &'static str = "checkpoint#";

    pub(super) fn sort(first: u64) -> String {
        format!("{}{first:012}", Self::PREFIX)
    }

    pub(super) fn sign(&mut self, keyring: &Keyring) -> Result<()> {
        self.mac = self.with_signed_parts(|parts| keyring.sign(CHECKPOINT, parts))?;
        Ok(())
    }

    pub(super) fn is_ours(&self, keyring: &Keyring) -> Result<bool> {
        self.with_signed_parts(|parts| keyring.verify_history(CHECKPOINT, parts, &self.mac))
    }

    /// What the code is over.
    fn with_signed_parts<T>(&self, of: impl FnOnce(&[&str]) -> T) -> T {
        let numbers = [self.first, self.last].map(|number| number.to_string());
        let at = self.at.millis().to_string();
        let [first, last] = numbers.each_ref().map(String::as_str);
        let parts = [
            self.subject.as_str(),
            first,
            last,
            &self.previous,
            &self.hash,
            &at,
        ];
        of(&parts)
    }
}

impl Stored for Checkpoint {
    const COLLECTION: Collection = AUDIT;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(self.first))
    }
}
