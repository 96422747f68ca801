//! The lanes in which messages travel.

use portcullis_ports::notification::Channel;
use serde::{Deserialize, Serialize};

use crate::foundation::guard::Urgency;

/// Messages that must not wait for others travel in a lane of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Security codes.
    Codes,
    /// Everything else.
    Notices,
    /// What was given up, for an operator to look at.
    Dead,
}

impl Lane {
    /// The word in records and meters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Notices => "notices",
            Self::Dead => "dead",
        }
    }

    /// Whether its messages may use what senders keep for urgent ones.
    pub(crate) const fn urgency(self) -> Urgency {
        match self {
            Self::Codes => Urgency::Urgent,
            Self::Notices | Self::Dead => Urgency::Ordinary,
        }
    }

    /// What the queue of this lane and channel is called when its workers are woken.
    pub(crate) const fn queue(self, channel: Channel) -> &'static str {
        match (self, channel) {
            (Self::Codes, Channel::Email) => "codes/email",
            (Self::Codes, Channel::Sms) => "codes/sms",
            (Self::Notices | Self::Dead, Channel::Email) => "notices/email",
            (Self::Notices | Self::Dead, Channel::Sms) => "notices/sms",
        }
    }
}
