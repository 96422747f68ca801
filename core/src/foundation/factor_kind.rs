//! The kinds of second factors.

use portcullis_ports::notification::Channel;
use serde::{Deserialize, Serialize};

/// A kind of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "lowercase")
)]
pub enum FactorKind {
    /// An authenticator app.
    Totp,
    /// A phone number.
    Sms,
    /// An e-mail address.
    Email,
}

impl FactorKind {
    /// All kinds, in the order they are asked for.
    pub const ALL: [Self; 3] = [Self::Totp, Self::Sms, Self::Email];

    /// The word in records, events and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// What counts recovery codes that stand in for it, wherever they are given: mistyped codes of the factor do not lock
    /// the way out that exists for a lost one.
    pub(crate) const fn recovery_attempts(self) -> &'static str {
        match self {
            Self::Totp => "recovery-totp",
            Self::Sms => "recovery-sms",
            Self::Email => "recovery-email",
        }
    }
}

impl From<Channel> for FactorKind {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
        }
    }
}
