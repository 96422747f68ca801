//! Password recovery: commands, views and problems.

use std::collections::BTreeMap;

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::id::DeviceId;
use portcullis_ports::passwords::HASHER_BUSY;
use portcullis_ports::{Code, Kind};
use serde::{Deserialize, Serialize};

use crate::areas::accounts::WEAK_PASSWORD;
use crate::areas::challenges::{FACTOR_NOT_REQUIRED, Method, NOTHING_SENT, SENDS, SMS_SENDS};
use crate::areas::enrolled_factors::NO_DEVICE;
use crate::areas::sessions::Transport;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::{
    ChallengeId, Digits, DigitsOrLink, NewPassword, RecoveryCode, SecretInput, Shown,
};
use crate::foundation::proof::{CHALLENGE_ENDED, DEVICE_NOT_FOUND, WRONG_CODE};
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::budgets::{GUESS, TOO_MANY_ATTEMPTS, TOO_MANY_SENDS};
use crate::services::known_devices::IssuedDevice;
use crate::services::outbox::CHANNEL_UNAVAILABLE;

/// A factor was asked for before the code from the mail was proven.
pub const RECOVERY_CODE_FIRST: Code = Code::new(
    "recovery-code-first",
    Kind::Conflict,
    "Prove the code from the mail first, through POST /ui/password-recovery/verify.",
);
/// The code from the mail is right, and a factor of the account is missing.
pub const RECOVERY_FACTOR_REQUIRED: Code = Code::new(
    "recovery-factor-required",
    Kind::Unauthenticated,
    "The code is right. Now prove a factor through /ui/password-recovery/challenge, then send the same request again.",
);

/// What whoever proves a factor may learn of a recovery.
const RECOVERY_OPEN: &[Code] = &[
    RECOVERY_CODE_FIRST,
    CHALLENGE_ENDED,
    TOO_MANY_ATTEMPTS,
    FACTOR_NOT_REQUIRED,
];

/// A request for a new password by somebody who forgot theirs.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StartRecovery {
    /// The e-mail address of the account.
    pub username: EmailAddress,
}

impl Documented for StartRecovery {
    const EXAMPLE: &str = r#"{ "username": "ada@example.com" }"#;
}

impl UseCase for StartRecovery {
    const PROBLEMS: Problems = &[&[TOO_MANY_SENDS, CHANNEL_UNAVAILABLE]];
}

/// A recovery was started, or nothing was: the answer is the same.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RecoveryStarted {
    /// Always `ok`.
    pub status: String,
    /// Always `EMAIL`.
    pub delivery_medium: String,
    /// Where a mail goes if the address has an account: the address as it was given, masked.
    pub delivery_destination: String,
    /// To be sent with everything that follows.
    pub challenge_id: Shown<ChallengeId>,
    /// Always empty: which factors the account asks for is told to whoever proves the code from the mail.
    pub required_factors: Vec<FactorKind>,
    /// When code and link end, in Unix seconds.
    pub expires_at: i64,
    /// Seconds until another mail may be requested.
    pub retry_after: u64,
}

impl Documented for RecoveryStarted {
    const EXAMPLE: &str = r#"{
  "status": "ok",
  "delivery_medium": "EMAIL",
  "delivery_destination": "a***@example.com",
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "required_factors": [],
  "expires_at": 1793707200,
  "retry_after": 30
}"#;
}

/// The code from the mail.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifyRecovery {
    /// The address that was given at the start. May be left out; if it is there it must be that one.
    pub username: Option<EmailAddress>,
    /// As given at the start, or by the link in the mail.
    pub challenge_id: SecretInput<ChallengeId>,
    /// The digits from the mail, or the `code` of its link. May also be sent as `code`.
    #[serde(alias = "code")]
    pub confirmation_code: SecretInput<DigitsOrLink>,
    /// How the client keeps the token of its device, which is told from strangers from now on: `cookie` sets it as an
    /// `HttpOnly` cookie, for browsers; with `header` (default) it is in the answer.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub transport: Transport,
}

impl Documented for VerifyRecovery {
    const EXAMPLE: &str =
        r#"{ "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41", "confirmation_code": "492817" }"#;
    const ALIAS: Option<(&str, &str)> = Some(("confirmation_code", "code"));
}

impl UseCase for VerifyRecovery {
    const PROBLEMS: Problems = &[&[CHALLENGE_ENDED], GUESS];
}

/// The new password, with everything that allows it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ConfirmRecovery {
    /// The address that was given at the start. May be left out; if it is there it must be that one.
    pub username: Option<EmailAddress>,
    /// As given at the start, or by the link in the mail.
    pub challenge_id: SecretInput<ChallengeId>,
    /// The digits from the mail, or the `code` of its link. May also be sent as `code`.
    #[serde(alias = "code")]
    pub confirmation_code: SecretInput<DigitsOrLink>,
    /// The password from now on.
    pub new_password: SecretInput<NewPassword>,
    /// How the client keeps the token of its device, as in `/ui/password-recovery/verify`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub transport: Transport,
}

