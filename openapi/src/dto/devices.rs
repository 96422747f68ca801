//! Phone numbers and e-mail addresses: one shape in the domain, two in the field names of the wire.

use poem_openapi::Object;
use portcullis_core::factors::{ContactBegun, ContactConfirmed, EmailView, PhoneView};
use portcullis_ports::id::DeviceId;
use serde::Serialize;

/// The phone numbers of an account.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PhoneList {
    /// Newest first.
    pub(crate) devices: Vec<PhoneView>,
}

/// The e-mail addresses of an account that receive codes.
#[derive(Debug, Serialize, Object)]
pub(crate) struct EmailList {
    /// Newest first.
    pub(crate) devices: Vec<EmailView>,
}

/// A code is on its way to a new phone number.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PhoneBegun {
    /// To be sent with the code.
    challenge_id: String,
    /// Where the code went, masked.
    sent_to: Vec<String>,
    /// The number as it was understood, in E.164.
    phone_e164: String,
    /// The same, written for people.
    phone_formatted: String,
    /// The device that waits for the code.
    sms_device_id: DeviceId,
    /// When the challenge ends, in Unix seconds.
    expires_at: i64,
    /// Seconds until another code may be requested.
    retry_after: u64,
}

impl From<ContactBegun> for PhoneBegun {
    fn from(begun: ContactBegun) -> Self {
        Self {
            challenge_id: begun.challenge_id,
            sent_to: begun.sent_to,
            phone_e164: begun.destination.address().to_owned(),
            phone_formatted: begun.shown,
            sms_device_id: begun.device,
            expires_at: begun.expires_at.seconds(),
            retry_after: begun.retry_after,
        }
    }
}

/// A code is on its way to a new e-mail address.
#[derive(Debug, Serialize, Object)]
pub(crate) struct EmailBegun {
    /// To be sent with the code.
    challenge_id: String,
    /// Where the code went, masked.
    sent_to: Vec<String>,
    /// The device that waits for the code.
    email_device_id: DeviceId,
    /// When the challenge ends, in Unix seconds.
    expires_at: i64,
    /// Seconds until another code may be requested.
    retry_after: u64,
}

impl From<ContactBegun> for EmailBegun {
    fn from(begun: ContactBegun) -> Self {
        Self {
            challenge_id: begun.challenge_id,
            sent_to: begun.sent_to,
            email_device_id: begun.device,
            expires_at: begun.expires_at.seconds(),
            retry_after: begun.retry_after,
        }
    }
}

/// A phone number is enrolled.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PhoneConfirmed {
    /// Always true.
    ok: bool,
    /// The device.
    sms_device_id: DeviceId,
    /// Shown only now; empty unless this is the first phone number.
    recovery_codes: Vec<String>,
}

impl From<ContactConfirmed> for PhoneConfirmed {
    fn from(confirmed: ContactConfirmed) -> Self {
        Self {
            ok: true,
            sms_device_id: confirmed.device,
            recovery_codes: confirmed.recovery_codes,
        }
    }
}

/// An e-mail address is enrolled.
#[derive(Debug, Serialize, Object)]
pub(crate) struct EmailConfirmed {
    /// Always true.
    ok: bool,
    /// The device.
    email_device_id: DeviceId,
    /// Shown only now; empty unless this is the first e-mail address.
    recovery_codes: Vec<String>,
}

impl From<ContactConfirmed> for EmailConfirmed {
    fn from(confirmed: ContactConfirmed) -> Self {
        Self {
            ok: true,
            email_device_id: confirmed.device,
            recovery_codes: confirmed.recovery_codes,
        }
    }
}
