//! Phone numbers and e-mail addresses: one shape in the domain, two in the field names of the wire.

use poem_openapi::Object;
use portcullis_core::factors::{ContactBegun, ContactConfirmed, EmailView, PhoneView};
use portcullis_core::input::{ChallengeId, Shown};
use portcullis_core::use_case::Documented;
use portcullis_ports::id::DeviceId;
use serde::Serialize;

/// The phone numbers of an account.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PhoneList {
    /// Newest first.
    pub(crate) devices: Vec<PhoneView>,
}

impl Documented for PhoneList {
    const EXAMPLE: &str = r#"{
  "devices": [
    {
      "sms_device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
      "phone_e164": "+*********06",
      "label": "Private",
      "enabled": true,
      "pending": false,
      "created_at": 1790000000,
      "last_used_at": 0
    }
  ]
}"#;
}

/// The e-mail addresses of an account that receive codes.
#[derive(Debug, Serialize, Object)]
pub(crate) struct EmailList {
    /// Newest first.
    pub(crate) devices: Vec<EmailView>,
}

impl Documented for EmailList {
    const EXAMPLE: &str = r#"{
  "devices": [
    {
      "email_device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
      "email": "a***@example.com",
      "label": "Private",
      "enabled": true,
      "pending": false,
      "created_at": 1790000000,
      "last_used_at": 0
    }
  ]
}"#;
}

/// A code is on its way to a new phone number.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PhoneBegun {
    /// To be sent with the code.
    challenge_id: Shown<ChallengeId>,
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

impl Documented for PhoneBegun {
    const EXAMPLE: &str = r#"{
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "sent_to": [
    "+*********06"
  ],
  "phone_e164": "+15005550006",
  "phone_formatted": "+1 500-555-0006",
  "sms_device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
  "expires_at": 1790000300,
  "retry_after": 30
}"#;
}

impl From<ContactBegun> for PhoneBegun {
    fn from(begun: ContactBegun) -> Self {
        Self {
            challenge_id: begun.challenge_id.into(),
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
    challenge_id: Shown<ChallengeId>,
    /// Where the code went, masked.
    sent_to: Vec<String>,
    /// The device that waits for the code.
    email_device_id: DeviceId,
    /// When the challenge ends, in Unix seconds.
    expires_at: i64,
    /// Seconds until another code may be requested.
    retry_after: u64,
}

impl Documented for EmailBegun {
    const EXAMPLE: &str = r#"{
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "sent_to": [
    "a***@example.com"
  ],
  "email_device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
  "expires_at": 1790000300,
  "retry_after": 30
}"#;
}

impl From<ContactBegun> for EmailBegun {
    fn from(begun: ContactBegun) -> Self {
        Self {
            challenge_id: begun.challenge_id.into(),
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

impl Documented for PhoneConfirmed {
    const EXAMPLE: &str = r#"{
  "ok": true,
  "sms_device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
  "recovery_codes": [
    "m4tq-8vcz-01ks-pr3d",
    "a7hn-2wxe-9fjb-kq5t",
    "zr6p-c3vm-84tg-0ysx",
    "e1jk-h5nd-w7qa-b2fz",
    "x9cv-t0rm-6pse-3gkh",
    "d8yb-4azw-nq1j-7vtc",
    "k2fh-s6xp-e5mr-90gd",
    "v3ta-jz8n-1cwq-h4yb",
    "g5ke-0pds-rx7f-m2zt",
    "q6nw-b9hc-4vja-t8e1"
  ]
}"#;
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

impl Documented for EmailConfirmed {
    const EXAMPLE: &str = r#"{
  "ok": true,
  "email_device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
  "recovery_codes": [
    "m4tq-8vcz-01ks-pr3d",
    "a7hn-2wxe-9fjb-kq5t",
    "zr6p-c3vm-84tg-0ysx",
    "e1jk-h5nd-w7qa-b2fz",
    "x9cv-t0rm-6pse-3gkh",
    "d8yb-4azw-nq1j-7vtc",
    "k2fh-s6xp-e5mr-90gd",
    "v3ta-jz8n-1cwq-h4yb",
    "g5ke-0pds-rx7f-m2zt",
    "q6nw-b9hc-4vja-t8e1"
  ]
}"#;
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
