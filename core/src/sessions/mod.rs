//! Sessions: what a complete sign-in leaves behind, and how it ends.

mod device;
mod model;
mod records;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::secret::same_secret;
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Code, Kind, Result, Timestamp};

pub(crate) use model::Proof;
pub use model::{
    Credential, Granted, RevokeSession, SESSION_ENDED, SESSION_NOT_FOUND, Session, SessionList, SessionView,
    StartSession, Started,
};
use records::Line;
pub(crate) use records::{ACCOUNT_SESSIONS, SESSIONS};

use crate::access::{Identified, SignedIn, Source};
use crate::audit::{Audit, Event};
use crate::budgets::Budgets;
use crate::challenges::Transport;
use crate::deployment::{Deployment, fingerprint};
use crate::factors::FactorKind;
use crate::table::{Batch, Versioned};

/// A request that a foreign page may have caused.
pub const CSRF: Code = Code::new(
    "csrf",
    Kind::Forbidden,
    "Requests with the session cookie need the header X-CSRF-Token, as given by GET /ui/me.",
);

/// The use of a session is written down at most this often.
const TOUCH: Duration = Duration::from_mins(1);
/// An ended session stays in the list for this long.
const AFTERLIFE: Duration = Duration::from_hours(24);
/// Sessions that are ended in one commit.
const SLICE: usize = 90;

/// Begins, checks, lists and ends sessions.
#[derive(Clone)]
pub struct Sessions {
    deployment: Arc<Deployment>,
    audit: Audit,
    budgets: Budgets,
}

impl Sessions {
    pub(crate) fn new(deployment: &Arc<Deployment>, audit: &Audit, budgets: &Budgets) -> Self {
        Self {
            deployment: Arc::clone(deployment),
            audit: audit.clone(),
            budgets: budgets.clone(),
        }
    }

    /// Adds a new session to the commit that completes a sign-in. `secret` becomes half of the credential.
    pub(crate) fn begin(
        &self,
        batch: &mut Batch,
        who: &Identified,
        id: SessionId,
        secret: &str,
        proof: &Proof,
        transport: Transport,
    ) -> Result<Granted> {
        let now = self.deployment.now();
        let session = Session {
            id,
            subject: who.subject.clone(),
            secret_hash: fingerprint(secret),
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.deployment.settings.sessions.lifetime.get(),
            stepped_up_at: proof.at,
            proofs: proof.dated().collect(),
            ip: who.source.ip.to_string(),
            user_agent: who.source.user_agent.to_string(),
            revoked_at: None,
        };
        batch.insert(&session)?;
        batch.insert(&line(&session))?;
        self.budgets.remember(batch, &session.subject, &who.source)?;
        let credential = Credential(format!("{}.{secret}", session.id));
        Ok(Granted {
            session,
            credential,
            transport,
        })
    }

    /// The session of a sign-in that was completed before, for a client that missed the answer.
    pub(crate) async fn again(&self, id: &SessionId, secret: &str, transport: Transport) -> Result<Granted> {
        let found = self.live(id).await?;
        let credential = Credential(format!("{id}.{secret}"));
        Ok(Granted {
            session: found.value,
            credential,
            transport,
        })
    }

    /// Recognises the session of a request, and notes now and then that it is in use.
    ///
    /// # Errors
    /// `session-ended` for anything but a live session of `subject`, if one is given.
    pub async fn resume(
        &self,
        credential: &str,
        subject: Option<&Subject>,
        source: &Source,
    ) -> Result<SignedIn> {
        let ended = || SESSION_ENDED.error();
        let (id, secret) = credential.trim().split_once('.').ok_or_else(ended)?;
        let id = SessionId::parse(id).map_err(|_| ended())?;
        let known = self.deployment.recall.find::<Session>(id.as_str(), Session::SORT);
        let known = known.await?.ok_or_else(ended)?;
        let genuine = same_secret(fingerprint(secret).as_bytes(), known.secret_hash.as_bytes());
        if !genuine || subject.is_some_and(|subject| *subject != known.subject) {
            return Err(ended());
        }
        let session = if self.is_live(&known) && !self.needs_touch(&known) {
            known
        } else {
            // Somebody else may have noted its use meanwhile, or ended it.
            Arc::new(self.touch(&id).await?)
        };
        Ok(SignedIn {
            session,
            source: source.clone(),
        })
    }

