//! Keys are made, and get new secrets.

use portcullis_ports::{Result, Secret, Timestamp};

use super::limits::asked;
use super::model::{MOST_NETWORKS, MOST_SCOPES};
use super::networks::{Cidr, Networks};
use super::notices::Notice;
use super::records::{AFTERLIFE, ApiKey, HeldKey, KeySecret};
use super::views::named;
use super::{
    ACCOUNT_CLOSED, API_KEY_ENDED, ApiKeyId, ApiKeyStatus, ApiKeys, CreateApiKey, IssuedApiKey, RotateApiKey,
    SCOPE_FOR_OPERATORS, ScopeName, TOO_MANY_API_KEYS, actions, events, key_text, scopes,
};
use crate::areas::sessions::SignedIn;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

/// How long the key of before counts beside a new one, unless its owner says otherwise.
const OVERLAP: u32 = 86_400;
/// The most keys that are listed.
pub(super) const LISTED: usize = 100;

impl ApiKeys {
    /// Makes a key. It is in the answer and nowhere else.
    ///
    /// # Errors
    /// `invalid-request`, `step-up-required`, `too-many-api-keys`, `scope-for-operators`, `account-closed`.
    pub async fn create(&self, who: &SignedIn, command: &CreateApiKey) -> Result<IssuedApiKey> {
        let scopes = self.granted(who, &command.scopes).await?;
        let networks = networks(&command.allow_cidrs, &command.deny_cidrs)?;
        let (rate_per_minute, daily_quota) =
            self.asked_limits(command.rate_per_minute, command.daily_quota)?;
        let now = self.context.now();
        let expires_at = self.end_of(command.expires_at, now)?;
        self.step_up.require(actions::MANAGE, who).await?;
        let id = ApiKeyId::random(self.context.entropy.as_ref())?;
        let (text, secret) = self.new_secret(&id, now)?;
        let key = ApiKey {
            subject: who.subject().clone(),
            label: command
                .label
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            secrets: vec![secret],
            scopes,
            networks,
            rate_per_minute,
            daily_quota,
            created_at: now,
            expires_at,
            revoked_at: None,
            id,
        };
        self.context.retried(|| self.add(who, &key)).await?;
        Ok(issued(&key, &text))
    }

    async fn add(&self, who: &SignedIn, key: &ApiKey) -> Result<()> {
        let (mut batch, subject, now) = (Batch::default(), who.subject(), self.context.now());
        self.sessions.require_in(&mut batch, who).await?;
        let mut held = self.held(subject).await?;
        if held.value.is_closed {
            return Err(ACCOUNT_CLOSED.error());
        }
        let keys = &mut held.value.keys;
        keys.retain(|key| now < key.ends_at + AFTERLIFE);
        let count = keys.iter().filter(|key| now < key.ends_at).count();
        if count >= self.settings.limit {
            return Err(TOO_MANY_API_KEYS.error());
        }
        // Of those that have ended the oldest make room in the list.
        while keys.len() >= LISTED {
            let ended = keys.iter().position(|key| key.ends_at <= now);
            keys.remove(ended.unwrap_or_default());
        }
        keys.push(HeldKey {
            id: key.id.clone(),
            ends_at: key.expires_at,
        });
        batch.save(&held)?;
        batch.insert(key)?;
        let event = Event::success(events::CREATE, &who.source)
            .with("key_id", &key.id)
            .with("scopes", key.scopes.join(" "));
        self.audit.append(&mut batch, subject, &[event]).await?;
        self.notify(&mut batch, key, &Notice::Created).await?;
        self.context.commit(batch).await
    }

    /// Gives a key a new secret. The one before it counts for a while beside it.
    ///
    /// # Errors
    /// `invalid-request`, `step-up-required`, `api-key-not-found`, `api-key-ended`, `scope-for-operators`.
    pub async fn rotate(&self, who: &SignedIn, command: &RotateApiKey) -> Result<IssuedApiKey> {
        let longest = self.settings.longest_overlap.get().as_secs();
        let overlap = u64::from(command.overlap_seconds.unwrap_or(OVERLAP));
        let overlap = match command.overlap_seconds {
            Some(_) if overlap > longest => {
                let advice = format!("at most {longest} seconds are expected");
                return Err(refused("/overlap_seconds", &advice));
            }
            Some(_) => overlap,
            None => overlap.min(longest),
        };
        self.own(who.subject(), &command.key_id).await?;
        self.step_up.require(actions::MANAGE, who).await?;
        let now = self.context.now();
        let (text, secret) = self.new_secret(&command.key_id, now)?;
        let rotated = self
            .context
            .retried(|| self.replace_secret(who, command, &secret, overlap))
            .await?;
        Ok(issued(&rotated, &text))
    }

