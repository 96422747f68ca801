//! Which factors an action needs, and whether a session has proven them lately.

use portcullis_ports::{Code, Kind, Result, Timestamp};

use super::{ActionName, StepUpRules};
use crate::areas::sessions::Session;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::refused;
use crate::foundation::requirement::Requirement;
use crate::foundation::step_up_action::StepUpAction;

/// The action needs a fresh proof of a factor.
pub const STEP_UP_REQUIRED: Code = Code::new(
    "step-up-required",
    Kind::StepUp,
    "Please confirm that it is you: prove a factor again through /ui/step-up/start, then repeat the request.",
);

impl StepUpRules {
    /// The action of that name.
    ///
    /// # Errors
    /// `invalid-request` that names those there are.
    pub(crate) fn action(&self, name: &ActionName) -> Result<StepUpAction> {
        let found = self.actions.iter().find(|action| action.name == name.as_str());
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = self.actions.iter().map(|action| action.name).collect();
            refused("/action", &format!("expected is one of: {}", names.join(", ")))
        })
    }

    /// What a step-up for this action asks for. For no particular action it is what the strictest of all asks for, so
    /// that a client that names none is never asked twice.
    pub(crate) fn requirement(&self, action: Option<StepUpAction>) -> Requirement {
        let of = |action: &StepUpAction| self.require_for.of(*action);
        match &action {
            Some(action) => of(action),
            None => self.actions.iter().map(of).max().unwrap_or(Requirement::All),
        }
    }

    /// The enrolled factors that the action needs and that the session has not proven lately.
    pub(crate) fn unproven(
        &self,
        action: Option<StepUpAction>,
        session: &Session,
        enrolled: &[FactorKind],
        now: Timestamp,
    ) -> Vec<FactorKind> {
        let mut needed = self.requirement(action).asked(enrolled);
        needed.retain(|factor| {
            let proven = session.proofs.get(factor);
            proven.is_none_or(|at| now.since(*at) > self.oldest)
        });
        needed
    }

    /// Refuses the action if the last proof is too old, or does not cover what is asked for.
    pub(super) fn require(
        &self,
        action: StepUpAction,
        session: &Session,
        enrolled: &[FactorKind],
        now: Timestamp,
    ) -> Result<()> {
        let covered = self.requirement(Some(action)) == Requirement::Any
            || self.unproven(Some(action), session, enrolled, now).is_empty();
        if covered && now.since(session.stepped_up_at) <= self.oldest {
            Ok(())
        } else {
            Err(STEP_UP_REQUIRED.error())
        }
    }
}
