//! Signing keys over their life: a new one signs, what former ones signed runs out, and then they are given up.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::storage::ConnectedStore;
use portcullis_ports::{Result, Timestamp};

use crate::App;
use crate::foundation::keyring::{PUBLISHED, RootSecret, SigningKey};
use crate::foundation::table::Batch;
use crate::services::epochs::{EndReason, Epochs};

/// How long after a revocation a node may still sign histories with the key, because it has not read of it.
const SETTLING: Duration = Duration::from_mins(1);

/// A signing key as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyView {
    /// Its name in tokens, codes and the heads of histories.
    pub id: String,
    /// When it was made. Not known of the first, which is the root secret.
    pub made_at: Option<Timestamp>,
    /// What it is good for.
    pub state: KeyState,
}

/// What a signing key is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It signs from this moment on.
    Current {
        /// By then all nodes know it.
        from: Timestamp,
    },
    /// It signs no more. What it signed counts.
    Former {
        /// What still may be in use, and until when.
        needed: Vec<(&'static str, Timestamp)>,
    },
    /// It signs no more. Only histories count that it signed.
    Revoked {
        /// By then no node signs with it.
        settled_at: Timestamp,
    },
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// This key is new.
    By(KeyView),
    /// There are as many keys as there may be: some must be retired first.
    TooMany,
}

/// What became of giving a key up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retired {
    /// It is gone. So many histories and records of the ledger were signed anew.
    Gone(u64),
    /// There is no such key.
    Unknown,
    /// It is the one that signs.
    InUse,
    /// This was signed with it and still counts, until the moment beside it.
    Needed(Vec<(&'static str, Timestamp)>),
    /// Nodes may still sign with it until then.
    Settling(Timestamp),
}

impl App {
    /// The signing keys, oldest first.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn signing_keys(&self) -> Result<Vec<KeyView>> {
        let read = RootSecret::read(&self.context.store).await?;
        Ok(self.views(&read.signing_keys()))
    }

    fn views(&self, keys: &[SigningKey]) -> Vec<KeyView> {
        let now = self.context.now();
        // All before the first that still counts were revoked when it was made, or later.
        let heir = keys.iter().find(|key| !key.revoked).and_then(|key| key.made_at);
        let newest = keys.last().map(|key| key.id.as_str());
        let view = |(at, key): (usize, &SigningKey)| {
            let followed_at = keys.get(at + 1).and_then(|next| next.made_at).unwrap_or(now);
            let state = if Some(key.id.as_str()) == newest {
                let alone = keys.iter().filter(|key| !key.revoked).count() == 1;
                let made_at = key.made_at.unwrap_or(Timestamp::from_millis(0));
                KeyState::Current {
                    from: if alone { made_at } else { made_at + PUBLISHED },
                }
            } else if key.revoked {
                KeyState::Revoked {
                    settled_at: heir.unwrap_or(Timestamp::from_millis(0)) + SETTLING,
                }
            } else {
                KeyState::Former {
                    needed: self.needed(followed_at + PUBLISHED, now),
                }
            };
            KeyView {
                id: key.id.clone(),
                made_at: key.made_at,
                state,
            }
        };
        keys.iter().enumerate().map(view).collect()
    }

    /// What was signed until a moment and still counts.
    fn needed(&self, signed_until: Timestamp, now: Timestamp) -> Vec<(&'static str, Timestamp)> {
        let settings = self.settings();
        let lifetimes = [
            ("access tokens", settings.accounts.access_token_lifetime),
            (
                "sign-ups that wait for their code",
                settings.accounts.verification_lifetime,
            ),
            ("recoveries of passwords", settings.accounts.recovery_lifetime),
            ("codes for open sign-ins", settings.challenges.lifetime),
            ("codes for new devices", settings.factors.enrolment_lifetime),
            ("CSRF tokens in open pages", settings.sessions.lifetime),
        ];
        let ends = lifetimes.map(|(what, lifetime)| (what, signed_until + lifetime.get()));
        ends.into_iter().filter(|(_, end)| *end > now).collect()
    }

    /// Makes a new signing key. It is written at once or not at all; all nodes read it within seconds, and then sign with
    /// it. `revoke` is for a key that leaked: what the former ones signed is refused from now on, and all sessions, tokens
    /// and open sign-ins end in the same commit.
    ///
    /// # Errors
    /// Whatever store and key manager answer.
    pub async fn rotate_signing_key(&self, revoke: bool) -> Result<Rotated> {
        let context = &self.context;
        let entropy = context.entropy.as_ref();
        let rotated = context
            .retried(|| async {
                let read = RootSecret::read(&context.store).await?;
                let now = context.now();
                let keys = context.keys.as_ref();
                let Some(rotated) = read.rotated(keys, entropy, now, revoke).await? else {
                    return Ok(None);
                };
                let mut batch = Batch::default();
                batch.replace(&read, &rotated)?;
                if revoke {
                    let of = (&context.store, now, entropy);
                    Epochs::end_everybody_in(&mut batch, of, EndReason::AllEnded, false).await?;
                }
                context.commit(batch).await?;
                Ok(Some(rotated))
            })
            .await?;
        self.refresh_signing_keys().await?;
        let newest = rotated.and_then(|rotated| self.views(&rotated.signing_keys()).pop());
        Ok(newest.map_or(Rotated::TooMany, Rotated::By))
    }

    /// Gives up a signing key: signs anew the histories and the parts of the ledger that it signed, and removes it. Nothing is done as long as anything
    /// else needs it. It may be repeated.
    ///
    /// # Errors
    /// Whatever the store answers. What was signed anew until then stays so.
    pub async fn retire_signing_key(&self, id: &str, store: &ConnectedStore) -> Result<Retired> {
        let Some(view) = self.signing_keys().await?.into_iter().find(|key| key.id == id) else {
            return Ok(Retired::Unknown);
        };
        match view.state {
            KeyState::Current { .. } => return Ok(Retired::InUse),
            KeyState::Former { needed } if !needed.is_empty() => return Ok(Retired::Needed(needed)),
            KeyState::Revoked { settled_at } if self.context.now() < settled_at => {
                return Ok(Retired::Settling(settled_at));
            }
            KeyState::Former { .. } | KeyState::Revoked { .. } => {}
        }
        self.refresh_signing_keys().await?;
        let histories = self.histories(Arc::clone(&store.scan)).sign_anew(id).await?;
        let signed_anew = histories + self.ledgers(Arc::clone(&store.scan)).sign_anew(id).await?;
        let context = &self.context;
        context
            .retried(|| async {
                let read = RootSecret::read(&context.store).await?;
                let mut batch = Batch::default();
                batch.replace(&read, &read.without(id))?;
                context.commit(batch).await
            })
            .await?;
        self.refresh_signing_keys().await?;
        Ok(Retired::Gone(signed_anew))
    }

    /// Reads again which signing keys there are. Every node does so all the time.
    ///
    /// # Errors
    /// Whatever store and key manager answer; until it works the keys stay those that were read last.
    pub async fn refresh_signing_keys(&self) -> Result<()> {
        self.context.refresh_keyring().await
    }
}
