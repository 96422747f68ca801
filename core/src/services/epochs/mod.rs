//! Epochs: the line behind which sessions, access tokens and challenges are refused.
//!
//! Each carries the epoch it was made in. Ending all of a person, or those of everybody, therefore costs one write, however
//! many there are.

mod lineage;
mod reason;
mod records;

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::RecordStore;
use portcullis_ports::{Entropy, Result, Timestamp};

pub(crate) use lineage::{EpochId, Lineage, TokenId};
pub use reason::EndReason;
pub(crate) use records::EPOCHS;
use records::{DeploymentEpoch, EndedSession, Former, Kept, RevokedToken, SubjectEpoch};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Slot, Table};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[Family::new(
        EPOCHS,
        // Tokens and sessions of before stay refused.
        Personal::Retained,
        &[
            shape::<SubjectEpoch>("of a person"),
            shape::<DeploymentEpoch>("of everybody"),
        ],
    )
    .taken_over()],
    ..Area::EMPTY
};

/// How long it is remembered when an epoch ended, for lists that show what ended.
const REMEMBERED: Duration = Duration::from_hours(24);
/// How many ended epochs are remembered, and how many tokens and sessions are refused one by one.
const MOST: usize = 1000;
/// How long an ended session is refused by name whose descendants were all ended in the same commit. A commit that began
/// something from it at that moment is done long before.
const SETTLING: Duration = Duration::from_hours(1);

/// Reads and ends epochs.
#[derive(Clone)]
pub(crate) struct Epochs {
    context: Arc<Context>,
    lifetimes: Lifetimes,
}

/// How long what carries an epoch lives at most: so long it is remembered that it ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    pub(crate) access_token: Duration,
    pub(crate) session: Duration,
}

/// What is in force for one person at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Epoch {
    /// `None` as long as nothing of the person was ever ended.
    person: Option<Arc<SubjectEpoch>>,
    /// That of everybody; `None` as long as it never ended.
    everybody: Option<Arc<DeploymentEpoch>>,
}

/// The same as the store has it now, for a commit that depends on it.
pub(crate) struct Current {
    pub(crate) epoch: Epoch,
    slot: Slot<SubjectEpoch>,
}

impl Epochs {
    pub(crate) fn new(context: &Arc<Context>, lifetimes: Lifetimes) -> Self {
        Self {
            context: Arc::clone(context),
            lifetimes,
        }
    }

    /// The epoch as it was within the last second.
    pub(crate) async fn recent(&self, subject: &Subject) -> Result<Epoch> {
        let cache = &self.context.cache;
        let person = cache
            .find::<SubjectEpoch>(subject.as_str(), SubjectEpoch::SORT)
            .await?;
        let everybody = cache
            .find::<DeploymentEpoch>(DeploymentEpoch::PARTITION, DeploymentEpoch::SORT)
            .await?;
        Ok(Epoch { person, everybody })
    }

    /// The epoch as the store has it now.
    pub(crate) async fn current(&self, subject: &Subject) -> Result<Current> {
        let slot = self
            .context
            .table::<SubjectEpoch>()
            .slot(subject.as_str(), SubjectEpoch::SORT, || {
                SubjectEpoch::first(subject)
            })
            .await?;
        let everybody = self
            .context
            .table::<DeploymentEpoch>()
            .find(DeploymentEpoch::PARTITION, DeploymentEpoch::SORT)
            .await?;
        Ok(Current {
            epoch: Epoch {
                person: Some(Arc::new(slot.value.clone())),
                everybody: everybody.map(|found| Arc::new(found.value)),
            },
            slot,
        })
    }

    /// The epoch of everybody as the store has it now: all that what stands on no session ends with.
    pub(crate) async fn of_everybody(&self) -> Result<EpochId> {
        let found = self
            .context
            .table::<DeploymentEpoch>()
            .find(DeploymentEpoch::PARTITION, DeploymentEpoch::SORT)
            .await?;
        Ok(found.map_or_else(EpochId::default, |found| found.id))
    }

