//! How sessions end: one with all that grew from it, all others, or all.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use portcullis_ports::Result;
use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::STORE_CONFLICT;

use super::events;
use super::lines::{Listed, descendants};
use super::records::Line;
use super::{RevokeSession, SESSION_NOT_FOUND, Session, Sessions};
use crate::areas::sessions::SignedIn;
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::event_kind::EventKind;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::epochs::{Current, EndReason, Lineage, TokenId};

/// Sessions that are ended one by one in one commit.
const SLICE: usize = 40;

/// Sessions that one commit removes.
const FORGOTTEN: usize = 40;

/// Whether the end of a session is written into the history in the same commit.
#[derive(Clone, Copy)]
enum History {
    Written(EventKind),
    Left,
}

/// What one commit of the end of a session did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slice {
    /// This many sessions that grew from it were left.
    Ended { grown: usize },
    /// Nothing was left to be done.
    Nothing,
}

/// What became of the other sessions of an account.
pub(crate) struct OthersEnded {
    /// How many lived until now.
    pub(crate) revoked: u64,
    /// What is new carries this.
    pub(crate) lineage: Lineage,
}

/// What became of all sessions of an account.
pub(crate) struct AllEnded {
    /// How many lived until now.
    pub(crate) revoked: u64,
    /// What is new carries this.
    pub(crate) lineage: Lineage,
}

#[async_trait]
impl AccountErasure for Sessions {
    /// Removes all sessions. They were ended before.
    async fn erase(&self, subject: &Subject, _: &Source) -> Result<()> {
        for lines in self
            .context
            .table::<Line>()
            .all(subject.as_str())
            .await?
            .chunks(FORGOTTEN)
        {
            let mut batch = Batch::default();
            for line in lines {
                batch.clear::<Session>(line.session.to_string(), Session::SORT.into());
                batch.remove(line);
            }
            self.context.commit(batch).await?;
        }
        Ok(())
    }
}

impl Sessions {
    /// Ends one session of the account, whichever, and all that grew from it.
    ///
    /// # Errors
    /// `session-not-found` if it is not one of the account's.
    pub async fn revoke(&self, who: &SignedIn, command: RevokeSession) -> Result<()> {
        self.end_one(who, &command.session_id, events::SESSION_REVOKE)
            .await
    }

    /// Ends the session that asks, and all that grew from it.
    pub async fn end(&self, who: &SignedIn) -> Result<()> {
        self.end_one(who, &who.session.id, events::SIGN_OUT).await
    }

    /// The first commit ends the session with everything that grew from it, however much that is. What does not fit is
    /// ended by name in it, and written down session by session in further commits.
    async fn end_one(&self, who: &SignedIn, id: &SessionId, event: EventKind) -> Result<()> {
        let subject = who.subject();
        let history = History::Written(event);
        let mut ended = self.context.retried(|| self.end_slice(who, id, history)).await;
        if is_conflict(&ended) {
            ended = self
                .context
                .retried(|| self.end_slice(who, id, History::Left))
                .await;
            if let Ok(Slice::Ended { grown }) = &ended {
                let event = end_event(event, who, id, *grown);
                self.audit.record(subject, &[event]).await?;
            }
        }
        let mut left = ended?;
        while left != Slice::Nothing {
            left = self
                .context
                .retried(|| self.end_slice(who, id, History::Left))
                .await?;
        }
        if *id == who.session.id {
            return Ok(());
        }
        self.context.retried(|| self.forget_devices_of(subject, id)).await
    }