impl Documented for ConfirmRecovery {
    const EXAMPLE: &str = r#"{
  "username": "ada@example.com",
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "confirmation_code": "492817",
  "new_password": "four ferries cross before breakfast"
}"#;
    const ALIAS: Option<(&str, &str)> = Some(("confirmation_code", "code"));
}

impl UseCase for ConfirmRecovery {
    const PROBLEMS: Problems = &[
        &[
            CHALLENGE_ENDED,
            RECOVERY_FACTOR_REQUIRED,
            WEAK_PASSWORD,
            HASHER_BUSY,
        ],
        GUESS,
    ];
}

/// A code from an authenticator app.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ProveTotp {
    /// The address that was given at the start. May be left out; if it is there it must be that one.
    pub username: Option<EmailAddress>,
    /// As given at the start, or by the link in the mail.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Six digits. May also be sent as `code`.
    #[serde(alias = "code")]
    pub totp_code: SecretInput<Digits>,
}

impl Documented for ProveTotp {
    const EXAMPLE: &str = r#"{
  "username": "ada@example.com",
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "totp_code": "492817"
}"#;
    const ALIAS: Option<(&str, &str)> = Some(("totp_code", "code"));
}

impl UseCase for ProveTotp {
    const PROBLEMS: Problems = &[&[WRONG_CODE], RECOVERY_OPEN];
}

/// A request to send a code to a phone number of the account.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SendRecoverySms {
    /// The address that was given at the start. May be left out; if it is there it must be that one.
    pub username: Option<EmailAddress>,
    /// As given at the start, or by the link in the mail.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Only to this number; otherwise to all of the account.
    pub sms_device_id: Option<DeviceId>,
}

impl Documented for SendRecoverySms {
    const EXAMPLE: &str =
        r#"{ "username": "ada@example.com", "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41" }"#;
}

impl UseCase for SendRecoverySms {
    const PROBLEMS: Problems = &[&[NO_DEVICE, DEVICE_NOT_FOUND], RECOVERY_OPEN, SENDS, SMS_SENDS];
}

/// A request to send a code to another e-mail address of the account.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SendRecoveryEmail {
    /// The address that was given at the start. May be left out; if it is there it must be that one.
    pub username: Option<EmailAddress>,
    /// As given at the start, or by the link in the mail.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Only to this address; otherwise to all of the account.
    pub email_device_id: Option<DeviceId>,
}

impl Documented for SendRecoveryEmail {
    const EXAMPLE: &str =
        r#"{ "username": "ada@example.com", "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41" }"#;
}

impl UseCase for SendRecoveryEmail {
    const PROBLEMS: Problems = &[&[NO_DEVICE, DEVICE_NOT_FOUND], RECOVERY_OPEN, SENDS];
}

/// A code that was sent to a factor.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ProveSentCode {
    /// The address that was given at the start. May be left out; if it is there it must be that one.
    pub username: Option<EmailAddress>,
    /// As given at the start, or by the link in the mail.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Six digits.
    pub code: SecretInput<Digits>,
}

impl Documented for ProveSentCode {
    const EXAMPLE: &str = r#"{
  "username": "ada@example.com",
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "code": "492817"
}"#;
}

impl UseCase for ProveSentCode {
    const PROBLEMS: Problems = &[&[WRONG_CODE, NOTHING_SENT], RECOVERY_OPEN];
}

/// A recovery code in place of a factor whose device is lost.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ProveRecoveryCode {
    /// The address that was given at the start. May be left out; if it is there it must be that one.
    pub username: Option<EmailAddress>,
    /// As given at the start, or by the link in the mail.
    pub challenge_id: SecretInput<ChallengeId>,
    /// The factor it stands in for.
    pub factor: FactorKind,
    /// As printed; case and dashes do not matter. May also be sent as `code`.
    #[serde(alias = "code")]
    pub recovery_code: SecretInput<RecoveryCode>,
}

impl Documented for ProveRecoveryCode {
    const EXAMPLE: &str = r#"{
  "username": "ada@example.com",
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "factor": "totp",
  "recovery_code": "7m3k-q9xw-2b4t-h8rv"
}"#;
    const ALIAS: Option<(&str, &str)> = Some(("recovery_code", "code"));
}

impl UseCase for ProveRecoveryCode {
    const PROBLEMS: Problems = &[&[WRONG_CODE], RECOVERY_OPEN];
}

/// Where a recovery stands whose code is proven.
#[derive(Debug, Clone, Default)]
pub struct RecoveryProgress {
    /// What the account asks for beside the code, and whether it was proven.
    pub factors: BTreeMap<FactorKind, bool>,
    /// What can still be proven; nothing once it is complete.
    pub remaining: Vec<FactorKind>,
    /// How each of them can be proven.
    pub methods: Vec<Method>,
    /// Whether a new password can be set.
    pub complete: bool,
    /// When the recovery ends, in Unix seconds.
    pub expires_at: i64,
    /// The device that proved the code, which is known from now on.
    pub device: Option<KnownByCode>,
}

/// A device that proved a code from a mail, and how its client keeps its token.
#[derive(Debug, Clone)]
pub struct KnownByCode {
    /// The device.
    pub device: IssuedDevice,
    /// In a header, or in a cookie.
    pub transport: Transport,
}
