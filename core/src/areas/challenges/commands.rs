//! Challenges: commands, answers, and the problems of each use case.

use std::collections::BTreeMap;

use portcullis_ports::id::DeviceId;
use portcullis_ports::passwords::HASHER_BUSY;
use portcullis_ports::{Code, Timestamp};
use serde::{Deserialize, Serialize};

use super::model::{FACTOR_NOT_REQUIRED, Method, NOTHING_SENT, Opened, WRONG_PURPOSE};
use crate::areas::accounts::{NO_PASSWORD, WRONG_CREDENTIALS};
use crate::areas::enrolled_factors::NO_DEVICE;
use crate::areas::sessions::Granted;
use crate::areas::step_up::{ActionName, STEP_UP_REQUIRED};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::{ChallengeId, Digits, RecoveryCode, SecretInput, Shown};
use crate::foundation::proof::{CHALLENGE_ENDED, DEVICE_NOT_FOUND};
use crate::foundation::requirement::Requirement;
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::budgets::{GUESS, TOO_MANY_ATTEMPTS, TOO_MANY_SENDS};
use crate::services::outbox::CHANNEL_UNAVAILABLE;
use crate::services::sms_spend::{SMS_DESTINATION_BLOCKED, SMS_SPEND_EXHAUSTED};
use crate::services::suppressions::ADDRESS_SUPPRESSED;

/// What whoever answers a challenge may learn of it.
pub(crate) const OPEN: &[Code] = &[CHALLENGE_ENDED, WRONG_PURPOSE, FACTOR_NOT_REQUIRED];
/// Why a code is not sent.
pub(crate) const SENDS: &[Code] = &[TOO_MANY_SENDS, CHANNEL_UNAVAILABLE, ADDRESS_SUPPRESSED];
/// Why a code is not sent by text message, besides.
pub(crate) const SMS_SENDS: &[Code] = &[SMS_SPEND_EXHAUSTED, SMS_DESTINATION_BLOCKED];

/// Names a challenge.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct NameChallenge {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
}

impl Documented for NameChallenge {
    const EXAMPLE: &str = r#"{ "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41" }"#;
}

impl UseCase for NameChallenge {
    const PROBLEMS: Problems = &[&[CHALLENGE_ENDED, WRONG_PURPOSE]];
}

/// A code from an authenticator app.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifyTotp {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Six digits. May also be sent as `code`.
    #[serde(alias = "code")]
    pub totp_code: SecretInput<Digits>,
    /// Whether sign-ins on this device shall not ask for a factor for the next days. Counts in a sign-in only, and where
    /// the operator offers it.
    #[serde(default)]
    pub trust_device: Option<bool>,
}

impl Documented for VerifyTotp {
    const EXAMPLE: &str = r#"{
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "totp_code": "287082",
  "trust_device": true
}"#;
    const ALIAS: Option<(&str, &str)> = Some(("totp_code", "code"));
}

impl UseCase for VerifyTotp {
    const PROBLEMS: Problems = &[OPEN, GUESS];
}

/// A request to send a code by text message.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SendSmsCode {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Only to this number; otherwise to all of the account.
    pub sms_device_id: Option<DeviceId>,
}

impl Documented for SendSmsCode {
    const EXAMPLE: &str = r#"{ "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41" }"#;
}

impl UseCase for SendSmsCode {
    const PROBLEMS: Problems = &[&[NO_DEVICE, DEVICE_NOT_FOUND], SENDS, SMS_SENDS, OPEN];
}

/// A request to send a code by e-mail.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SendEmailCode {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Only to this address; otherwise to all of the account.
    pub email_device_id: Option<DeviceId>,
}

impl Documented for SendEmailCode {
    const EXAMPLE: &str = r#"{
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "email_device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41"
}"#;
}

impl UseCase for SendEmailCode {
    const PROBLEMS: Problems = &[&[NO_DEVICE, DEVICE_NOT_FOUND], SENDS, OPEN];
}

/// A code that was sent.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifyCode {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Six digits.
    pub code: SecretInput<Digits>,
}

impl Documented for VerifyCode {
    const EXAMPLE: &str = r#"{ "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41", "code": "492817" }"#;
}

/// A code that was sent for a sign-in or a step-up.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifySentCode {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Six digits.
    pub code: SecretInput<Digits>,
    /// Whether sign-ins on this device shall not ask for a factor for the next days. Counts in a sign-in only, and where
    /// the operator offers it.
    #[serde(default)]
    pub trust_device: Option<bool>,
}

impl Documented for VerifySentCode {
    const EXAMPLE: &str = r#"{ "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41", "code": "492817" }"#;
}

impl UseCase for VerifySentCode {
    const PROBLEMS: Problems = &[&[NOTHING_SENT], OPEN, GUESS];
}