    fn needs_touch(&self, session: &Session) -> bool {
        self.deployment.now().since(session.last_seen_at) >= TOUCH
    }

    /// Notes that a live session is in use, unless that was noted a moment ago.
    async fn touch(&self, id: &SessionId) -> Result<Session> {
        let found = self.live(id).await?;
        if !self.needs_touch(&found) {
            return Ok(found.value);
        }
        let touched = Session {
            last_seen_at: self.deployment.now(),
            ..found.value.clone()
        };
        let mut batch = Batch::default();
        batch.refresh(&found, &touched)?;
        match self.deployment.commit(batch).await {
            Ok(()) => Ok(touched),
            // Another request of the same session was faster, or somebody ended it: the next read knows.
            Err(error) if error.code() == STORE_CONFLICT => Ok(self.live(id).await?.value),
            Err(error) => Err(error),
        }
    }

    /// The session as the store has it now.
    pub(crate) async fn live(&self, id: &SessionId) -> Result<Versioned<Session>> {
        let found = self.read(id).await?.filter(|session| self.is_live(session));
        found.ok_or_else(|| SESSION_ENDED.error())
    }

    /// All sessions of the account that have not been forgotten yet, newest first.
    pub async fn list(&self, who: &SignedIn) -> Result<SessionList> {
        let mut sessions: Vec<Session> = self
            .of(who.subject())
            .await?
            .into_iter()
            .map(|found| found.value)
            .collect();
        sessions.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        Ok(SessionList {
            sessions: sessions
                .into_iter()
                .map(|session| self.view(session, who))
                .collect(),
        })
    }

    /// Ends one session of the account, whichever.
    ///
    /// # Errors
    /// `session-not-found` if it is not one of the account's.
    pub async fn revoke(&self, who: &SignedIn, command: RevokeSession) -> Result<()> {
        self.end_one(who, &command.session_id, "ui_session_revoke").await
    }

    /// Ends the session that asks.
    pub async fn end(&self, who: &SignedIn) -> Result<()> {
        self.end_one(who, &who.session.id, "sign_out").await
    }

    async fn end_one(&self, who: &SignedIn, id: &SessionId, event: &'static str) -> Result<()> {
        self.deployment
            .retried(|| async {
                let found = self
                    .read(id)
                    .await?
                    .filter(|session| session.subject == *who.subject());
                let found = found.ok_or_else(|| SESSION_NOT_FOUND.error())?;
                if found.revoked_at.is_some() {
                    return Ok(());
                }
                let mut batch = Batch::default();
                self.end_in(&mut batch, &found)?;
                let event = Event::success(event, &who.source).with("session_id", id);
                self.audit.append(&mut batch, who.subject(), &[event]).await?;
                self.deployment.commit(batch).await
            })
            .await
    }

    /// Ends all other sessions of the account and says how many there were.
    pub async fn revoke_others(&self, who: &SignedIn) -> Result<u64> {
        let revoked = self.end_others(who.subject(), Some(&who.session.id)).await?;
        let event = Event::success("ui_session_revoke_others", &who.source).with("revoked", revoked);
        self.audit.record(who.subject(), &[event]).await?;
        Ok(revoked)
    }

    /// Ends sessions until none but `kept` is live.
    pub(crate) async fn end_others(&self, subject: &Subject, kept: Option<&SessionId>) -> Result<u64> {
        let mut ended = 0;
        loop {
            let slice = self.deployment.retried(|| async {
                let live = self.live_others(subject, kept).await?;
                let mut batch = Batch::default();
                for session in live.iter().take(SLICE / 2) {
                    self.end_in(&mut batch, session)?;
                }
                self.deployment.commit(batch).await?;
                Ok(live.len().min(SLICE / 2) as u64)
            });
            match slice.await? {
                0 => return Ok(ended),
                some => ended += some,
            }
        }
    }

