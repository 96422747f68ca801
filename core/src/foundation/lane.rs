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

    /// Which bell of the deployment rings when a message was queued here.
    pub(crate) const fn bell(self, channel: Channel) -> usize {
        let lane = match self {
            Self::Codes => 0,
            Self::Notices | Self::Dead => 1,
        };
        let channel = match channel {
            Channel::Email => 0,
            Channel::Sms => 1,
        };
        2 * lane + channel
    }
}
