//! Keys get new secrets.

use std::time::Duration;

use portcullis_ports::{Result, Timestamp};

use super::create::issued;
use super::notices::Notice;
use super::records::{ApiKey, KeySecret};
use super::{API_KEY_ENDED, API_KEY_OVERLAP, ApiKeys, IssuedApiKey, RotateApiKey, actions, events};
use crate::areas::sessions::SignedIn;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

/// How long the secret of before is valid beside a new one, unless its owner says otherwise.
const OVERLAP: u32 = 86_400;
/// The most secrets of before that are valid beside a new one: the one in use, and one whose answer was lost.
const BESIDE: usize = 2;

impl ApiKey {
    /// The secrets of a key with this one as the newest. Those of before end then at the latest, and none of them sooner than it
    /// would have.
    ///
    /// # Errors
    /// `api-key-overlap`.
    fn secrets_with(
        &self,
        new: KeySecret,
        overlap_until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<KeySecret>> {
        let ending = self.secrets.iter().filter_map(|former| {
            let end = former.ends_at.map_or(overlap_until, |end| end.min(overlap_until));
            (now < end).then(|| KeySecret {
                ends_at: Some(end),
                ..former.clone()
            })
        });
        let mut secrets: Vec<KeySecret> = ending.collect();
        if secrets.len() > BESIDE {
            return Err(API_KEY_OVERLAP.error());
        }
        secrets.push(new);
        Ok(secrets)
    }
}

impl ApiKeys {
    /// Gives a key a new secret. Those before it are valid for a while beside it.
    ///
    /// # Errors
    /// `invalid-request`, `step-up-required`, `api-key-not-found`, `api-key-ended`, `api-key-overlap`,
    /// `scope-for-operators`, `operator-factor-required`.
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
            .retried(|| self.replace_secret(who, command, &secret, Duration::from_secs(overlap)))
            .await?;
        Ok(issued(&rotated, &text))
    }

    async fn replace_secret(
        &self,
        who: &SignedIn,
        command: &RotateApiKey,
        secret: &KeySecret,
        overlap: Duration,
    ) -> Result<ApiKey> {
        let (mut batch, subject, now) = (Batch::default(), who.subject(), self.context.now());
        self.sessions.require_in(&mut batch, who).await?;
        let found = self.own(subject, &command.key_id).await?;
        let mut held = self.held(subject).await?;
        let lost = self.epochs.uses_lost_at().await?;
        if found.status(Some(&held.value), now, lost).has_ended() {
            return Err(API_KEY_ENDED.error());
        }
        let grantor = self.grantor(who, &found.scopes).await?;
        let expires_at = match command.expires_at {
            None => found.expires_at,
            asked => self.end_of(asked, now)?,
        };
        let overlap_until = now + overlap;
        let key = ApiKey {
            secrets: found.secrets_with(secret.clone(), overlap_until, now)?,
            expires_at,
            ..found.value.clone()
        };
        batch.replace(&found, &key)?;
        held.value.ends(&key.id, expires_at);
        batch.save(&held)?;
        let event = Event::success(events::ROTATE, &who.source)
            .with("key_id", &key.id)
            .with("overlap_until", overlap_until.seconds());
        self.tell(&mut batch, who, grantor.as_ref(), event).await?;
        self.notify(&mut batch, &key, &Notice::Rotated).await?;
        self.context.commit(batch).await?;
        Ok(key)
    }
}
