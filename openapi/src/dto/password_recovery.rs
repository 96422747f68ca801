//! Where a password recovery stands.

use std::collections::BTreeMap;

use poem_openapi::Object;
use portcullis_core::challenges::{Method, Transport};
use portcullis_core::factors::FactorKind;
use portcullis_core::password_recovery::{KnownByCode, RecoveryProgress};
use portcullis_core::use_case::Documented;
use serde::Serialize;

use super::sessions::passed;
use crate::answer::WithCookie;
use crate::cookie::Changes;
use crate::dto::Ok as Fine;

/// Where a recovery stands whose code is proven.
#[derive(Debug, Serialize, Object)]
pub(crate) struct RecoveryStanding {
    /// Always `ok`.
    status: Fine,
    /// Whether a new password can be set now.
    complete: bool,
    /// What the account asks for beside the code.
    required_factors: Vec<FactorKind>,
    /// By factor, whether it was proven.
    passed: BTreeMap<String, bool>,
    /// What can still be proven; nothing once it is complete.
    remaining_factors: Vec<FactorKind>,
    /// How each of the remaining factors can be proven.
    methods: Vec<Method>,
    /// When the recovery ends, in Unix seconds.
    expires_at: i64,
    /// To be sent as `X-DEVICE-TOKEN` from now on; null with `cookie`, and where no code from the mail was proven just now.
    device_token: Option<String>,
}

impl Documented for RecoveryStanding {
    const EXAMPLE: &str = r#"{
  "status": "ok",
  "complete": false,
  "required_factors": [
    "totp"
  ],
  "passed": {
    "totp": false
  },
  "remaining_factors": [
    "totp"
  ],
  "methods": [
    {
      "factor": "totp",
      "device_id": null,
      "sent_to": null,
      "code_sent": false,
      "retry_after": 0
    }
  ],
  "expires_at": 1793707200,
  "device_token": "kdev_01h2xcejqtf2nbrexx3vqjhp41.mN4vB8cX2zL6kJ0hG5fD9sA3pO7iU1yT4rE8wQ2bV6n"
}"#;
}

/// A new password is set.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PasswordSet {
    /// Always `ok`.
    status: Fine,
    /// To be sent as `X-DEVICE-TOKEN` from now on; null with `cookie`.
    device_token: Option<String>,
}

impl Documented for PasswordSet {
    const EXAMPLE: &str = r#"{
  "status": "ok",
  "device_token": "kdev_01h2xcejqtf2nbrexx3vqjhp41.mN4vB8cX2zL6kJ0hG5fD9sA3pO7iU1yT4rE8wQ2bV6n"
}"#;
}

fn hand_over(known: Option<KnownByCode>) -> (Option<String>, Changes) {
    match known {
        None => (None, Changes::default()),
        Some(known) => match known.transport {
            Transport::Header => (Some(known.device.expose().to_owned()), Changes::default()),
            Transport::Cookie => (None, Changes::device(&known.device)),
        },
    }
}

impl From<KnownByCode> for WithCookie<PasswordSet> {
    fn from(known: KnownByCode) -> Self {
        let (device_token, cookies) = hand_over(Some(known));
        let body = PasswordSet {
            status: Fine::Ok,
            device_token,
        };
        Self::new(body, cookies)
    }
}

impl From<RecoveryProgress> for WithCookie<RecoveryStanding> {
    fn from(progress: RecoveryProgress) -> Self {
        let (device_token, cookies) = hand_over(progress.device);
        let body = RecoveryStanding {
            status: Fine::Ok,
            complete: progress.complete,
            required_factors: progress.factors.keys().copied().collect(),
            passed: passed(&progress.factors),
            remaining_factors: progress.remaining,
            methods: progress.methods,
            expires_at: progress.expires_at,
            device_token,
        };
        Self::new(body, cookies)
    }
}
