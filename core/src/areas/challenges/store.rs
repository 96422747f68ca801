//! Opens and finds challenges, for sign-in, step-up and the management of factors alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::id::{self, DeviceId, SessionId};
use portcullis_ports::identity::Subject;

use super::model::{Challenge, Purpose, State, WRONG_PURPOSE};
use crate::areas::sessions::Sessions;
use crate::areas::sessions::Transport;
use crate::foundation::context::Context;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::proof::CHALLENGE_ENDED;
use crate::foundation::requirement::Requirement;
use crate::foundation::table::{Batch, Versioned};
use crate::services::epochs::Lineage;

/// The fixed part of a new challenge.
pub(crate) struct NewChallenge<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) purpose: Purpose,
    pub(crate) require: Requirement,
    pub(crate) factors: &'a [FactorKind],
    pub(crate) transport: Transport,
    pub(crate) device: Option<DeviceId>,
    pub(crate) session: Option<SessionId>,
    pub(crate) lineage: Lineage,
}

/// Challenges of all purposes.
#[derive(Clone)]
pub(crate) struct ChallengeStore {
    context: Arc<Context>,
    sessions: Sessions,
}

impl ChallengeStore {
    pub(crate) fn new(context: &Arc<Context>, sessions: &Sessions) -> Self {
        Self {
            context: Arc::clone(context),
            sessions: sessions.clone(),
        }
    }

    /// A new challenge and the id for the client. It is stored by whoever commits it.
    pub(crate) fn draft(&self, new: &NewChallenge<'_>) -> Result<(String, Challenge)> {
        let raw = id::random("chal", self.context.entropy.as_ref())?;
        let challenge = self.draft_as(&raw, new);
        Ok((raw, challenge))
    }

    /// The same under an id that the client holds already.
    pub(crate) fn draft_as(&self, raw: &str, new: &NewChallenge<'_>) -> Challenge {
        let now = self.context.now();
        Challenge {
            id_hash: fingerprint(raw),
            subject: new.subject.clone(),
            purpose: new.purpose,
            state: State::Open,
            require: new.require,
            factors: new
                .factors
                .iter()
                .map(|factor| (*factor, false))
                .collect::<BTreeMap<_, _>>(),
            given_by: BTreeMap::new(),
            codes: Vec::new(),
            transport: new.transport,
            remember_device: false,
            trust_device: false,
            known_device: None,
            device: new.device.clone(),
            session: new.session.clone(),
            lineage: new.lineage.clone(),
            created_at: now,
            expires_at: now + self.context.settings.challenges.lifetime.get(),
        }
    }

    /// The challenge of that id, open or answered.
    ///
    /// # Errors
    /// `challenge-ended` if there is none of this subject, `challenge-purpose` if it is for something else.
    pub(crate) async fn find(
        &self,
        raw: &str,
        subject: &Subject,
        purposes: &[Purpose],
    ) -> Result<Versioned<Challenge>> {
        let ended = || CHALLENGE_ENDED.error();
        if !id::well_formed("chal", raw) {
            return Err(ended());
        }
        let found = self.stored(raw).await?.ok_or_else(ended)?;
        if found.subject != *subject || !self.goes_on(&found).await? {
            return Err(ended());
        }
        if purposes.contains(&found.purpose) {
            Ok(found)
        } else {
            Err(WRONG_PURPOSE.error())
        }
    }

    /// The record of that id, whether or not the challenge goes on: for whoever writes another one in its place.
    pub(crate) async fn stored(&self, raw: &str) -> Result<Option<Versioned<Challenge>>> {
        self.context
            .table::<Challenge>()
            .find(&fingerprint(raw), Challenge::SORT)
            .await
    }

    /// Whether nothing has ended what it stands on. A recovery stands on no session: whoever is signed in could end it
    /// otherwise, and keep out the owner who wants to end theirs.
    pub(crate) async fn goes_on(&self, challenge: &Challenge) -> Result<bool> {
        let (subject, lineage) = (&challenge.subject, &challenge.lineage);
        match challenge.purpose {
            Purpose::PasswordRecovery => Ok(lineage.deployment == self.sessions.deployment_epoch().await?),
            _ => Ok(self.sessions.admits(subject, lineage, None).await?.is_some()),
        }
    }

    /// The challenge of that id, if it still waits for answers.
    pub(crate) async fn open(
        &self,
        raw: &str,
        subject: &Subject,
        purposes: &[Purpose],
    ) -> Result<Versioned<Challenge>> {
        let found = self.find(raw, subject, purposes).await?;
        if found.is_open() {
            Ok(found)
        } else {
            Err(CHALLENGE_ENDED.error())
        }
    }

    /// Adds the end of a challenge to the commit that it allows.
    pub(crate) fn consume(batch: &mut Batch, found: &Versioned<Challenge>) -> Result<()> {
        let consumed = Challenge {
            state: State::Consumed(None),
            codes: Vec::new(),
            ..found.value.clone()
        };
        batch.replace(found, &consumed)
    }
}
