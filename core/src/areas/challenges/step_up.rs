//! Renewing the proof in a session, before something sensitive.

use std::collections::BTreeMap;

use portcullis_ports::Result;

use super::commands::{StartStepUp, StepUpPassword, StepUpStarted, SteppedUp};
use super::events;
use super::model::Purpose;

use super::{Challenges, NewChallenge};
use crate::areas::sessions::SignedIn;
use crate::areas::sessions::Transport;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::{ChallengeId, SecretInput};
use crate::foundation::requirement::Requirement;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

impl Challenges {
    /// Begins a step-up: the enrolled factors that the action needs, or the password if none is enrolled.
    ///
    /// # Errors
    /// `invalid-request` for an action that there is not.
    pub async fn start_step_up(&self, who: &SignedIn, command: StartStepUp) -> Result<StepUpStarted> {
        let enrolled = self.enrolled.kinds(who.subject()).await?;
        let rules = self.step_up.rules();
        let action = command.action.map(|name| rules.action(&name)).transpose()?;
        let require = rules.requirement(action);
        if enrolled.is_empty() {
            return Ok(StepUpStarted {
                auth_required: false,
                challenge_id: None,
                required_factors: enrolled,
                require,
                factors_needed: 0,
                methods: Vec::new(),
                password: true,
            });
        }
        let mut required_factors = require.asked(&enrolled);
        if require == Requirement::All {
            // What was proven a moment ago need not be proven again.
            let unproven = rules.unproven(
                action,
                &self.step_up.standing(&who.session).await?,
                &enrolled,
                self.context.now(),
            );
            if !unproven.is_empty() {
                required_factors = unproven;
            }
        }
        let draft = self.store.draft(&NewChallenge {
            subject: who.subject(),
            purpose: Purpose::StepUp,
            require,
            factors: &required_factors,
            transport: Transport::Header,
            device: None,
            session: Some(who.session.id.clone()),
            lineage: self.sessions.lineage(who).await?,
        })?;
        let mut batch = Batch::default();
        batch.insert(&draft.record)?;
        self.context.commit(batch).await?;
        Ok(StepUpStarted {
            auth_required: true,
            challenge_id: Some(draft.id.into()),
            required_factors,
            require,
            factors_needed: draft.record.needed(),
            methods: self.methods(&draft.record).await?,
            password: false,
        })
    }

    /// What a step-up of this session asks for, and what of that was proven.
    ///
    /// # Errors
    /// `challenge-ended`, `challenge-purpose`.
    pub(crate) async fn step_up_progress(
        &self,
        who: &SignedIn,
        challenge: &SecretInput<ChallengeId>,
    ) -> Result<(Vec<FactorKind>, Vec<FactorKind>)> {
        let raw = challenge.secret().expose();
        let found = self.store.find(raw, who.subject(), &[Purpose::StepUp]).await?;
        Ok((found.required(), found.passed()))
    }

    /// Completes a step-up of an account without factors with its password.
    ///
    /// # Errors
    /// `step-up-required` if a factor is enrolled, `wrong-credentials`, `no-password`, `too-many-attempts`.
    pub async fn step_up_with_password(&self, who: &SignedIn, command: StepUpPassword) -> Result<SteppedUp> {
        if !self.enrolled.kinds(who.subject()).await?.is_empty() {
            return Err(crate::areas::step_up::STEP_UP_REQUIRED
                .with_detail("A factor is enrolled: prove it through /ui/step-up/start."));
        }
        self.passwords.check(who, &command.password).await?;
        let until = self
            .context
            .retried(|| async {
                let mut batch = Batch::default();
                let until = self
                    .sessions
                    .strengthen(&mut batch, &who.session.id, who.subject(), BTreeMap::new())
                    .await?;
                let event = Event::success(events::STEP_UP, &who.source).with("session_id", &who.session.id);
                self.audit.append(&mut batch, who.subject(), &[event]).await?;
                self.context.commit(batch).await?;
                Ok(until)
            })
            .await?;
        Ok(SteppedUp {
            status: "ok".into(),
            step_up_until: until.seconds(),
        })
    }
}
