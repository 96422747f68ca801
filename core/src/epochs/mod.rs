//! Epochs: the line behind which sessions, access tokens and challenges are refused.
//!
//! Each carries the epoch it was made in. Ending all of a person, or those of everybody, therefore costs one write, however
//! many there are.

mod lineage;
mod records;

use std::sync::Arc;

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};

pub(crate) use lineage::{EpochId, Lineage, TokenId};
pub(crate) use records::EPOCHS;
use records::{DeploymentEpoch, Former, Kept, RevokedToken, SubjectEpoch};

use crate::deployment::Deployment;
use crate::table::{Batch, Slot};

/// How long it is remembered when an epoch ended, for lists that show what ended.
const REMEMBERED: std::time::Duration = std::time::Duration::from_hours(24);
/// How many ended epochs are remembered, and how many tokens are refused one by one.
const MOST: usize = 1000;

/// Reads and ends epochs.
#[derive(Clone)]
pub(crate) struct Epochs {
    deployment: Arc<Deployment>,
}

/// What is in force for one person at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Epoch {
    /// `None` as long as nothing of the person was ever ended.
    person: Option<Arc<SubjectEpoch>>,
    /// That of everybody.
    everybody: EpochId,
}

/// The same as the store has it now, for a commit that depends on it.
pub(crate) struct Current {
    pub(crate) epoch: Epoch,
    slot: Slot<SubjectEpoch>,
}

impl Epochs {
    pub(crate) fn new(deployment: &Arc<Deployment>) -> Self {
        Self {
            deployment: Arc::clone(deployment),
        }
    }

    /// The epoch as it was within the last second.
    pub(crate) async fn recent(&self, subject: &Subject) -> Result<Epoch> {
        let recall = &self.deployment.recall;
        let person = recall
            .find::<SubjectEpoch>(subject.as_str(), SubjectEpoch::SORT)
            .await?;
        let everybody = recall
            .find::<DeploymentEpoch>(DeploymentEpoch::PARTITION, DeploymentEpoch::SORT)
            .await?;
        Ok(Epoch {
            person,
            everybody: everybody.map_or_else(EpochId::default, |found| found.id),
        })
    }

    /// The epoch as the store has it now.
    pub(crate) async fn current(&self, subject: &Subject) -> Result<Current> {
        let slot = self
            .deployment
            .table::<SubjectEpoch>()
            .slot(subject.as_str(), SubjectEpoch::SORT, || {
                SubjectEpoch::first(subject)
            })
            .await?;
        let everybody = self
            .deployment
            .table::<DeploymentEpoch>()
            .find(DeploymentEpoch::PARTITION, DeploymentEpoch::SORT)
            .await?;
        Ok(Current {
            epoch: Epoch {
                person: Some(Arc::new(slot.value.clone())),
                everybody: everybody.map_or_else(EpochId::default, |found| found.id),
            },
            slot,
        })
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
    ) -> Result<Lineage> {
        let now = self.deployment.now();
        let Current { epoch, mut slot } = current;
        let ended = &mut slot.value;
        let former = Former {
            id: ended.id,
            kept: ended.kept.as_ref().map(|kept| kept.session.clone()),
            ended_at: now,
        };
        ended
            .former
            .retain(|former| now.since(former.ended_at) < REMEMBERED);
        ended.former.push(former);
        let surplus = ended.former.len().saturating_sub(MOST);
        ended.former.drain(..surplus);
        ended.id = EpochId::random(self.deployment.entropy.as_ref())?;
        ended.changed_at = now;
        ended.kept = kept.map(|session| Kept {
            session: session.clone(),
            with_tokens,
        });
        // A token that was revoked belongs to an older epoch by now, and may come back beside the kept session only.
        ended.revoked.retain(|revoked| now < revoked.until);
        batch.save(&slot)?;
        Ok(Lineage {
            epoch: slot.value.id,
            deployment: epoch.everybody,
            ..Lineage::default()
        })
    }

    /// Adds to a batch that single tokens are refused from now on.
    pub(crate) fn revoke_in(&self, batch: &mut Batch, current: Current, tokens: &[TokenId]) -> Result<()> {
        let now = self.deployment.now();
        let until = now + self.deployment.settings.accounts.access_token_lifetime.get();
        let mut slot = current.slot;
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
            deployment: self.everybody,
            foreign,
            ..Lineage::default()
        }
    }

    fn id(&self) -> EpochId {
        self.person
            .as_ref()
            .map_or_else(EpochId::default, |person| person.id)
    }

    /// When the last epoch of the person ended: a proof that another identity provider was given before is too old.
    pub(crate) fn began_at(&self) -> Option<Timestamp> {
        let ended = |person: &&Arc<SubjectEpoch>| person.id != EpochId::default();
        self.person.as_ref().filter(ended).map(|person| person.changed_at)
    }

    /// Whether tokens and challenges of this lineage go on; `beside` is a live session that is shown along with them.
    pub(crate) fn admits(&self, lineage: &Lineage, beside: Option<&SessionId>) -> bool {
        if lineage.deployment != self.everybody {
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
        lineage.deployment == self.everybody
            && (lineage.epoch == self.id() || kept.is_some_and(|kept| kept.session == *id))
    }

    /// When a session was ended that does not go on, as far as that is known.
    pub(crate) fn ended_at(&self, id: &SessionId, lineage: &Lineage) -> Option<Timestamp> {
        let person = self.person.as_ref()?;
        let of_it = |former: &&Former| former.id == lineage.epoch || former.kept.as_ref() == Some(id);
        person
            .former
            .iter()
            .filter(of_it)
            .map(|former| former.ended_at)
            .max()
    }
}