    /// Forgets the devices on which an ended session began, and those that grew from it. In a commit of its own: whoever
    /// begins sessions there meanwhile must not keep the session from ending.
    async fn forget_devices_of(&self, subject: &Subject, id: &SessionId) -> Result<()> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let epoch = self.epochs.current(subject).await?.epoch;
        let listed = self.listed(subject, &epoch).await?;
        let grown = descendants(id, &listed);
        let ended: Vec<&SessionId> = std::iter::once(id)
            .chain(grown.into_iter().map(|one| &one.id))
            .collect();
        self.devices
            .forget_sessions_in(&mut batch, subject, &ended)
            .await?;
        self.context.commit(batch).await
    }

    async fn end_slice(&self, who: &SignedIn, id: &SessionId, history: History) -> Result<Slice> {
        let subject = who.subject();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let found = self.read(id).await?.filter(|session| session.subject == *subject);
        let found = found.ok_or_else(|| SESSION_NOT_FOUND.error())?;
        let current = self.epochs.current(subject).await?;
        let first = found.revoked_at.is_none();
        if first && !current.epoch.admits_session(&found.id, &found.lineage) {
            return Ok(Slice::Nothing);
        }
        let listed = self.listed(subject, &current.epoch).await?;
        let mut grown = descendants(id, &listed);
        grown.retain(|one| one.summary.revoked_at.is_none());
        if !first && grown.is_empty() {
            return Ok(Slice::Nothing);
        }
        let all = grown.len();
        let others = grown.split_off(grown.len().min(SLICE));
        if first {
            let ends_itself = *id == who.session.id || grown.iter().any(|one| one.id == who.session.id);
            if !ends_itself {
                batch.check(&self.asking(who, &current).await?);
            }
            let reason = if *id == who.session.id {
                EndReason::SignedOut
            } else {
                EndReason::Revoked
            };
            let ended = found.ended(self.context.now(), reason);
            batch.replace(&found, &ended)?;
            batch.overwrite(&Line::of(&ended))?;
            let others: Vec<SessionId> = others.into_iter().map(|one| one.id.clone()).collect();
            let tokens = tokens_of(who, &found);
            self.epochs.revoke_in(&mut batch, current, id, &others, &tokens)?;
            if let History::Written(event) = history {
                let event = end_event(event, who, id, all);
                self.audit.append(&mut batch, subject, &[event]).await?;
            }
        }
        self.end_each_in(&mut batch, subject, &grown, EndReason::Revoked)
            .await?;
        self.context.commit(batch).await?;
        Ok(Slice::Ended { grown: all })
    }

    /// Adds to a batch that these sessions end, each by itself.
    pub(super) async fn end_each_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        ending: &[&Listed],
        reason: EndReason,
    ) -> Result<()> {
        let now = self.context.now();
        let read = ending.iter().map(|one| self.read(&one.id));
        for (one, session) in ending.iter().zip(try_join_all(read).await?) {
            match session {
                Some(session) => batch.overwrite(&session.ended(now, reason))?,
                None => batch.clear::<Session>(one.id.to_string(), Session::SORT.into()),
            }
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
        let ending = (who, true, EndReason::OthersEnded);
        let mut before = 0;
        let ended = self
            .context
            .retried(|| self.commit_end_of_others(ending, Some(0)))
            .await;
        let ended = match ended {
            Err(error) if error.code() == STORE_CONFLICT => {
                before = self.end_others_at_once(ending).await?;
                self.context
                    .retried(|| self.commit_end_of_others(ending, Some(before)))
                    .await
            }
            decided => decided,
        };
        Ok(before + ended?)
    }

    /// Ends all other sessions in a commit that only another end can collide with, whatever else others write meanwhile:
    /// those who write it end with it. What belongs to it, such as the history, is to be written afterwards.
    pub(crate) async fn end_others_at_once(&self, ending: (&SignedIn, bool, EndReason)) -> Result<u64> {
        self.context
            .retried(|| self.commit_end_of_others(ending, None))
            .await
    }

    /// `counted` is how many were ended just before, for the history; without it none is written.
    async fn commit_end_of_others(
        &self,
        (who, with_tokens, reason): (&SignedIn, bool, EndReason),
        counted: Option<u64>,
    ) -> Result<u64> {
        let mut batch = Batch::default();
        let ended = self.end_others_in(&mut batch, who, with_tokens, reason).await?;
        if let Some(counted) = counted {
            let event = Event::success(events::SESSIONS_REVOKE_OTHERS, &who.source)
                .with("revoked", counted + ended.revoked);
            self.audit.append(&mut batch, who.subject(), &[event]).await?;
        }
        self.context.commit(batch).await?;
        Ok(ended.revoked)
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
        reason: EndReason,
    ) -> Result<OthersEnded> {
        let subject = who.subject();
        self.context.lock_subject(batch, subject).await;
        let current = self.epochs.current(subject).await?;
        let asking = self.asking(who, &current).await?;
        batch.check(&asking);
        let revoked = self.live_but(subject, &current, Some(&asking.id)).await?;
        let ended = current.epoch.clone();
        let lineage = self
            .epochs
            .end_in(batch, current, Some(&asking.id), with_tokens, reason)?;
        self.devices
            .keep_only_in(batch, subject, &who.source, &ended, &lineage)
            .await?;
        Ok(OthersEnded {
            revoked,
            lineage: Lineage {
                session: Some(asking.id.clone()),
                foreign: asking.lineage.foreign,
                ..lineage
            },
        })
    }

    /// Adds the end of all sessions, access tokens and open challenges of a person to a batch, and of all knowledge of
    /// devices. Call it before anything is read that the commit depends on.
    pub(crate) async fn end_all_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        reason: EndReason,
    ) -> Result<AllEnded> {
        self.context.lock_subject(batch, subject).await;
        let current = self.epochs.current(subject).await?;
        let revoked = self.live_but(subject, &current, None).await?;
        let lineage = self.epochs.end_in(batch, current, None, false, reason)?;
        Ok(AllEnded { revoked, lineage })
    }

    /// The same in a commit of its own, as [`Sessions::end_others_at_once`].
    pub(crate) async fn end_all_at_once(&self, subject: &Subject, reason: EndReason) -> Result<u64> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let ended = self.end_all_in(&mut batch, subject, reason).await?;
                self.context.commit(batch).await?;
                Ok(ended.revoked)
            })
            .await
    }

    async fn live_but(&self, subject: &Subject, current: &Current, kept: Option<&SessionId>) -> Result<u64> {
        let listed = self.listed(subject, &current.epoch).await?;
        let live = listed.iter().filter(|one| one.is_live() && Some(&one.id) != kept);
        Ok(live.count() as u64)
    }
}

fn is_conflict<T>(done: &Result<T>) -> bool {
    done.as_ref().is_err_and(|error| error.code() == STORE_CONFLICT)
}

fn end_event<'a>(event: EventKind, who: &'a SignedIn, id: &SessionId, grown: usize) -> Event<'a> {
    let event = Event::success(event, &who.source).with("session_id", id);
    match grown {
        0 => event,
        grown => event.with("grown_from_it", grown),
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
