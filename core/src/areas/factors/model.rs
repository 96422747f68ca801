//! Factors: devices, commands, views and problems.

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::id::DeviceId;
use portcullis_ports::keys::KEYS_UNAVAILABLE;
use portcullis_ports::notification::Destination;
use portcullis_ports::{Code, Kind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::areas::challenges::{OPEN, SENDS, SMS_SENDS, VerifyCode, WRONG_PURPOSE};
use crate::areas::enrolled_factors::NO_DEVICE;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::{
    ChallengeId, Digits, DigitsOrRecovery, Label, RecoveryCode, SecretInput, Shown, TypedPhone,
};
use crate::foundation::proof::{CHALLENGE_ENDED, DEVICE_NOT_FOUND};
use crate::foundation::use_case::{Documented, Problems, UseCase};
use crate::services::budgets::GUESS;

/// The account has as many devices of this kind as it may have.
pub const DEVICE_LIMIT: Code = Code::new(
    "device-limit",
    Kind::Conflict,
    "You have reached the limit of devices of this kind: remove one first.",
);
/// The number or address is enrolled already.
pub const DEVICE_EXISTS: Code = Code::new(
    "device-exists",
    Kind::Conflict,
    "This number or address is enrolled already.",
);
/// Nothing else is enrolled that could prove who is asking.
pub const NO_OTHER_PROOF: Code = Code::new(
    "no-other-proof",
    Kind::Conflict,
    "There is no other factor to prove that it is you: create recovery codes or add another factor first.",
);

/// A new authenticator app.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AddTotp {
    /// A name to tell it apart.
    pub label: Option<Label>,
}

impl Documented for AddTotp {
    const EXAMPLE: &str = r#"{ "label": "My phone" }"#;
}

impl UseCase for AddTotp {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, DEVICE_LIMIT, KEYS_UNAVAILABLE]];
}

/// A new authenticator app waits for its first code.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TotpBegun {
    /// To be sent with the first code.
    pub device_id: DeviceId,
    /// For the authenticator app.
    pub otpauth_uri: String,
    /// The same secret in base32, for typing.
    pub secret: String,
    /// The same as a picture (SVG).
    pub qr_svg: String,
    /// When the enrolment is forgotten, in Unix seconds.
    pub expires_at: i64,
    /// Always empty: recovery codes are issued by the confirmation.
    pub recovery_codes: Vec<String>,
}

impl Documented for TotpBegun {
    const EXAMPLE: &str = r#"{
  "device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
  "otpauth_uri": "otpauth://totp/Portcullis:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Portcullis",
  "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
  "qr_svg": "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 240 240\"></svg>",
  "expires_at": 1790000600,
  "recovery_codes": []
}"#;
}

/// The first code of a new authenticator app.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ConfirmTotp {
    /// As given by the beginning.
    pub device_id: DeviceId,
    /// Six digits. May also be sent as `code`.
    #[serde(alias = "code")]
    pub totp_code: SecretInput<Digits>,
}

impl Documented for ConfirmTotp {
    const EXAMPLE: &str = r#"{ "device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41", "totp_code": "287082" }"#;
    const ALIAS: Option<(&str, &str)> = Some(("totp_code", "code"));
}

impl UseCase for ConfirmTotp {
    const PROBLEMS: Problems = &[
        &[DEVICE_NOT_FOUND, DEVICE_EXISTS, KEYS_UNAVAILABLE, DEVICE_LIMIT],
        GUESS,
    ];
}

/// A factor is enrolled.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TotpConfirmed {
    /// Always true.
    pub ok: bool,
    /// Shown only now; empty unless this is the first device of its kind.
    pub recovery_codes: Vec<String>,
}

impl Documented for TotpConfirmed {
    const EXAMPLE: &str = r#"{
  "ok": true,
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

/// Proof for the removal of an authenticator app. Without either, the session must have proven a factor recently.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RemoveTotp {
    /// A code of any authenticator app of the account. May also be sent as `code`.
    #[serde(alias = "code")]
    pub totp_code: Option<SecretInput<Digits>>,
    /// A recovery code of the authenticator apps.
    pub recovery_code: Option<SecretInput<RecoveryCode>>,
}

impl Documented for RemoveTotp {
    const EXAMPLE: &str = r#"{ "totp_code": "287082" }"#;
    const ALIAS: Option<(&str, &str)> = Some(("totp_code", "code"));
}

impl UseCase for RemoveTotp {
    const PROBLEMS: Problems = &[&[DEVICE_NOT_FOUND, STEP_UP_REQUIRED], GUESS];
}

/// One authenticator app.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TotpView {
    /// Its id.
    pub device_id: DeviceId,
    /// Its name, or empty.
    pub label: String,
    /// Whether it was confirmed.
    pub enabled: bool,
    /// When it was begun, in Unix seconds.
    pub created_at: i64,
    /// When a code of it was last accepted, or 0.
    pub last_used_at: i64,
}

/// The authenticator apps of an account.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TotpList {
    /// Newest first.
    pub devices: Vec<TotpView>,
}

impl Documented for TotpList {
    const EXAMPLE: &str = r#"{
  "devices": [
    {
      "device_id": "dev_01h2xcejqtf2nbrexx3vqjhp41",
      "label": "My phone",
      "enabled": true,
      "created_at": 1790000000,
      "last_used_at": 1790086400
    }
  ]
}"#;
}

/// A new phone number.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AddPhone {
    /// With country code, or as it is dialled in the country that the operator set (`factors.default_region`).
    pub phone_e164: TypedPhone,
    /// A name to tell it apart.
    pub label: Option<Label>,
}

