//! Step-up: sensitive actions need a fresh proof of factors.

mod action;
mod rules;
mod settings;

use std::sync::Arc;

use portcullis_ports::Result;

pub use action::ActionName;
pub use rules::STEP_UP_REQUIRED;
pub use settings::RequireFor;
pub(crate) use settings::StepUpRules;

use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::areas::sessions::{Session, Sessions, SignedIn};
use crate::foundation::area::Area;
use crate::foundation::context::Context;
use crate::foundation::proof::GivenBy;
use crate::foundation::step_up_action::StepUpAction;

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
    pub(crate) async fn require(&self, action: StepUpAction, who: &SignedIn) -> Result<()> {
        let enrolled = self.enrolled.kinds(who.subject()).await?;
        let (now, rules) = (self.context.now(), &self.rules);
        let standing = self.standing(&who.session).await?;
        let remembered = rules.require(action, &standing, &enrolled, now);
        if remembered.is_ok() {
            return remembered;
        }
        // The proof may have been given on another node a moment ago.
        match self.sessions.current(who).await? {
            Some(session) => {
                let standing = self.standing(&session).await?;
                rules.require(action, &standing, &enrolled, now)
            }
            None => remembered,
        }
    }

    /// Whether a second factor was proven in the session that the account still has; also one on another node a moment ago.
    pub(crate) async fn has_proven_factor(&self, who: &SignedIn) -> Result<bool> {
        if !self.standing(&who.session).await?.proofs.is_empty() {
            return Ok(true);
        }
        match self.sessions.current(who).await? {
            Some(session) => Ok(!self.standing(&session).await?.proofs.is_empty()),
            None => Ok(false),
        }
    }

    /// A session without the proofs of devices that were removed and of recovery codes whose set was replaced. One of
    /// which nobody wrote down what gave it lasts as long as a step-up does.
    pub(crate) async fn standing(&self, session: &Session) -> Result<Session> {
        let mut standing = session.clone();
        for (factor, given_by) in &session.given_by {
            let stands = match given_by {
                GivenBy::Device(device) => {
                    let confirmed = self.enrolled.confirmed(&session.subject, *factor).await?;
                    confirmed.contains(device)
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