    /// Adds the end of the epoch of everybody in a store to a batch. `uses_lost` says that nobody knows what was used up
    /// before.
    pub(crate) async fn end_everybody_in(
        batch: &mut Batch,
        (store, now, entropy): (&Arc<dyn RecordStore>, Timestamp, &dyn Entropy),
        reason: EndReason,
        uses_lost: bool,
    ) -> Result<()> {
        let empty = || DeploymentEpoch {
            id: EpochId::default(),
            changed_at: now,
            reason,
            uses_lost_at: None,
        };
        let mut slot = Table::<DeploymentEpoch>::new(store)
            .slot(DeploymentEpoch::PARTITION, DeploymentEpoch::SORT, empty)
            .await?;
        let epoch = &mut slot.value;
        epoch.id = EpochId::random(entropy)?;
        epoch.changed_at = now;
        epoch.reason = reason;
        if uses_lost {
            epoch.uses_lost_at = Some(now);
        }
        batch.save(&slot)
    }

    /// When a backup was last restored without knowing which codes were used up since it was made. What was issued until
    /// then may have been.
    pub(crate) async fn uses_lost_at(&self) -> Result<Option<Timestamp>> {
        let found = self
            .context
            .cache
            .find::<DeploymentEpoch>(DeploymentEpoch::PARTITION, DeploymentEpoch::SORT)
            .await?;
        Ok(found.and_then(|found| found.uses_lost_at))
    }

    /// Adds to the commit that it fails if the epoch was ended, or a token of it revoked, since it was read.
    pub(crate) fn require_in(batch: &mut Batch, current: &Current) {
        batch.check_slot(&current.slot);
    }

    /// Adds the end of the epoch to a batch, and gives what is new the epoch that follows. `kept` is the one session
    /// that goes on; `with_tokens` says whether tokens made before still do beside it.
    pub(crate) fn end_in(
        &self,
        batch: &mut Batch,
        current: Current,
        kept: Option<&SessionId>,
        with_tokens: bool,
        reason: EndReason,
    ) -> Result<Lineage> {
        let now = self.context.now();
        let Current { epoch, mut slot } = current;
        let ended = &mut slot.value;
        let former = Former {
            id: ended.id,
            kept: ended.kept.as_ref().map(|kept| kept.session.clone()),
            ended_at: now,
            reason,
        };
        ended
            .former
            .retain(|former| now.since(former.ended_at) < REMEMBERED);
        ended.former.push(former);
        let surplus = ended.former.len().saturating_sub(MOST);
        ended.former.drain(..surplus);
        ended.id = EpochId::random(self.context.entropy.as_ref())?;
        ended.changed_at = now;
        ended.kept = kept.map(|session| Kept {
            session: session.clone(),
            with_tokens,
        });
        // A token that was revoked belongs to an older epoch by now, and may come back beside the kept session only.
        ended.revoked.retain(|revoked| now < revoked.until);
        ended.ended.retain(|one| now < one.until);
        batch.save(&slot)?;
        Ok(Lineage {
            epoch: slot.value.id,
            deployment: epoch.deployment(),
            ..Lineage::default()
        })
    }

    /// Adds to a batch that a session is refused from now on with all that grew from it, and that single tokens are.
    /// `others` are sessions that grew from it and that the batch does not end by themselves.
    pub(crate) fn revoke_in(
        &self,
        batch: &mut Batch,
        current: Current,
        session: &SessionId,
        others: &[SessionId],
        tokens: &[TokenId],
    ) -> Result<()> {
        let now = self.context.now();
        let until = now + self.lifetimes.access_token;
        let expired = now + self.lifetimes.session;
        let mut slot = current.slot;
        let ended = &mut slot.value.ended;
        ended.retain(|one| now < one.until && one.session != *session && !others.contains(&one.session));
        let named = |session: &SessionId, until| EndedSession {
            session: session.clone(),
            until,
        };
        ended.push(named(
            session,
            if others.is_empty() {
                now + SETTLING
            } else {
                expired
            },
        ));
        ended.extend(others.iter().map(|other| named(other, expired)));
        let surplus = ended.len().saturating_sub(MOST);
        ended.drain(..surplus);
        let revoked = &mut slot.value.revoked;
        revoked.retain(|one| now < one.until && !tokens.contains(&one.token));
        revoked.extend(tokens.iter().map(|token| RevokedToken { token: *token, until }));
        let surplus = revoked.len().saturating_sub(MOST);
        revoked.drain(..surplus);
        batch.save(&slot)
    }
}

impl Epoch {
    /// What something carries that is made now and grew from nothing.
    pub(crate) fn fresh(&self, foreign: bool) -> Lineage {
        Lineage {
            epoch: self.id(),
            deployment: self.deployment(),
            foreign,
            ..Lineage::default()
        }
    }