impl Documented for AddPhone {
    const EXAMPLE: &str = r#"{ "phone_e164": "+15005550006", "label": "Private" }"#;
}

impl UseCase for AddPhone {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, DEVICE_LIMIT, DEVICE_EXISTS], SENDS, SMS_SENDS];
}

/// A new e-mail address.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AddEmail {
    /// The address.
    pub email: EmailAddress,
    /// A name to tell it apart.
    pub label: Option<Label>,
}

impl Documented for AddEmail {
    const EXAMPLE: &str = r#"{ "email": "ada.private@example.com", "label": "Private" }"#;
}

impl UseCase for AddEmail {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, DEVICE_LIMIT, DEVICE_EXISTS], SENDS];
}

/// A code is on its way to a new number or address.
#[derive(Debug, Clone)]
pub struct ContactBegun {
    /// To be sent with the code.
    pub challenge_id: String,
    /// Where to, masked.
    pub sent_to: Vec<String>,
    /// Where to, in full: the normal form of what was typed.
    pub destination: Destination,
    /// The same, written for people.
    pub shown: String,
    /// The device that waits.
    pub device: DeviceId,
    /// When the challenge ends.
    pub expires_at: Timestamp,
    /// Seconds until another code may be requested.
    pub retry_after: u64,
}

/// A number or address is enrolled.
#[derive(Debug, Clone)]
pub struct ContactConfirmed {
    /// The device.
    pub device: DeviceId,
    /// Shown only now; empty unless this is the first device of its kind.
    pub recovery_codes: Vec<String>,
}

/// What a code given for a removal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "lowercase")
)]
pub enum ProofKind {
    /// A code from an authenticator app.
    Totp,
    /// A code that was sent to another phone number.
    Sms,
    /// A code that was sent to another e-mail address.
    Email,
    /// A recovery code.
    Recovery,
}

impl From<FactorKind> for ProofKind {
    fn from(factor: FactorKind) -> Self {
        match factor {
            FactorKind::Totp => Self::Totp,
            FactorKind::Sms => Self::Sms,
            FactorKind::Email => Self::Email,
        }
    }
}

/// The removal of a number or address waits for a proof.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RemovalBegun {
    /// To be sent with the proof.
    pub challenge_id: Shown<ChallengeId>,
    /// Where a code was sent to, masked; empty if there is no other number or address.
    pub sent_to: Vec<String>,
    /// What is accepted as `factor` of the confirmation.
    pub accepts: Vec<ProofKind>,
    /// When the challenge ends, in Unix seconds.
    pub expires_at: i64,
    /// Seconds until another code may be requested; 0 if none was sent.
    pub retry_after: u64,
}

impl Documented for RemovalBegun {
    const EXAMPLE: &str = r#"{
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "sent_to": [
    "+*********06"
  ],
  "accepts": [
    "sms",
    "totp",
    "recovery"
  ],
  "expires_at": 1790000300,
  "retry_after": 30
}"#;
}

impl UseCase for VerifyCode {
    const PROBLEMS: Problems = &[
        &[CHALLENGE_ENDED, WRONG_PURPOSE, DEVICE_EXISTS, DEVICE_LIMIT],
        GUESS,
    ];
}

/// The beginning of the removal of a number or address, which its id alone names.
#[derive(Debug)]
pub struct BeginRemoval;

impl UseCase for BeginRemoval {
    const PROBLEMS: Problems = &[&[DEVICE_NOT_FOUND, NO_OTHER_PROOF], SENDS, SMS_SENDS];
}

/// The proof for the removal of a number or address.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ConfirmRemoval {
    /// As given by the beginning.
    pub challenge_id: SecretInput<ChallengeId>,
    /// The code.
    pub code: SecretInput<DigitsOrRecovery>,
    /// What the code is; by default the kind that was sent.
    pub factor: Option<ProofKind>,
}

impl Documented for ConfirmRemoval {
    const EXAMPLE: &str = r#"{
  "challenge_id": "chal_01h2xcejqtf2nbrexx3vqjhp41",
  "code": "287082",
  "factor": "totp"
}"#;
}

impl UseCase for ConfirmRemoval {
    const PROBLEMS: Problems = &[&[DEVICE_NOT_FOUND], OPEN, GUESS];
}

/// One phone number.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PhoneView {
    /// Its id.
    pub sms_device_id: DeviceId,
    /// The number, masked.
    pub phone_e164: String,
    /// Its name, or empty.
    pub label: String,
    /// Whether it was confirmed.
    pub enabled: bool,
    /// Whether it waits for its first code.
    pub pending: bool,
    /// When it was begun, in Unix seconds.
    pub created_at: i64,
    /// When a code sent to it was last accepted, or 0.
    pub last_used_at: i64,
}

/// One e-mail address.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EmailView {
    /// Its id.
    pub email_device_id: DeviceId,
    /// The address, masked.
    pub email: String,
    /// Its name, or empty.
    pub label: String,
    /// Whether it was confirmed.
    pub enabled: bool,
    /// Whether it waits for its first code.
    pub pending: bool,
    /// When it was begun, in Unix seconds.
    pub created_at: i64,
    /// When a code sent to it was last accepted, or 0.
    pub last_used_at: i64,
}

/// Fresh recovery codes in place of all that were issued for a factor.
#[derive(Debug)]
pub struct RegenerateRecoveryCodes;

impl UseCase for RegenerateRecoveryCodes {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, NO_DEVICE]];
}
