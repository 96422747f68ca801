//! What a key may do, from where and how often is changed, and so is its label. Keys are revoked.

use portcullis_ports::Result;

use super::create::networks;
use super::notices::Notice;
use super::records::ApiKey;
use super::{
    API_KEY_ENDED, ApiKeyId, ApiKeyNetworks, ApiKeyStatus, ApiKeyView, ApiKeys, Cidr, RenameApiKey,
    RevokeApiKey, SetApiKeyNetworks, SetApiKeyRules, actions, events,
};
use crate::areas::sessions::SignedIn;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

fn listed(nets: &[ipnet::IpNet]) -> String {
    let texts: Vec<String> = nets.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

impl ApiKeys {
    /// Gives a key another label. One that has ended may get one as well.
    ///
    /// # Errors
    /// `api-key-not-found`.
    pub async fn rename(&self, who: &SignedIn, command: &RenameApiKey) -> Result<ApiKeyView> {
        let renamed = self.context.retried(|| async {
            let mut batch = Batch::default();
            self.sessions.require_in(&mut batch, who).await?;
            let found = self.own(who.subject(), &command.key_id).await?;
            let key = ApiKey {
                label: command.label.to_string(),
                ..found.value.clone()
            };
            if key == found.value {
                return Ok(key);
            }
            batch.replace(&found, &key)?;
            let event = Event::success(events::RENAME, &who.source).with("key_id", &key.id);
            self.audit.append(&mut batch, who.subject(), &[event]).await?;
            self.context.commit(batch).await?;
            Ok(key)
        });
        self.view(&renamed.await?).await
    }

    /// Sets from where a key may be used. To let it be used from anywhere more needs a fresh proof.
    ///
    /// # Errors
    /// `invalid-request`, `step-up-required`, `api-key-not-found`, `api-key-ended`.
    pub async fn set_networks(&self, who: &SignedIn, command: &SetApiKeyNetworks) -> Result<ApiKeyNetworks> {
        let networks = networks(&command.allow_cidrs, &command.deny_cidrs)?;
        let change = |key: &ApiKey| ApiKey {
            networks: networks.clone(),
            ..key.clone()
        };
        let event = Event::success(events::IP_RULES, &who.source)
            .with("key_id", &command.key_id)
            .with("allow", listed(&networks.allow))
            .with("deny", listed(&networks.deny));
        self.change(who, &command.key_id, change, event).await?;
        Ok(ApiKeyNetworks {
            ok: true,
            allow_cidrs: networks.allow.iter().map(Cidr::from).collect(),
            deny_cidrs: networks.deny.iter().map(Cidr::from).collect(),
        })
    }

    /// Sets what a key may do, and how often. To let it do anything more needs a fresh proof.
    ///
    /// # Errors
    /// `invalid-request`, `step-up-required`, `api-key-not-found`, `api-key-ended`, `scope-for-operators`,
    /// `operator-factor-required`.
    pub async fn set_rules(&self, who: &SignedIn, command: &SetApiKeyRules) -> Result<ApiKeyView> {
        let (rate_per_minute, daily_quota) =
            self.asked_limits(command.rate_per_minute, command.daily_quota)?;
        let scopes = self.asked_scopes(&command.scopes)?;
        self.require_role(who, &scopes).await?;
        let change = |key: &ApiKey| ApiKey {
            scopes: scopes.clone(),
            rate_per_minute,
            daily_quota,
            ..key.clone()
        };
        let mut event = Event::success(events::RULES, &who.source)
            .with("key_id", &command.key_id)
            .with("scopes", scopes.join(" "));
        for (name, limit) in [("rate_per_minute", rate_per_minute), ("daily_quota", daily_quota)] {
            if let Some(limit) = limit {
                event = event.with(name, limit);
            }
        }
        let key = self.change(who, &command.key_id, change, event).await?;
        self.view(&key).await
    }

    async fn change(
        &self,
        who: &SignedIn,
        id: &ApiKeyId,
        change: impl Fn(&ApiKey) -> ApiKey,
        event: Event<'_>,
    ) -> Result<ApiKey> {
        let subject = who.subject();
        let found = self.own(subject, id).await?;
        let mut is_proven = false;
        if self.loosens(&found, &change(&found)) {
            self.step_up.require(actions::MANAGE, who).await?;
            is_proven = true;
        }
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                let found = self.own(subject, id).await?;
                let held = self.held(subject).await?;
                let lost = self.epochs.uses_lost_at().await?;
                match found.status(Some(&held.value), self.context.now(), lost) {
                    ApiKeyStatus::Active | ApiKeyStatus::Restored => {}
                    ApiKeyStatus::Expired | ApiKeyStatus::Revoked => return Err(API_KEY_ENDED.error()),
                }
                let key = change(&found);
                if key == found.value {
                    return Ok(key);
                }
                let widens = self.loosens(&found, &key);
                // Somebody may have tightened it meanwhile.
                if !is_proven && widens {
                    self.step_up.require(actions::MANAGE, who).await?;
                }
                let added = key.scopes.iter().filter(|scope| !found.scopes.contains(scope));
                let grantor = self.grantor(who, added).await?;
                batch.replace(&found, &key)?;
                self.tell(&mut batch, who, grantor.as_ref(), event.clone())
                    .await?;
                if widens {
                    self.notify(&mut batch, &key, &Notice::Widened).await?;
                }
                self.context.commit(batch).await?;
                Ok(key)
            })
            .await
    }

    /// Whether a key may do anything after a change that it might not before.
    fn loosens(&self, before: &ApiKey, after: &ApiKey) -> bool {
        let ((rate, quota), (former_rate, former_quota)) = (self.most_of(after), self.most_of(before));
        after.scopes.iter().any(|scope| !before.scopes.contains(scope))
            || rate > former_rate
            || quota > former_quota
            || after.networks.exceed(&before.networks)
    }

    /// Revokes a key: within a second no node accepts it. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// `api-key-not-found`.
    pub async fn revoke(&self, who: &SignedIn, command: &RevokeApiKey) -> Result<()> {
        self.context
            .retried(|| async {
                let (mut batch, subject, now) = (Batch::default(), who.subject(), self.context.now());
                self.sessions.require_in(&mut batch, who).await?;
                let found = self.own(subject, &command.key_id).await?;
                let mut held = self.held(subject).await?;
                let lost = self.epochs.uses_lost_at().await?;
                if found.status(Some(&held.value), now, lost).has_ended() {
                    return Ok(());
                }
                let key = ApiKey {
                    revoked_at: Some(now),
                    ..found.value.clone()
                };
                batch.replace(&found, &key)?;
                held.value.ends(&key.id, now);
                batch.save(&held)?;
                let event = Event::success(events::REVOKE, &who.source).with("key_id", &key.id);
                self.audit.append(&mut batch, subject, &[event]).await?;
                self.notify(&mut batch, &key, &Notice::Revoked).await?;
                self.context.commit(batch).await
            })
            .await
    }
}
