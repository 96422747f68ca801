//! Which actions need a fresh proof, and of which factors.

use portcullis_ports::{Code, Kind, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::StepUpRules;
use crate::areas::sessions::Session;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::requirement::Requirement;

/// The action needs a fresh proof of a factor.
pub const STEP_UP_REQUIRED: Code = Code::new(
    "step-up-required",
    Kind::StepUp,
    "Please confirm that it is you: prove a factor again through /ui/step-up/start, then repeat the request.",
);

/// What needs factors that were proven recently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum Action {
    /// Adding an authenticator app, a phone number or an e-mail address.
    AddFactor,
    /// Removing a factor without proving another one in the same request.
    RemoveFactor,
    /// Replacing recovery codes.
    RegenerateRecoveryCodes,
}

impl Action {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::AddFactor, Self::RemoveFactor, Self::RegenerateRecoveryCodes];

    /// How old the proof may be, and which of the enrolled factors it must cover: the one table of this rule.
    fn rule(self, rules: &StepUpRules) -> (std::time::Duration, Requirement) {
        let require_for = &rules.require_for;
        let requirement = match self {
            Self::AddFactor => require_for.add_factor,
            Self::RemoveFactor => require_for.remove_factor,
            Self::RegenerateRecoveryCodes => require_for.regenerate_recovery_codes,
        };
        (rules.oldest, requirement)
    }

    /// What a step-up for this action asks for. For no particular action it is what the strictest of all asks for, so
    /// that a client that names none is never asked twice.
    pub(crate) fn requirement(action: Option<Self>, rules: &StepUpRules) -> Requirement {
        let of = |action: Self| action.rule(rules).1;
        match action {
            Some(action) => of(action),
            None => Self::ALL.map(of).into_iter().max().unwrap_or(Requirement::All),
        }
    }

    /// The enrolled factors that the action needs and that the session has not proven lately.
    pub(crate) fn unproven(
        action: Option<Self>,
        session: &Session,
        enrolled: &[FactorKind],
        now: Timestamp,
        rules: &StepUpRules,
    ) -> Vec<FactorKind> {
        let mut needed = Self::requirement(action, rules).asked(enrolled);
        needed.retain(|factor| {
            let proven = session.proofs.get(factor);
            proven.is_none_or(|at| now.since(*at) > rules.oldest)
        });
        needed
    }

    /// Refuses the action if the last proof is too old, or does not cover what the rule asks for.
    pub(crate) fn require(
        self,
        session: &Session,
        enrolled: &[FactorKind],
        now: Timestamp,
        rules: &StepUpRules,
    ) -> Result<()> {
        let (oldest, requirement) = self.rule(rules);
        let covered = requirement == Requirement::Any
            || Self::unproven(Some(self), session, enrolled, now, rules).is_empty();
        if covered && now.since(session.stepped_up_at) <= oldest {
            Ok(())
        } else {
            Err(STEP_UP_REQUIRED.error())
        }
    }
}
