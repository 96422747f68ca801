//! Who is asking, from where, and what they may do: every permission rule of the core.

use std::net::IpAddr;
use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::areas::factors::{FactorKind, Requirement};
use crate::areas::known_devices::{DeviceProof, proofs};
use crate::areas::sessions::Session;
use crate::services::epochs::{Lineage, TokenId};
use crate::settings::Settings;

/// The action needs a fresh proof of a factor.
pub const STEP_UP_REQUIRED: Code = Code::new(
    "step-up-required",
    Kind::StepUp,
    "Please confirm that it is you: prove a factor again through /ui/step-up/start, then repeat the request.",
);

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The client's address, after trusted proxies.
    pub ip: IpAddr,
    /// The user agent, cut to [`Source::USER_AGENT`] characters.
    pub user_agent: Arc<str>,
    /// What the client shows of the devices that accounts of it signed in on.
    pub(crate) devices: Arc<[DeviceProof]>,
}

impl Source {
    /// The longest user agent that is kept, in characters.
    pub const USER_AGENT: usize = 256;

    /// A source; a longer user agent is cut.
    pub fn new(ip: IpAddr, user_agent: &str) -> Self {
        let end = user_agent.char_indices().nth(Self::USER_AGENT);
        let kept = end.map_or(user_agent, |(end, _)| user_agent.get(..end).unwrap_or_default());
        Self {
            ip: ip.to_canonical(),
            user_agent: kept.into(),
            devices: Arc::default(),
        }
    }

    /// The same with the device tokens that the client presents; what is none is left out.
    #[must_use]
    pub fn presenting<'a>(self, tokens: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            devices: proofs(tokens).into(),
            ..self
        }
    }

    /// What counts as one source in budgets: an IPv4 address, or the /64 an IPv6 client is free to move in.
    pub(crate) fn network(&self) -> String {
        match self.ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// Somebody who proved the first factor.
#[derive(Debug, Clone)]
pub struct Identified {
    /// Who.
    pub subject: Subject,
    /// When the proof was given.
    pub at: Timestamp,
    /// What the proof grew from.
    pub(crate) lineage: Lineage,
    /// From where.
    pub source: Source,
}

/// Somebody with a live session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Arc<Session>,
    /// The access token that was shown beside it.
    pub(crate) token: Option<TokenId>,
    /// From where.
    pub source: Source,
}

impl SignedIn {
    /// Who.
    pub fn subject(&self) -> &Subject {
        &self.session.subject
    }
}

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
