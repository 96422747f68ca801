//! Sessions: what a complete sign-in leaves behind, and how it ends.
//!
//! [`Session`] is the model and the record in one: it is what a signed-in request carries, step-up reads its proofs, and
//! only this area writes it. The lines of the list are records, and stay in here.

mod begin;
mod ending;
mod events;
mod eviction;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod lines;
mod listing;
mod model;
mod records;
mod settings;
mod signed_in;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::{Subject, UNAUTHENTICATED};
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Code, Kind, Result, Timestamp};

pub(crate) use begin::{Ground, NewSession};
pub(crate) use ending::OthersEnded;
pub use listing::{PAGE, PageCursor};
pub(crate) use model::Proof;
pub use model::{
    Credential, Granted, ListSessions, RevokeSession, SESSION_ENDED, SESSION_NOT_FOUND, Session, SessionList,
    SessionView, StartSession, Transport,
};
use records::Line;
pub(crate) use records::{ACCOUNT_SESSIONS, SESSIONS};
pub use settings::Settings;
pub use signed_in::{Identified, SignedIn};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
pub use crate::foundation::cursor::INVALID_CURSOR;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::{CHALLENGE_ENDED, GivenBy};
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Versioned};
use crate::services::audit::Audit;
use crate::services::budgets::Budgets;
pub use crate::services::epochs::EndReason;
use crate::services::epochs::{Current, Epoch, EpochId, Epochs, Lineage};
use crate::services::known_devices::{IssuedDevice, KnownDevices};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        Family::new(ACCOUNT_SESSIONS, Personal::BySubject, &[shape::<Line>("line")]),
        Family::new(SESSIONS, Personal::Expiring, &[shape::<Session>("session")]),
    ],
    problems: &[CSRF, SESSION_ENDED, SESSION_NOT_FOUND],
    events: events::ALL,
    ..Area::EMPTY
};

/// A request that a foreign page may have caused.
pub const CSRF: Code = Code::new(
    "csrf",
    Kind::Forbidden,
    "Requests with the session cookie need the header X-CSRF-Token, as given by GET /ui/me.",
);

/// What CSRF tokens are signed for.
const CSRF_TOKEN: &str = "csrf";
/// The use of a session is written down at most this often.
const TOUCH: Duration = Duration::from_mins(1);

/// Begins, checks, lists and ends sessions.
#[derive(Clone)]
pub struct Sessions {
    context: Arc<Context>,
    epochs: Epochs,
    audit: Audit,
    budgets: Budgets,
    devices: KnownDevices,
    settings: Arc<Settings>,
}