    async fn replace_secret(
        &self,
        who: &SignedIn,
        command: &RotateApiKey,
        secret: &KeySecret,
        overlap: u64,
    ) -> Result<ApiKey> {
        let (mut batch, subject, now) = (Batch::default(), who.subject(), self.context.now());
        self.sessions.require_in(&mut batch, who).await?;
        let found = self.own(subject, &command.key_id).await?;
        let mut held = self.held(subject).await?;
        let lost = self.epochs.uses_lost_at().await?;
        match found.status(Some(&held.value), now, lost) {
            ApiKeyStatus::Active | ApiKeyStatus::Restored => {}
            ApiKeyStatus::Expired | ApiKeyStatus::Revoked => return Err(API_KEY_ENDED.error()),
        }
        let expires_at = match command.expires_at {
            None => found.expires_at,
            asked => self.end_of(asked, now)?,
        };
        let overlap_until = now + std::time::Duration::from_secs(overlap);
        let before = found.secrets.last().filter(|_| overlap > 0).cloned();
        let before = before.map(|former| KeySecret {
            ends_at: Some(overlap_until),
            ..former
        });
        let key = ApiKey {
            secrets: before.into_iter().chain([secret.clone()]).collect(),
            expires_at,
            ..found.value.clone()
        };
        batch.replace(&found, &key)?;
        held.value.ends(&key.id, expires_at);
        batch.save(&held)?;
        let event = Event::success(events::ROTATE, &who.source)
            .with("key_id", &key.id)
            .with("overlap_until", overlap_until.seconds());
        self.audit.append(&mut batch, subject, &[event]).await?;
        self.notify(&mut batch, &key, &Notice::Rotated).await?;
        self.context.commit(batch).await?;
        Ok(key)
    }

    fn new_secret(&self, id: &ApiKeyId, now: Timestamp) -> Result<(Secret, KeySecret)> {
        let text = key_text::make(id, self.context.entropy.as_ref())?;
        let (_, secret) = key_text::parse(text.expose())
            .ok_or_else(|| portcullis_ports::Error::internal("a new API key is none"))?;
        let secret = KeySecret {
            mac: self.mac(id.as_str(), secret)?,
            issued_at: now,
            ends_at: None,
        };
        Ok((text, secret))
    }

    /// When a key ends that shall end then.
    fn end_of(&self, asked: Option<i64>, now: Timestamp) -> Result<Timestamp> {
        let Some(asked) = asked.map(Timestamp::from_seconds) else {
            return Ok(now + self.settings.lifetime.get());
        };
        let longest = self.settings.longest_lifetime;
        if asked <= now || asked > now + longest.get() {
            let advice = format!("a moment in the future, at most {longest} from now, is expected");
            return Err(refused("/expires_at", &advice));
        }
        Ok(asked)
    }

    /// How often a key may be used within a minute and on one day, as its owner asks for it.
    ///
    /// # Errors
    /// `invalid-request`.
    pub(super) fn asked_limits(
        &self,
        rate: Option<u32>,
        quota: Option<u32>,
    ) -> Result<(Option<u32>, Option<u32>)> {
        let most = &self.settings;
        Ok((
            asked("/rate_per_minute", rate, most.rate_per_minute)?,
            asked("/daily_quota", quota, most.daily_quota)?,
        ))
    }

    /// The scopes that somebody may give to a key, each once.
    ///
    /// # Errors
    /// `invalid-request` for one that there is not; `scope-for-operators`.
    pub(super) async fn granted(&self, who: &SignedIn, asked: &[ScopeName]) -> Result<Vec<String>> {
        if asked.len() > MOST_SCOPES {
            return Err(refused(
                "/scopes",
                &format!("at most {MOST_SCOPES} scopes are expected"),
            ));
        }
        let applications = &self.settings.application_scopes;
        for (at, scope) in asked.iter().enumerate() {
            let known = self.scopes.iter().any(|known| known.name == scope.as_str());
            if !known && !applications.contains(scope) {
                return Err(refused(
                    &format!("/scopes/{at}"),
                    "one of the scopes that GET /ui/api_keys/scopes lists is expected",
                ));
            }
        }
        let mut scopes: Vec<String> = asked.iter().map(ToString::to_string).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let for_operators = scopes.iter().any(|scope| scope == scopes::VERIFY.name);
        if for_operators && self.operators.role(who.subject()).await?.is_none() {
            return Err(SCOPE_FOR_OPERATORS.error());
        }
        Ok(scopes)
    }
}

/// Networks as they were asked for.
///
/// # Errors
/// `invalid-request` if there are too many.
pub(super) fn networks(allow: &[Cidr], deny: &[Cidr]) -> Result<Networks> {
    for (pointer, list) in [("/allow_cidrs", allow), ("/deny_cidrs", deny)] {
        if list.len() > MOST_NETWORKS {
            let advice = format!("at most {MOST_NETWORKS} networks are expected");
            return Err(refused(pointer, &advice));
        }
    }
    Ok(Networks::of(allow, deny))
}

fn issued(key: &ApiKey, text: &Secret) -> IssuedApiKey {
    let ending = key.secrets.iter().filter_map(|secret| secret.ends_at).max();
    IssuedApiKey {
        key_id: key.id.clone(),
        api_key: text.expose().to_owned().into(),
        label: key.label.clone(),
        scopes: named(&key.scopes),
        created_at: key.created_at.seconds(),
        expires_at: key.expires_at.seconds(),
        overlap_until: ending.map(Timestamp::seconds),
    }
}
