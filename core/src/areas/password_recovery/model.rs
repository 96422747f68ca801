//! Password recovery: commands, views and problems.

use std::collections::BTreeMap;

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::id::DeviceId;
use portcullis_ports::{Code, Kind};
use serde::{Deserialize, Serialize};

use crate::areas::challenges::Method;
use crate::areas::sessions::Transport;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::{ChallengeId, Digits, DigitsOrLink, NewPassword, RecoveryCode, SecretInput};
use crate::services::known_devices::IssuedDevice;

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

/// A request for a new password by somebody who forgot theirs.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StartRecovery {
    /// The e-mail address of the account.
    pub username: EmailAddress,
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
    pub challenge_id: String,
    /// Always empty: which factors the account asks for is told to whoever proves the code from the mail.
    pub required_factors: Vec<FactorKind>,
    /// When code and link end, in Unix seconds.
    pub expires_at: i64,
    /// Seconds until another mail may be requested.
    pub retry_after: u64,
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
