//! Whether a key is valid, and whether it may do what is asked.
//!
//! Whoever does not prove to have a key learns one thing: that it is not valid. Everything else is told behind the proof.

use std::net::IpAddr;
use std::sync::Arc;

use portcullis_ports::identity::UNAUTHENTICATED;
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Error, Result, Timestamp};

use super::limits::KeyBudget;
use super::records::{AccountKeys, ApiKey};
use super::usage::Outcome;
use super::{
    API_KEY_FROZEN, API_KEY_LIMIT, API_KEY_NETWORK, API_KEY_SCOPE, ApiKeyStatus, ApiKeys, KeyHolder,
    key_text, meters, scopes,
};
use crate::foundation::scope::Scope;
use crate::foundation::source::Source;

/// The same for every key that is not valid.
fn refused() -> Error {
    UNAUTHENTICATED.with_detail("The API key is not valid: it is wrong, or it has ended.")
}

pub(super) fn count_unproven(error: &Error) {
    if error.code() == UNAUTHENTICATED {
        metrics::counter!(meters::USES.name, "outcome" => "unproven").increment(1);
    }
}

impl ApiKey {
    /// Whether a secret with this code is valid. The time is the same for every one that is not.
    fn opens_with(&self, mac: &str, now: Timestamp, uses_lost_at: Option<Timestamp>) -> bool {
        let mut opens = false;
        for secret in &self.secrets {
            let is_valid = secret.ends_at.is_none_or(|end| now < end)
                && uses_lost_at.is_none_or(|lost| secret.issued_at > lost);
            opens |= same_secret(secret.mac.as_bytes(), mac.as_bytes()) && is_valid;
        }
        opens
    }

    /// How it stands in its account.
    pub(super) fn status(
        &self,
        account: Option<&AccountKeys>,
        now: Timestamp,
        uses_lost_at: Option<Timestamp>,
    ) -> ApiKeyStatus {
        let revoked = match account {
            Some(account) => account.all_revoked_at.is_some_and(|at| self.created_at <= at),
            None => true,
        };
        let newest = self.secrets.last().map(|secret| secret.issued_at);
        if revoked || self.revoked_at.is_some() {
            ApiKeyStatus::Revoked
        } else if now >= self.expires_at {
            ApiKeyStatus::Expired
        } else if uses_lost_at.is_some() && newest <= uses_lost_at {
            ApiKeyStatus::Restored
        } else {
            ApiKeyStatus::Active
        }
    }
}

impl ApiKeys {
    /// Recognises whoever shows a key, for something that needs this scope.
    ///
    /// # Errors
    /// `unauthenticated` for anything but a valid key; behind that `api-key-network`, `api-key-scope`,
    /// `api-key-frozen` and `api-key-limit`.
    pub async fn authenticate(&self, presented: &str, scope: &Scope, source: &Source) -> Result<KeyHolder> {
        let key = self.proven(presented).await.inspect_err(count_unproven)?;
        let admitted = self.admit(&key, Some(scope.name), Some(source.ip)).await;
        let noted = self.note(&key, scope.name, source, &admitted).await;
        admitted?;
        noted?;
        Ok(KeyHolder {
            key,
            source: source.clone(),
        })
    }

    /// The key that somebody proves to have.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub(super) async fn proven(&self, presented: &str) -> Result<Arc<ApiKey>> {
        let (id, secret) = key_text::parse(presented).ok_or_else(refused)?;
        let mac = self.mac(id, secret)?;
        let lost = self.epochs.uses_lost_at().await?;
        let now = self.context.now();
        let known = self.context.cache.find::<ApiKey>(id, ApiKey::SORT).await?;
        let known = match known {
            Some(key) if key.opens_with(&mac, now, lost) => key,
            // It may have been rotated on another node a moment ago.
            Some(key) if now < key.ends_at() => Box::pin(self.read_again(id, &mac, lost)).await?,
            _ => return Err(refused()),
        };
        let cache = &self.context.cache;
        let account = cache.find::<AccountKeys>(known.subject.as_str(), AccountKeys::SORT);
        match known.status(account.await?.as_deref(), now, lost) {
            ApiKeyStatus::Active => Ok(known),
            _ => Err(refused()),
        }
    }

    async fn read_again(&self, id: &str, mac: &str, lost: Option<Timestamp>) -> Result<Arc<ApiKey>> {
        let found = self.context.table::<ApiKey>().find(id, ApiKey::SORT).await?;
        let now = self.context.now();
        let opens = found.filter(|key| key.opens_with(mac, now, lost));
        opens.map(|found| Arc::new(found.value)).ok_or_else(refused)
    }

    /// Whether a key may do something, from an address. Counts one use if it may.
    pub(super) async fn admit(&self, key: &ApiKey, scope: Option<&str>, ip: Option<IpAddr>) -> Result<()> {
        if self.freezes.is_frozen(&key.subject).await? {
            return Err(API_KEY_FROZEN.error());
        }
        let restricted = !key.networks.allow.is_empty() || !key.networks.deny.is_empty();
        if restricted && !ip.is_some_and(|ip| key.networks.admit(ip)) {
            return Err(API_KEY_NETWORK.error());
        }
        if let Some(scope) = scope.filter(|scope| key.scopes.iter().all(|has| has != scope)) {
            return Err(API_KEY_SCOPE
                .with_detail(format!("This needs an API key with the scope {scope}."))
                .member("scope", scope));
        }
        if scope == Some(scopes::VERIFY.name) {
            if self.operators.role(&key.subject).await?.is_none() {
                return Err(API_KEY_SCOPE
                    .with_detail("The owner of this API key is no operator any more.")
                    .member("scope", scopes::VERIFY.name));
            }
            let budget = KeyBudget::verifications(self.settings.verifications);
            return self.limits.take(key.id.as_str(), &[budget]).await;
        }
        let (rate, quota) = self.most_of(key);
        let budgets = [KeyBudget::rate(rate), KeyBudget::quota(quota)];
        self.limits.take(key.id.as_str(), &budgets).await
    }

    /// How often a key may be used: within a minute, and on one day.
    pub(super) fn most_of(&self, key: &ApiKey) -> (u32, u32) {
        let (rate, quota) = (self.settings.rate_per_minute, self.settings.daily_quota);
        (
            key.rate_per_minute.map_or(rate, |most| most.min(rate)),
            key.daily_quota.map_or(quota, |most| most.min(quota)),
        )
    }

    /// Notes what became of a use, and tells the owner of a network that is new, where one is known.
    pub(super) async fn note(
        &self,
        key: &ApiKey,
        scope: &str,
        source: &Source,
        admitted: &Result<()>,
    ) -> Result<()> {
        let Some(outcome) = Outcome::of(admitted.as_ref().err().map(Error::code)) else {
            return Ok(());
        };
        let now = self.context.clock.coarse_now();
        self.log.note(key, outcome, scope, source, now);
        if outcome == Outcome::Accepted && source.address().is_some() {
            self.alert(key, source).await?;
        }
        Ok(())
    }
}

impl Outcome {
    /// What a use came to; `None` for a failure that is none of its own.
    pub(super) fn of(code: Option<portcullis_ports::Code>) -> Option<Self> {
        match code {
            None => Some(Self::Accepted),
            Some(API_KEY_SCOPE) => Some(Self::Scope),
            Some(API_KEY_NETWORK) => Some(Self::Network),
            Some(API_KEY_FROZEN) => Some(Self::Frozen),
            Some(API_KEY_LIMIT) => Some(Self::Limit),
            Some(_) => None,
        }
    }
}