/// A recovery code.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UseRecoveryCode {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
    /// As printed; case and dashes do not matter. May also be sent as `code`.
    #[serde(alias = "code")]
    pub recovery_code: SecretInput<RecoveryCode>,
}

impl Documented for UseRecoveryCode {
    const EXAMPLE: &str = r#"{
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "recovery_code": "m4tq-8vcz-01ks-pr3d"
}"#;
    const ALIAS: Option<(&str, &str)> = Some(("recovery_code", "code"));
}

impl UseCase for UseRecoveryCode {
    const PROBLEMS: Problems = &[OPEN, GUESS];
}

/// Codes are on their way.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CodesSent {
    /// Always `sent`.
    pub status: String,
    /// Where to, masked.
    pub sent_to: Vec<String>,
    /// When the challenge ends, in Unix seconds.
    pub expires_at: i64,
    /// Seconds until another code may be requested.
    pub retry_after: u64,
}

impl Documented for CodesSent {
    const EXAMPLE: &str = r#"{
  "status": "sent",
  "sent_to": [
    "+*********06"
  ],
  "expires_at": 1790000300,
  "retry_after": 30
}"#;
}

/// Where a challenge stands after an answer.
#[derive(Debug, Clone)]
pub struct Progress {
    /// What can be proven, and whether it was.
    pub factors: BTreeMap<FactorKind, bool>,
    /// How many of them must be.
    pub require: Requirement,
    /// What can still be proven; nothing once it is complete.
    pub remaining: Vec<FactorKind>,
    /// How many of the remaining ones must be proven.
    pub factors_needed: usize,
    /// How each remaining factor can be proven, for a client that continues after a reload.
    pub methods: Vec<Method>,
    /// When the challenge ends.
    pub expires_at: Timestamp,
    /// The session, once everything a sign-in asks for is proven.
    pub granted: Option<Granted>,
    /// Until when sensitive actions are open, once a step-up is complete.
    pub step_up_until: Option<Timestamp>,
}

/// The start of a step-up.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StartStepUp {
    /// What shall be done with it. Without it the step-up is enough for every action.
    pub action: Option<ActionName>,
}

impl Documented for StartStepUp {
    const EXAMPLE: &str = r#"{ "action": "add_factor" }"#;
}

impl UseCase for StartStepUp {
    const PROBLEMS: Problems = &[];
}

/// What a step-up asks for.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepUpStarted {
    /// Whether a factor is enrolled.
    pub auth_required: bool,
    /// To be sent with the answer; null when the password is asked for.
    pub challenge_id: Option<Shown<ChallengeId>>,
    /// What can be proven.
    pub required_factors: Vec<FactorKind>,
    /// `any` one of them is enough, or `all` must be proven.
    pub require: Requirement,
    /// How many of them must be proven.
    pub factors_needed: usize,
    /// How each of them can be proven.
    pub methods: Vec<Method>,
    /// No factor is enrolled: send the password to `/ui/step-up/password`.
    pub password: bool,
}

impl Documented for StepUpStarted {
    const EXAMPLE: &str = r#"{
  "auth_required": true,
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "required_factors": [
    "totp",
    "sms"
  ],
  "require": "any",
  "factors_needed": 1,
  "methods": [
    {
      "factor": "totp",
      "device_id": null,
      "sent_to": null,
      "code_sent": false,
      "retry_after": 0
    },
    {
      "factor": "sms",
      "device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
      "sent_to": "+*********06",
      "code_sent": false,
      "retry_after": 0
    }
  ],
  "password": false
}"#;
}

/// The password again.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepUpPassword {
    /// The password of the account.
    pub password: SecretInput,
}

impl Documented for StepUpPassword {
    const EXAMPLE: &str = r#"{ "password": "a lighthouse keeps its own hours" }"#;
}

impl UseCase for StepUpPassword {
    const PROBLEMS: Problems = &[&[
        WRONG_CREDENTIALS,
        NO_PASSWORD,
        STEP_UP_REQUIRED,
        TOO_MANY_ATTEMPTS,
        HASHER_BUSY,
    ]];
}

/// Sensitive actions are open for a while.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SteppedUp {
    /// Always `ok`.
    pub status: String,
    /// Until when, in Unix seconds.
    pub step_up_until: i64,
}

impl Documented for SteppedUp {
    const EXAMPLE: &str = r#"{ "status": "ok", "step_up_until": 1790000600 }"#;
}

/// What became of the start of a session.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "one is made for each sign-in, and taken apart at once"
)]
pub enum Started {
    /// No factor is enrolled: the session has begun.
    Granted(Granted),
    /// Factors must be proven first.
    Challenged(Opened),
}