    /// What grows now from a lineage that is admitted.
    pub(crate) fn continued(&self, lineage: &Lineage) -> Lineage {
        Lineage {
            epoch: self.id(),
            deployment: self.deployment(),
            ..lineage.clone()
        }
    }

    fn id(&self) -> EpochId {
        self.person
            .as_ref()
            .map_or_else(EpochId::default, |person| person.id)
    }

    fn deployment(&self) -> EpochId {
        self.everybody
            .as_ref()
            .map_or_else(EpochId::default, |everybody| everybody.id)
    }

    /// When the last epoch of the person or of everybody ended: a proof that another identity provider was given before
    /// is too old.
    pub(crate) fn began_at(&self) -> Option<Timestamp> {
        let ended = |person: &&Arc<SubjectEpoch>| person.id != EpochId::default();
        let person = self.person.as_ref().filter(ended).map(|person| person.changed_at);
        person.max(self.everybody.as_ref().map(|everybody| everybody.changed_at))
    }

    /// When the epoch of everybody last ended.
    pub(crate) fn everybody_began_at(&self) -> Option<Timestamp> {
        self.everybody.as_ref().map(|everybody| everybody.changed_at)
    }

    /// Whether tokens and challenges of this lineage go on; `beside` is a live session that is shown along with them.
    pub(crate) fn admits(&self, lineage: &Lineage, beside: Option<&SessionId>) -> bool {
        if lineage.deployment != self.deployment() {
            return false;
        }
        let Some(person) = &self.person else {
            return lineage.epoch == EpochId::default();
        };
        let revoked = |token: TokenId| person.revoked.iter().any(|revoked| revoked.token == token);
        if lineage.token.is_some_and(revoked) {
            return false;
        }
        lineage.epoch == person.id || self.keeps(beside) || self.keeps(lineage.session.as_ref())
    }

    /// Whether this session was kept when the others ended, with the proofs of before beside it.
    pub(crate) fn keeps(&self, session: Option<&SessionId>) -> bool {
        let kept = self.person.as_ref().and_then(|person| person.kept.as_ref());
        kept.is_some_and(|kept| kept.with_tokens && Some(&kept.session) == session)
    }

    /// Whether a session with this lineage goes on.
    pub(crate) fn admits_session(&self, id: &SessionId, lineage: &Lineage) -> bool {
        let kept = self.person.as_ref().and_then(|person| person.kept.as_ref());
        lineage.deployment == self.deployment()
            && !self.has_ended(id, lineage)
            && (lineage.epoch == self.id() || kept.is_some_and(|kept| kept.session == *id))
    }

    /// Whether a session, or the one that it grew from, was ended by name.
    fn has_ended(&self, id: &SessionId, lineage: &Lineage) -> bool {
        let named = |one: &EndedSession| one.session == *id || Some(&one.session) == lineage.session.as_ref();
        self.person
            .as_ref()
            .is_some_and(|person| person.ended.iter().any(named))
    }

    /// When a session was ended that does not go on, as far as that is known.
    pub(crate) fn ended_at(&self, id: &SessionId, lineage: &Lineage) -> Option<Timestamp> {
        if lineage.deployment != self.deployment() {
            return self.everybody_began_at();
        }
        self.former(id, lineage).map(|former| former.ended_at)
    }

    /// Why a session does not go on; `None` if it does.
    pub(crate) fn end_reason(&self, id: &SessionId, lineage: &Lineage) -> Option<EndReason> {
        if self.admits_session(id, lineage) {
            return None;
        }
        if lineage.deployment != self.deployment() {
            // Nothing but an epoch of everybody ends another one; without a record it was lost with the store.
            let reason = self.everybody.as_ref().map(|everybody| everybody.reason);
            return Some(reason.unwrap_or(EndReason::BackupRestored));
        }
        if self.has_ended(id, lineage) {
            return Some(EndReason::Revoked);
        }
        let former = self.former(id, lineage);
        Some(former.map_or_else(EndReason::default, |former| former.reason))
    }

    /// The epoch with which a session ended, if that is not too long ago.
    fn former(&self, id: &SessionId, lineage: &Lineage) -> Option<&Former> {
        let of_it = |former: &&Former| former.id == lineage.epoch || former.kept.as_ref() == Some(id);
        let former = self.person.as_ref()?.former.iter().filter(of_it);
        former.max_by_key(|former| former.ended_at)
    }
}
