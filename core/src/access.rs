//! Who is asking, from where, and what they may do: every permission rule of the core.

use std::net::IpAddr;
use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind, Result, Timestamp};

use crate::sessions::Session;
use crate::settings;

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
    /// From where.
    pub source: Source,
}

/// Somebody with a live session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Arc<Session>,
    /// From where.
    pub source: Source,
}

impl SignedIn {
    /// Who.
    pub fn subject(&self) -> &Subject {
        &self.session.subject
    }
}

/// What needs a factor that was proven recently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Adding an authenticator app, a phone number or an e-mail address.
    AddFactor,
    /// Removing a factor without proving another one in the same request.
    RemoveFactor,
    /// Replacing recovery codes.
    RegenerateRecoveryCodes,
}

impl Action {
    /// How old the proof may be: the one table of this rule.
    fn oldest_proof(self, settings: &settings::Sessions) -> std::time::Duration {
        match self {
            Self::AddFactor | Self::RemoveFactor | Self::RegenerateRecoveryCodes => settings.step_up.get(),
        }
    }

    /// Refuses the action if the last proof is too old.
    pub(crate) fn require(self, who: &SignedIn, now: Timestamp, settings: &settings::Sessions) -> Result<()> {
        if now.since(who.session.stepped_up_at) <= self.oldest_proof(settings) {
            Ok(())
        } else {
            Err(STEP_UP_REQUIRED.error())
        }
    }
}