    /// Adds the end of as many other sessions as fit to a batch, and says how many.
    pub(crate) async fn end_others_in(&self, batch: &mut Batch, who: &SignedIn) -> Result<u64> {
        let mut ended = 0;
        for session in self.live_others(who.subject(), Some(&who.session.id)).await? {
            if batch.len() + 2 > SLICE {
                break;
            }
            self.end_in(batch, &session)?;
            ended += 1;
        }
        Ok(ended)
    }

    /// Adds a fresh proof to a session.
    pub(crate) async fn strengthen(
        &self,
        batch: &mut Batch,
        id: &SessionId,
        subject: &Subject,
        factors: Vec<FactorKind>,
    ) -> Result<Timestamp> {
        let found = self
            .read(id)
            .await?
            .filter(|session| session.subject == *subject && self.is_live(session));
        let found = found.ok_or_else(|| SESSION_ENDED.error())?;
        let now = self.deployment.now();
        let mut proofs = found.proofs.clone();
        proofs.extend(Proof { at: now, factors }.dated());
        batch.replace(
            &found,
            &Session {
                stepped_up_at: now,
                proofs,
                last_seen_at: now,
                ..found.value.clone()
            },
        )?;
        Ok(now + self.deployment.settings.sessions.step_up.get())
    }

    /// What a page of ours must send along to prove that it is ours.
    pub fn csrf_token(&self, session: &Session) -> Result<String> {
        self.deployment.keyring.mac_text("csrf", &[session.id.as_str()])
    }

    /// Refuses a request that a foreign page may have caused.
    pub fn check_csrf(&self, session: &Session, token: &str) -> Result<()> {
        let expected = self.csrf_token(session)?;
        if same_secret(expected.as_bytes(), token.as_bytes()) {
            Ok(())
        } else {
            Err(CSRF.error())
        }
    }

    async fn read(&self, id: &SessionId) -> Result<Option<Versioned<Session>>> {
        self.deployment
            .table::<Session>()
            .find(id.as_str(), Session::SORT)
            .await
    }

    async fn of(&self, subject: &Subject) -> Result<Vec<Versioned<Session>>> {
        let mut found = Vec::new();
        for line in self.deployment.table::<Line>().all(subject.as_str()).await? {
            found.extend(self.read(&line.session).await?);
        }
        Ok(found)
    }

    async fn live_others(
        &self,
        subject: &Subject,
        kept: Option<&SessionId>,
    ) -> Result<Vec<Versioned<Session>>> {
        let mut live = self.of(subject).await?;
        live.retain(|session| session.revoked_at.is_none() && Some(&session.id) != kept);
        Ok(live)
    }

    fn end_in(&self, batch: &mut Batch, found: &Versioned<Session>) -> Result<()> {
        let now = self.deployment.now();
        let expires_at = found.expires_at.min(now + AFTERLIFE);
        let ended = Session {
            revoked_at: Some(now),
            expires_at,
            ..found.value.clone()
        };
        batch.replace(found, &ended)?;
        batch.overwrite(&line(&ended))
    }

    fn is_live(&self, session: &Session) -> bool {
        session.is_live(self.deployment.now(), &self.deployment.settings.sessions)
    }

    fn view(&self, session: Session, who: &SignedIn) -> SessionView {
        let (device, browser) = device::describe(&session.user_agent);
        let asleep = session.revoked_at.is_none() && !self.is_live(&session);
        let fell_asleep_at = session.last_seen_at + self.deployment.settings.sessions.idle.get();
        let ended_at = session.revoked_at.or(asleep.then_some(fell_asleep_at));
        SessionView {
            is_current: session.id == who.session.id,
            session_id: session.id,
            created_at: session.created_at.seconds(),
            last_seen_at: session.last_seen_at.seconds(),
            expires_at: session.expires_at.seconds(),
            ip: session.ip,
            user_agent: session.user_agent,
            device,
            browser,
            revoked: ended_at.is_some(),
            revoked_at: ended_at.map_or(0, Timestamp::seconds),
        }
    }
}

fn line(session: &Session) -> Line {
    Line {
        subject: session.subject.clone(),
        session: session.id.clone(),
        expires_at: session.expires_at,
    }
}
