//! Factors: devices, commands, views and problems.

use crate::foundation::factor_kind::FactorKind;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::id::DeviceId;
use portcullis_ports::notification::Destination;
use portcullis_ports::{Code, Kind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::foundation::input::{
    ChallengeId, Digits, DigitsOrRecovery, Label, RecoveryCode, SecretInput, TypedPhone,
};

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

/// A factor is enrolled.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TotpConfirmed {
    /// Always true.
    pub ok: bool,
    /// Shown only now; empty unless this is the first device of its kind.
    pub recovery_codes: Vec<String>,
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

/// A new phone number.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AddPhone {
    /// With country code, or as it is dialled in the country that the operator set (`factors.default_region`).
    pub phone_e164: TypedPhone,
    /// A name to tell it apart.
    pub label: Option<Label>,
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
    pub challenge_id: String,
    /// Where a code was sent to, masked; empty if there is no other number or address.
    pub sent_to: Vec<String>,
    /// What is accepted as `factor` of the confirmation.
    pub accepts: Vec<ProofKind>,
    /// When the challenge ends, in Unix seconds.
    pub expires_at: i64,
    /// Seconds until another code may be requested; 0 if none was sent.
    pub retry_after: u64,
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
