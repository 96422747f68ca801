//! Renewing the proof in a session, before something sensitive.

use portcullis_ports::Result;

use super::model::{Purpose, StepUpPassword, StepUpStarted, SteppedUp, Transport};
use super::{Challenges, NewChallenge};
use crate::access::SignedIn;
use crate::audit::Event;
use crate::table::Batch;

impl Challenges {
    /// Begins a step-up: any one enrolled factor, or the password if none is enrolled.
    pub async fn start_step_up(&self, who: &SignedIn) -> Result<StepUpStarted> {
        let required_factors = self.factors.roster.kinds(who.subject()).await?;
        if required_factors.is_empty() {
            return Ok(StepUpStarted {
                auth_required: false,
                challenge_id: None,
                required_factors,
                password: true,
            });
        }
        let (raw, challenge) = self.book.draft(&NewChallenge {
            subject: who.subject(),
            purpose: Purpose::StepUp,
            factors: &required_factors,
            transport: Transport::Header,
            device: None,
            session: Some(who.session.id.clone()),
        })?;
        let mut batch = Batch::default();
        batch.insert(&challenge)?;
        self.deployment.commit(batch).await?;
        Ok(StepUpStarted {
            auth_required: true,
            challenge_id: Some(raw),
            required_factors,
            password: false,
        })
    }

    /// Completes a step-up of an account without factors with its password.
    ///
    /// # Errors
    /// `step-up-required` if a factor is enrolled, `wrong-credentials`, `no-password`, `too-many-attempts`.
    pub async fn step_up_with_password(&self, who: &SignedIn, command: StepUpPassword) -> Result<SteppedUp> {
        if !self.factors.roster.kinds(who.subject()).await?.is_empty() {
            return Err(crate::access::STEP_UP_REQUIRED
                .says("A factor is enrolled: prove it through /ui/step-up/start."));
        }
        self.passwords.check(who, &command.password).await?;
        let until = self
            .deployment
            .retried(|| async {
                let mut batch = Batch::default();
                let until = self
                    .sessions
                    .strengthen(&mut batch, &who.session.id, who.subject())
                    .await?;
                let event = Event::success("step_up", &who.source).with("session_id", &who.session.id);
                self.audit.append(&mut batch, who.subject(), &[event]).await?;
                self.deployment.commit(batch).await?;
                Ok(until)
            })
            .await?;
        Ok(SteppedUp {
            status: "ok".into(),
            step_up_until: until.seconds(),
        })
    }
}
