//! What the proof of a factor is answered with.

use std::collections::BTreeMap;

use poem_openapi::Object;
use portcullis_core::challenges::Progress;
use portcullis_core::factors::{FactorKind, Requirement};
use portcullis_core::input::{SessionCredential, Shown};
use portcullis_core::use_case::Documented;
use portcullis_ports::Timestamp;
use serde::Serialize;

use super::sessions::{hand_over, passed};
use crate::answer::WithCookie;
use crate::dto::Ok as Fine;

/// A factor was proven.
#[derive(Debug, Serialize, Object)]
pub(crate) struct FactorProven {
    /// Always `ok`.
    status: Fine,
    /// The credential of the session, once a sign-in is complete; with `cookie` only its public id.
    session_id: Option<Shown<SessionCredential>>,
    /// What can be proven.
    required_factors: Vec<FactorKind>,
    /// How many of them must be.
    require: Requirement,
    /// By factor, whether it was proven.
    passed: BTreeMap<String, bool>,
    /// What can still be proven; empty once enough is.
    remaining_factors: Vec<FactorKind>,
    /// How many of the remaining ones must be proven.
    factors_needed: usize,
    /// Until when sensitive actions are open, in Unix seconds, once a step-up is complete.
    step_up_until: Option<i64>,
    /// To be sent as `X-DEVICE-TOKEN` from now on; null with `cookie`, and for devices that are not remembered.
    device_token: Option<String>,
    /// Until when sign-ins on this device are not asked for a factor, in Unix seconds; null if they are.
    device_trusted_until: Option<i64>,
}

impl Documented for FactorProven {
    const EXAMPLE: &str = r#"{
  "status": "ok",
  "session_id": "ses_01h2xcejqtf2nbrexx3vqjhp41.pT3uV1hX9kZb7sQ2mC4nW8rL6yD0aF5gJ3eK1oI7vBw",
  "required_factors": [
    "totp"
  ],
  "require": "any",
  "passed": {
    "totp": true
  },
  "remaining_factors": [],
  "factors_needed": 0,
  "step_up_until": null,
  "device_token": "kdev_01h2xcejqtf2nbrexx3vqjhp41.mN4vB8cX2zL6kJ0hG5fD9sA3pO7iU1yT4rE8wQ2bV6n",
  "device_trusted_until": 1792592000
}"#;
}

impl From<Progress> for WithCookie<FactorProven> {
    fn from(progress: Progress) -> Self {
        let required = progress.factors.keys().copied().collect();
        let passed = passed(&progress.factors);
        let handed = hand_over(progress.granted);
        let body = FactorProven {
            status: Fine::Ok,
            session_id: handed.session_id,
            required_factors: required,
            require: progress.require,
            passed,
            remaining_factors: progress.remaining,
            factors_needed: progress.factors_needed,
            step_up_until: progress.step_up_until.map(Timestamp::seconds),
            device_token: handed.device_token,
            device_trusted_until: handed.device_trusted_until,
        };
        Self::new(body, handed.cookies)
    }
}

/// A factor was proven, in the words of the older address.
#[derive(Debug, Serialize, Object)]
pub(crate) struct FactorProvenShort {
    /// Always true.
    ok: bool,
    /// The credential of the session, once a sign-in is complete; with `cookie` only its public id.
    session_id: Option<Shown<SessionCredential>>,
    /// To be sent as `X-DEVICE-TOKEN` from now on; null with `cookie`, and for devices that are not remembered.
    device_token: Option<String>,
}

impl Documented for FactorProvenShort {
    const EXAMPLE: &str = r#"{
  "ok": true,
  "session_id": "ses_01h2xcejqtf2nbrexx3vqjhp41.pT3uV1hX9kZb7sQ2mC4nW8rL6yD0aF5gJ3eK1oI7vBw",
  "device_token": null
}"#;
}

impl From<Progress> for WithCookie<FactorProvenShort> {
    fn from(progress: Progress) -> Self {
        let handed = hand_over(progress.granted);
        let body = FactorProvenShort {
            ok: true,
            session_id: handed.session_id,
            device_token: handed.device_token,
        };
        Self::new(body, handed.cookies)
    }
}
