//! The devices of a factor: authenticator apps, and contacts that receive codes.

use portcullis_ports::id::DeviceId;
use portcullis_ports::identity::Subject;
use portcullis_ports::keys::Sealed;
use portcullis_ports::notification::Destination;
use portcullis_ports::{Code, Kind, Timestamp};
use serde::{Deserialize, Serialize};

use super::totp::UsedSteps;
use crate::foundation::input::Label;

/// No device of this kind can receive a code.
pub const NO_DEVICE: Code = Code::new("no-device", Kind::Conflict, "No device of this kind is enrolled.");

/// An authenticator app. The secret is sealed by the key manager for this account and device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TotpDevice {
    pub(crate) id: DeviceId,
    pub(crate) subject: Subject,
    pub(crate) label: Option<Label>,
    pub(crate) secret: Sealed,
    pub(crate) created_at: Timestamp,
    /// Until then an unconfirmed device waits.
    pub(crate) pending_until: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
    /// Which time steps were accepted.
    #[serde(flatten)]
    pub(crate) used_steps: UsedSteps,
}

/// A phone number or an e-mail address that receives codes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ContactDevice {
    pub(crate) id: DeviceId,
    pub(crate) subject: Subject,
    pub(crate) destination: Destination,
    pub(crate) label: Option<Label>,
    pub(crate) created_at: Timestamp,
    /// Until then an unconfirmed device waits.
    pub(crate) pending_until: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// What all devices have in common.
pub(crate) trait Device {
    fn id(&self) -> &DeviceId;
    /// Until then it waits for its first code; `None` once it is confirmed.
    fn pending_until(&self) -> Option<Timestamp>;
    /// Its first code was right at this time.
    fn confirm(&mut self, now: Timestamp);

    fn enabled(&self) -> bool {
        self.pending_until().is_none()
    }
}

impl Device for TotpDevice {
    fn id(&self) -> &DeviceId {
        &self.id
    }

    fn pending_until(&self) -> Option<Timestamp> {
        self.pending_until
    }

    fn confirm(&mut self, now: Timestamp) {
        self.pending_until = None;
        self.last_used_at = Some(now);
    }
}

impl Device for ContactDevice {
    fn id(&self) -> &DeviceId {
        &self.id
    }

    fn pending_until(&self) -> Option<Timestamp> {
        self.pending_until
    }

    fn confirm(&mut self, now: Timestamp) {
        self.pending_until = None;
        self.last_used_at = Some(now);
    }
}
