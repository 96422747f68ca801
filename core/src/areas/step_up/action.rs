//! Which actions need a fresh proof, and of which factors.

use portcullis_ports::{Code, Kind, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::areas::sessions::Session;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::requirement::Requirement;
use crate::foundation::settings::Settings;

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
    fn rule(self, settings: &Settings) -> (std::time::Duration, Requirement) {
        let rules = &settings.factors.require_for;
        let oldest = settings.sessions.step_up.get();
        match self {
            Self::AddFactor => (oldest, rules.add_factor),
            Self::RemoveFactor => (oldest, rules.remove_factor),
            Self::RegenerateRecoveryCodes => (oldest, rules.regenerate_recovery_codes),
        }
    }

    /// What a step-up for this action asks for. For no particular action it is what the strictest of all asks for, so
    /// that a client that names none is never asked twice.
    pub(crate) fn requirement(action: Option<Self>, settings: &Settings) -> Requirement {
        let of = |action: Self| action.rule(settings).1;
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
        settings: &Settings,
    ) -> Vec<FactorKind> {
        let mut needed = Self::requirement(action, settings).asked(enrolled);
        let oldest = settings.sessions.step_up.get();
        needed.retain(|factor| {
            let proven = session.proofs.get(factor);
            proven.is_none_or(|at| now.since(*at) > oldest)
        });
        needed
    }

    /// Refuses the action if the last proof is too old, or does not cover what the rule asks for.
    pub(crate) fn require(
        self,
        session: &Session,
        enrolled: &[FactorKind],
        now: Timestamp,
        settings: &Settings,
    ) -> Result<()> {
        let (oldest, requirement) = self.rule(settings);
        let covered = requirement == Requirement::Any
            || Self::unproven(Some(self), session, enrolled, now, settings).is_empty();
        if covered && now.since(session.stepped_up_at) <= oldest {
            Ok(())
        } else {
            Err(STEP_UP_REQUIRED.error())
        }
    }
}
