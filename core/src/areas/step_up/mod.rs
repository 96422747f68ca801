//! Step-up: sensitive actions need a fresh proof of factors.

mod action;
mod settings;

use std::sync::Arc;

use portcullis_ports::Result;

pub use action::{Action, STEP_UP_REQUIRED};
pub use settings::RequireFor;
pub(crate) use settings::StepUpRules;

use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::areas::sessions::{Session, Sessions, SignedIn};
use crate::foundation::area::Area;
use crate::foundation::context::Context;
use crate::foundation::proof::GivenBy;
use crate::foundation::table::Batch;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    problems: &[STEP_UP_REQUIRED],
    ..Area::EMPTY
};

/// Asks whether a session has proven enough.
#[derive(Clone)]
pub(crate) struct StepUp {
    context: Arc<Context>,
    sessions: Arc<Sessions>,
    enrolled: EnrolledFactors,
    recovery: RecoveryCodeStore,
    rules: Arc<StepUpRules>,
}

impl StepUp {
    pub(crate) fn new(
        context: &Arc<Context>,
        sessions: &Sessions,
        enrolled: &EnrolledFactors,
        recovery: &RecoveryCodeStore,
        rules: StepUpRules,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            sessions: Arc::new(sessions.clone()),
            enrolled: enrolled.clone(),
            recovery: recovery.clone(),
            rules: Arc::new(rules),
        }
    }

    pub(crate) fn rules(&self) -> &StepUpRules {
        &self.rules
    }

    /// Refuses an action that needs a fresher proof of factors than the session has.
    ///
    /// # Errors
    /// `step-up-required`.
    pub(crate) async fn require(&self, action: Action, who: &SignedIn) -> Result<()> {
        let enrolled = self.enrolled.kinds(who.subject()).await?;
        let (now, rules) = (self.context.now(), &self.rules);
        let standing = self.standing(&who.session).await?;
        let remembered = action.require(&standing, &enrolled, now, rules);
        if remembered.is_ok() {
            return remembered;
        }
        // The proof may have been given on another node a moment ago.
        match self.sessions.current(who).await? {
            Some(session) => {
                let standing = self.standing(&session).await?;
                action.require(&standing, &enrolled, now, rules)
            }
            None => remembered,
        }
    }

    /// A session without the proofs of devices that were removed and of recovery codes whose set was replaced. One of
    /// which nobody wrote down what gave it lasts as long as a step-up does.
    pub(crate) async fn standing(&self, session: &Session) -> Result<Session> {
        let mut standing = session.clone();
        for (factor, given_by) in &session.given_by {
            let stands = match given_by {
                GivenBy::Device(device) => {
                    let mut unused = Batch::default();
                    let enrolled = self
                        .enrolled
                        .require_in(&mut unused, &session.subject, *factor)
                        .await?;
                    enrolled.contains(device)
                }
                GivenBy::RecoveryCode(mac) => {
                    self.recovery
                        .stands(&session.subject, *factor, mac, &session.id)
                        .await?
                }
            };
            if !stands {
                standing.withdraw(*factor);
            }
        }
        Ok(standing)
    }
}
