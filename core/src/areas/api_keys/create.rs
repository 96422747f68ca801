//! Keys are made.

use portcullis_ports::{Result, Secret, Timestamp};

use super::limits::asked;
use super::model::MOST_NETWORKS;
use super::networks::Networks;
use super::notices::Notice;
use super::records::{ApiKey, HeldKey, KeySecret};
use super::usage::LastUse;
use super::views::named;
use super::{
    ACCOUNT_CLOSED, ApiKeyId, ApiKeys, Cidr, CreateApiKey, IssuedApiKey, TOO_MANY_API_KEYS, actions, events,
    key_text,
};
use crate::areas::operators::Operator;
use crate::areas::sessions::SignedIn;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

impl ApiKeys {
    /// Makes a key. It is in the answer and nowhere else.
    ///
    /// # Errors
    /// `invalid-request`, `step-up-required`, `too-many-api-keys`, `scope-for-operators`, `operator-factor-required`,
    /// `account-closed`.
    pub async fn create(&self, who: &SignedIn, command: &CreateApiKey) -> Result<IssuedApiKey> {
        let scopes = self.asked_scopes(&command.scopes)?;
        let grantor = self.grantor(who, &scopes).await?;
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
        self.context
            .retried(|| self.add(who, grantor.as_ref(), &key))
            .await?;
        Ok(issued(&key, &text))
    }

    async fn add(&self, who: &SignedIn, grantor: Option<&Operator>, key: &ApiKey) -> Result<()> {
        let (mut batch, subject, now) = (Batch::default(), who.subject(), self.context.now());
        self.sessions.require_in(&mut batch, who).await?;
        let mut held = self.held(subject).await?;
        if held.value.is_closed {
            return Err(ACCOUNT_CLOSED.error());
        }
        let live = held.value.keys.iter().filter(|key| now < key.ends_at);
        if live.count() >= self.settings.limit {
            return Err(TOO_MANY_API_KEYS.error());
        }
        for id in held.value.take_unlisted(now) {
            batch.clear::<LastUse>(subject.to_string(), LastUse::sort(&id));
            batch.clear::<ApiKey>(id.to_string(), ApiKey::SORT.into());
        }
        held.value.keys.push(HeldKey {
            id: key.id.clone(),
            ends_at: key.expires_at,
        });
        batch.save(&held)?;
        batch.insert(key)?;
        let event = Event::success(events::CREATE, &who.source)
            .with("key_id", &key.id)
            .with("scopes", key.scopes.join(" "));
        self.tell(&mut batch, who, grantor, event).await?;
        self.notify(&mut batch, key, &Notice::Created).await?;
        self.context.commit(batch).await
    }

    pub(super) fn new_secret(&self, id: &ApiKeyId, now: Timestamp) -> Result<(Secret, KeySecret)> {
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
    pub(super) fn end_of(&self, asked: Option<i64>, now: Timestamp) -> Result<Timestamp> {
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

pub(super) fn issued(key: &ApiKey, text: &Secret) -> IssuedApiKey {
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