impl Sessions {
    pub(crate) fn new(
        context: &Arc<Context>,
        epochs: &Epochs,
        audit: &Audit,
        budgets: &Budgets,
        devices: &KnownDevices,
        settings: &Settings,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            epochs: epochs.clone(),
            audit: audit.clone(),
            budgets: budgets.clone(),
            devices: devices.clone(),
            settings: Arc::new(settings.clone()),
        }
    }

    /// The session of a sign-in that was completed before, for a client that missed the answer. One of these secrets opens
    /// it.
    pub(crate) async fn again(
        &self,
        id: &SessionId,
        secrets: &[String],
        transport: Transport,
        device: Option<Box<IssuedDevice>>,
    ) -> Result<Granted> {
        let found = self.live(id).await?;
        let secret = secrets.iter().find(|secret| found.opens_with(secret));
        let secret = secret.ok_or_else(|| CHALLENGE_ENDED.error())?;
        let credential = Credential(format!("{id}.{secret}"));
        Ok(Granted {
            session: found.value,
            credential,
            transport,
            device,
        })
    }

    /// Recognises the session of a request, and notes now and then that it is in use.
    ///
    /// # Errors
    /// `session-ended` for anything but a live session, which must be that of whoever proved the first factor, if given.
    pub async fn resume(
        &self,
        credential: &str,
        owner: Option<&Identified>,
        source: &Source,
    ) -> Result<SignedIn> {
        self.resume_in(None, credential, owner, source).await
    }

    /// The same in an epoch of the owner that was read a moment ago.
    pub(crate) async fn resume_in(
        &self,
        epoch: Option<Epoch>,
        credential: &str,
        owner: Option<&Identified>,
        source: &Source,
    ) -> Result<SignedIn> {
        let ended = || SESSION_ENDED.error();
        let (id, secret) = split(credential).ok_or_else(ended)?;
        let known = self.context.cache.find::<Session>(id.as_str(), Session::SORT);
        let known = known.await?.ok_or_else(ended)?;
        if !known.opens_with(secret) || owner.is_some_and(|owner| owner.subject != known.subject) {
            return Err(ended());
        }
        let epoch = match epoch {
            Some(epoch) => epoch,
            None => self.epochs.recent(&known.subject).await?,
        };
        let admitted = epoch.admits_session(&known.id, &known.lineage);
        let session = if admitted && self.is_live(&known) && !self.needs_touch(&known) {
            known
        } else {
            // Somebody else may have noted its use meanwhile, kept it alone, or ended it. Rare: on the heap, so that every
            // request does not carry the room for it.
            Arc::new(Box::pin(self.touch(&id)).await?)
        };
        Ok(SignedIn {
            session,
            token: owner.and_then(|owner| owner.lineage.token),
            source: source.clone(),
        })
    }

    /// Whether a credential opened a session that is over. Nothing can be done with it, but its holder may be told.
    pub async fn is_over(&self, credential: &str) -> Result<bool> {
        let Some((id, secret)) = split(credential) else {
            return Ok(false);
        };
        let known = self.read(&id).await?.filter(|known| known.opens_with(secret));
        match known {
            Some(known) => Ok(self.end_reason(&known).await?.is_some()),
            None => Ok(false),
        }
    }

    fn needs_touch(&self, session: &Session) -> bool {
        self.context.now().since(session.last_seen_at) >= TOUCH
    }

    /// Notes that a live session is in use, unless that was noted a moment ago.
    async fn touch(&self, id: &SessionId) -> Result<Session> {
        let found = self.live(id).await?;
        if !self.needs_touch(&found) {
            return Ok(found.value);
        }
        let touched = Session {
            last_seen_at: self.context.now(),
            ..found.value.clone()
        };
        let mut batch = Batch::default();
        batch.refresh(&found, &touched)?;
        batch.overwrite(&Line::of(&touched))?;
        match self.context.commit(batch).await {
            Ok(()) => Ok(touched),
            // Another request of the same session was faster, or somebody ended it: the next read knows.
            Err(error) if error.code() == STORE_CONFLICT => Ok(self.live(id).await?.value),
            Err(error) => Err(error),
        }
    }

    /// The session as the store has it now, for somebody who holds its credential.
    ///
    /// # Errors
    /// `session-ended`, which says why.
    pub(crate) async fn live(&self, id: &SessionId) -> Result<Versioned<Session>> {
        let found = self.read(id).await?.ok_or_else(|| SESSION_ENDED.error())?;
        match self.end_reason(&found).await? {
            None => Ok(found),
            Some(reason) => Err(SESSION_ENDED
                .with_detail(reason.sentence())
                .member("reason", reason.as_str())),
        }
    }

    /// Why a session that the store has does not live; `None` if it does.
    async fn end_reason(&self, session: &Session) -> Result<Option<EndReason>> {
        let by_itself = session.end_reason(self.context.now(), &self.settings);
        if session.revoked_at.is_some() {
            return Ok(by_itself);
        }
        let recent = self.epochs.recent(&session.subject).await?;
        if recent.admits_session(&session.id, &session.lineage) {
            return Ok(by_itself);
        }
        // Another node may have kept or begun it a moment ago.
        let current = self.epochs.current(&session.subject).await?;
        let ended = current.epoch.end_reason(&session.id, &session.lineage);
        Ok(ended.or(by_itself))
    }

    /// What is made now by this session carries this.
    ///
    /// # Errors
    /// `session-ended` if it ended meanwhile, on whichever node.
    pub(crate) async fn lineage(&self, who: &SignedIn) -> Result<Lineage> {
        let ended = || SESSION_ENDED.error();
        let found = self.read(&who.session.id).await?.ok_or_else(ended)?;
        let epoch = self.epochs.current(&found.subject).await?.epoch;
        if !self.is_live(&found) || !epoch.admits_session(&found.id, &found.lineage) {
            return Err(ended());
        }
        Ok(Lineage {
            session: Some(found.id.clone()),
            ..epoch.fresh(found.lineage.foreign)
        })
    }

    /// Adds to a commit that it fails if the session that asks ends meanwhile, on whichever node. Call it before anything
    /// is read that the commit depends on.
    ///
    /// # Errors
    /// `session-ended` if it has ended already.
    pub(crate) async fn require_in(&self, batch: &mut Batch, who: &SignedIn) -> Result<()> {
        self.context.lock_subject(batch, who.subject()).await;
        let current = self.epochs.current(who.subject()).await?;
        let asking = self.asking(who, &current).await?;
        Epochs::require_in(batch, &current);
        batch.check(&asking);
        Ok(())
    }

    /// The session that asks, as the store has it now.
    ///
    /// # Errors
    /// `session-ended` if it does not live any more.
    async fn asking(&self, who: &SignedIn, current: &Current) -> Result<Versioned<Session>> {
        let found = self
            .read(&who.session.id)
            .await?
            .filter(|found| self.is_live(found) && current.epoch.admits_session(&found.id, &found.lineage));
        found.ok_or_else(|| SESSION_ENDED.error())
    }

    /// A live session as the proof of the first factor: what begins with it ends with it.
    ///
    /// # Errors
    /// `session-ended` if it ended meanwhile, on whichever node.
    pub async fn as_first_factor(&self, who: &SignedIn) -> Result<Identified> {
        Ok(Identified {
            subject: who.subject().clone(),
            at: who.session.created_at,
            lineage: self.lineage(who).await?,
            session: Some(who.session.id.clone()),
            source: who.source.clone(),
        })
    }

    /// What somebody carries who proves the first factor of an account now.
    pub(crate) async fn fresh_lineage(&self, subject: &Subject) -> Result<Lineage> {
        Ok(self.epochs.current(subject).await?.epoch.fresh(false))
    }

    /// The epoch of everybody, for what goes on when sessions end.
    pub(crate) async fn deployment_epoch(&self) -> Result<EpochId> {
        self.epochs.of_everybody().await
    }

    /// What somebody carries whom another identity provider knows, by a proof of that time.
    ///
    /// # Errors
    /// `unauthenticated` if everything was ended since, unless the proof stands beside the session that was kept.
    pub(crate) async fn foreign_lineage(
        &self,
        subject: &Subject,
        at: Timestamp,
        beside: Option<&SessionId>,
    ) -> Result<(Lineage, Epoch)> {
        let epoch = self.epochs.recent(subject).await?;
        // Many providers tell the time in whole seconds. What began in the future was written by a clock that was ahead:
        // until then nobody could prove anything that is young enough.
        let now = self.context.now();
        let too_old = |began: Timestamp| at.seconds() < began.seconds() && began <= now;
        let lineage = epoch.fresh(true);
        if epoch.began_at().is_some_and(too_old) && !epoch.keeps(beside) {
            return Err(UNAUTHENTICATED.with_detail(
                "All sessions were ended after you signed in: sign in again at your identity provider.",
            ));
        }
        Ok((lineage, epoch))
    }

    /// The epoch in which what carries a lineage goes on, if it does; `beside` is a live session that is shown along with
    /// it.
    pub(crate) async fn admits(
        &self,
        subject: &Subject,
        lineage: &Lineage,
        beside: Option<&SessionId>,
    ) -> Result<Option<Epoch>> {
        let recent = self.epochs.recent(subject).await?;
        let known = match &lineage.session {
            None => true,
            Some(id) => {
                let cache = &self.context.cache;
                let session = cache.find::<Session>(id.as_str(), Session::SORT).await?;
                session.is_some_and(|session| {
                    self.is_live(&session) && recent.admits_session(&session.id, &session.lineage)
                })
            }
        };
        if known && recent.admits(lineage, beside) {
            return Ok(Some(recent));
        }
        Box::pin(self.admits_now(subject, lineage, beside)).await
    }

    /// The same as the store has it: another node may have made it a moment ago.
    async fn admits_now(
        &self,
        subject: &Subject,
        lineage: &Lineage,
        beside: Option<&SessionId>,
    ) -> Result<Option<Epoch>> {
        let current = self.epochs.current(subject).await?.epoch;
        let lives = match &lineage.session {
            None => true,
            Some(id) => self.read(id).await?.is_some_and(|session| {
                self.is_live(&session) && current.admits_session(&session.id, &session.lineage)
            }),
        };
        Ok((lives && current.admits(lineage, beside)).then_some(current))
    }

    /// Adds a fresh proof to a session.
    pub(crate) async fn strengthen(
        &self,
        batch: &mut Batch,
        id: &SessionId,
        subject: &Subject,
        factors: BTreeMap<FactorKind, GivenBy>,
    ) -> Result<Timestamp> {
        self.context.lock_subject(batch, subject).await;
        let found = self.read(id).await?.filter(|session| session.subject == *subject);
        let found = found.ok_or_else(|| SESSION_ENDED.error())?;
        let current = self.epochs.current(subject).await?;
        if !self.is_live(&found) || !current.epoch.admits_session(&found.id, &found.lineage) {
            return Err(SESSION_ENDED.error());
        }
        Epochs::require_in(batch, &current);
        let now = self.context.now();
        let mut proofs = found.proofs.clone();
        let proof = Proof { at: now, factors };
        proofs.extend(proof.dated());
        let mut given_by = found.given_by.clone();
        given_by.extend(proof.factors);
        let strengthened = Session {
            stepped_up_at: now,
            proofs,
            given_by,
            last_seen_at: now,
            ..found.value.clone()
        };
        batch.replace(&found, &strengthened)?;
        batch.overwrite(&Line::of(&strengthened))?;
        Ok(now + self.settings.step_up.get())
    }

    /// What a page of ours must send along to prove that it is ours.
    pub fn csrf_token(&self, session: &Session) -> Result<String> {
        self.context.keyring.sign(CSRF_TOKEN, &[session.id.as_str()])
    }

    /// Refuses a request that a foreign page may have caused.
    pub fn check_csrf(&self, session: &Session, token: &str) -> Result<()> {
        let id = session.id.as_str();
        if self.context.keyring.verify(CSRF_TOKEN, &[id], token)? {
            Ok(())
        } else {
            Err(CSRF.error())
        }
    }

    /// Whether somebody is signed in by this session: shows it, or an access token that it made or that began it. Where
    /// another identity provider vouches for every request alone, all sessions of the person are one sign-in.
    pub(crate) async fn signs_in(&self, id: &SessionId, who: &Identified) -> Result<bool> {
        if let Some(session) = who.session.as_ref().or(who.lineage.session.as_ref()) {
            return Ok(session == id);
        }
        let Some(token) = who.lineage.token else {
            return Ok(true);
        };
        Ok(self
            .read(id)
            .await?
            .is_some_and(|found| found.lineage.token == Some(token)))
    }

    /// The session of a request as the store has it now, whether or not it lives.
    pub(crate) async fn current(&self, who: &SignedIn) -> Result<Option<Session>> {
        Ok(self.read(&who.session.id).await?.map(|found| found.value))
    }

    async fn read(&self, id: &SessionId) -> Result<Option<Versioned<Session>>> {
        self.context
            .table::<Session>()
            .find(id.as_str(), Session::SORT)
            .await
    }

    fn is_live(&self, session: &Session) -> bool {
        session.is_live(self.context.now(), &self.settings)
    }
}

/// The id and the secret half of a credential.
fn split(credential: &str) -> Option<(SessionId, &str)> {
    let (id, secret) = credential.trim().split_once('.')?;
    Some((SessionId::parse(id).ok()?, secret))
}
