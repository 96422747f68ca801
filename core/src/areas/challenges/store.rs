//! Opens and finds challenges, for sign-in, step-up and the management of factors alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::id::{self, DeviceId, SessionId};
use portcullis_ports::identity::Subject;

use super::Settings;
use super::model::{Challenge, Purpose, State, WRONG_PURPOSE};
use super::pending::{DraftChallenge, PendingChallenge};
use crate::areas::sessions::{Sessions, SignedIn, Transport};
use crate::foundation::context::Context;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::proof::CHALLENGE_ENDED;
use crate::foundation::requirement::Requirement;
use crate::foundation::table::Versioned;
use crate::services::epochs::Lineage;

/// The fixed part of a new challenge.
pub(super) struct NewChallenge<'a> {
    pub(super) subject: &'a Subject,
    pub(super) purpose: Purpose,
    pub(super) require: Requirement,
    pub(super) factors: &'a [FactorKind],
    pub(super) transport: Transport,
    pub(super) device: Option<DeviceId>,
    pub(super) session: Option<SessionId>,
    pub(super) lineage: Lineage,
}

/// Challenges of all purposes.
#[derive(Clone)]
pub(crate) struct ChallengeStore {
    context: Arc<Context>,
    sessions: Sessions,
    settings: Arc<Settings>,
}

impl ChallengeStore {
    pub(crate) fn new(context: &Arc<Context>, sessions: &Sessions, settings: &Settings) -> Self {
        Self {
            context: Arc::clone(context),
            sessions: sessions.clone(),
            settings: Arc::new(settings.clone()),
        }
    }

    /// A new challenge. It is stored by whoever commits it.
    pub(super) fn draft(&self, new: &NewChallenge<'_>) -> Result<DraftChallenge> {
        let id = id::random("chal", self.context.entropy.as_ref())?;
        let record = self.record(&id, new);
        Ok(DraftChallenge { id, record })
    }

    /// A new challenge to add or to remove a device of whoever is signed in.
    pub(crate) async fn draft_about(
        &self,
        who: &SignedIn,
        purpose: Purpose,
        device: &DeviceId,
    ) -> Result<DraftChallenge> {
        self.draft(&NewChallenge {
            subject: who.subject(),
            purpose,
            require: Requirement::All,
            factors: &[],
            transport: Transport::Header,
            device: Some(device.clone()),
            session: Some(who.session.id.clone()),
            lineage: self.sessions.lineage(who).await?,
        })
    }

    /// The record of a new challenge under an id that the client holds.
    pub(super) fn record(&self, raw: &str, new: &NewChallenge<'_>) -> Challenge {
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
            expires_at: now + self.settings.lifetime.get(),
        }
    }

    /// The challenge of that id, open or answered.
    ///
    /// # Errors
    /// `challenge-ended` if there is none of this subject, `challenge-purpose` if it is for something else.
    pub(super) async fn find(
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
    pub(super) async fn stored(&self, raw: &str) -> Result<Option<Versioned<Challenge>>> {
        self.context
            .table::<Challenge>()
            .find(&fingerprint(raw), Challenge::SORT)
            .await
    }

    /// Whether nothing has ended what it stands on. A recovery stands on no session: whoever is signed in could end it
    /// otherwise, and keep out the owner who wants to end theirs.
    pub(super) async fn goes_on(&self, challenge: &Challenge) -> Result<bool> {
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
    ) -> Result<PendingChallenge> {
        let found = self.find(raw, subject, purposes).await?;
        if found.is_open() {
            Ok(PendingChallenge(found))
        } else {
            Err(CHALLENGE_ENDED.error())
        }
    }
}
