//! How sessions end: one with all that grew from it, all others, or all.

use portcullis_ports::Result;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;

use super::lines::{Listed, descendants};
use super::records::Line;
use super::{RevokeSession, SESSION_ENDED, SESSION_NOT_FOUND, Session, Sessions};
use crate::access::SignedIn;
use crate::audit::Event;
use crate::epochs::{Current, Lineage, TokenId};
use crate::table::Batch;

/// Sessions that are ended one by one in one commit.
const SLICE: usize = 40;

/// What became of the other sessions of an account.
pub(crate) struct OthersEnded {
    /// How many lived until now.
    pub(crate) revoked: u64,
    /// What is new carries this.
    pub(crate) lineage: Lineage,
}

impl Sessions {
    /// Ends one session of the account, whichever, and all that grew from it.
    ///
    /// # Errors
    /// `session-not-found` if it is not one of the account's.
    pub async fn revoke(&self, who: &SignedIn, command: RevokeSession) -> Result<()> {
        self.end_one(who, &command.session_id, "ui_session_revoke").await
    }

    /// Ends the session that asks, and all that grew from it.
    pub async fn end(&self, who: &SignedIn) -> Result<()> {
        self.end_one(who, &who.session.id, "sign_out").await
    }

    async fn end_one(&self, who: &SignedIn, id: &SessionId, event: &'static str) -> Result<()> {
        let subject = who.subject();
        // Each commit ends as many as fit, until none is left.
        loop {
            let left = self.deployment.retried(|| async {
                let mut batch = Batch::default();
                self.deployment.take_turn(&mut batch, subject).await;
                let found = self.read(id).await?.filter(|session| session.subject == *subject);
                let found = found.ok_or_else(|| SESSION_NOT_FOUND.error())?;
                let current = self.epochs.current(subject).await?;
                let listed = self.listed(subject, &current.epoch).await?;
                let mut grown = descendants(id, &listed);
                grown.retain(|one| one.is_live());
                let over =
                    found.revoked_at.is_some() || !current.epoch.admits_session(&found.id, &found.lineage);
                if over && grown.is_empty() {
                    return Ok(false);
                }
                let left = grown.len() > SLICE;
                grown.truncate(SLICE);
                let mut event = Event::success(event, &who.source).with("session_id", id);
                if !grown.is_empty() {
                    event = event.with("grown_from_it", grown.len());
                }
                if !over {
                    let ended = found.ended(self.deployment.now());
                    batch.replace(&found, &ended)?;
                    batch.overwrite(&Line::of(&ended))?;
                }
                self.end_grown_in(&mut batch, subject, &grown)?;
                let tokens = tokens_of(who, &found);
                if !tokens.is_empty() {
                    self.epochs.revoke_in(&mut batch, current, &tokens)?;
                }
                self.audit.append(&mut batch, subject, &[event]).await?;
                self.deployment.commit(batch).await?;
                Ok(left)
            });
            if !left.await? {
                return Ok(());
            }
        }
    }

    fn end_grown_in(&self, batch: &mut Batch, subject: &Subject, grown: &[&Listed]) -> Result<()> {
        let now = self.deployment.now();
        for one in grown {
            batch.clear::<Session>(one.id.to_string(), Session::SORT.into());
            batch.overwrite(&one.ended_line(subject, now))?;
        }
        Ok(())
    }

    /// Ends all other sessions of the account with the tokens of before, and says how many there were. It is one write,
    /// however many they are.
    ///
    /// # Errors
    /// `session-ended` if another session was faster.
    pub async fn revoke_others(&self, who: &SignedIn) -> Result<u64> {
        self.deployment
            .retried(|| async {
                let mut batch = Batch::default();
                let ended = self.end_others_in(&mut batch, who, true).await?;
                let event =
                    Event::success("ui_session_revoke_others", &who.source).with("revoked", ended.revoked);
                self.audit.append(&mut batch, who.subject(), &[event]).await?;
                self.deployment.commit(batch).await?;
                Ok(ended.revoked)
            })
            .await
    }

    /// Adds the end of all other sessions and of all access tokens and open challenges of the account to a batch.
    /// `with_tokens` says whether tokens of before are still accepted beside the session that asks.
    ///
    /// # Errors
    /// `session-ended` if the session that asks does not live any more.
    pub(crate) async fn end_others_in(
        &self,
        batch: &mut Batch,
        who: &SignedIn,
        with_tokens: bool,
    ) -> Result<OthersEnded> {
        let subject = who.subject();
        self.deployment.take_turn(batch, subject).await;
        let current = self.epochs.current(subject).await?;
        let asking = self.read(&who.session.id).await?.filter(|asking| {
            self.is_live(asking) && current.epoch.admits_session(&asking.id, &asking.lineage)
        });
        let asking = asking.ok_or_else(|| SESSION_ENDED.error())?;
        let revoked = self.live_but(subject, &current, Some(&asking.id)).await?;
        let lineage = self
            .epochs
            .end_in(batch, current, Some(&asking.id), with_tokens)?;
        Ok(OthersEnded {
            revoked,
            lineage: Lineage {
                session: Some(asking.id.clone()),
                foreign: asking.lineage.foreign,
                ..lineage
            },
        })
    }

    /// Adds the end of all sessions, access tokens and open challenges of a person to a batch, and says how many
    /// sessions lived until now. Call it before anything is read that the commit depends on.
    pub(crate) async fn end_all_in(&self, batch: &mut Batch, subject: &Subject) -> Result<u64> {
        self.deployment.take_turn(batch, subject).await;
        let current = self.epochs.current(subject).await?;
        let revoked = self.live_but(subject, &current, None).await?;
        self.epochs.end_in(batch, current, None, false)?;
        Ok(revoked)
    }

    async fn live_but(&self, subject: &Subject, current: &Current, kept: Option<&SessionId>) -> Result<u64> {
        let listed = self.listed(subject, &current.epoch).await?;
        let live = listed.iter().filter(|one| one.is_live() && Some(&one.id) != kept);
        Ok(live.count() as u64)
    }
}

/// The tokens that end with a session: the one that began it and, if it is the session that asks, the one beside it.
/// The token that asks for the end of another session goes on.
fn tokens_of(who: &SignedIn, ended: &Session) -> Vec<TokenId> {
    let mut tokens: Vec<TokenId> = ended.lineage.token.into_iter().collect();
    if ended.id == who.session.id {
        tokens.extend(who.token.filter(|token| !tokens.contains(token)));
    } else {
        tokens.retain(|token| Some(*token) != who.token && Some(*token) != who.session.lineage.token);
    }
    tokens
}
