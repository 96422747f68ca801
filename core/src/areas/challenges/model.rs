//! Challenges: the state machine that collects proofs, commands, views and problems.

use std::collections::BTreeMap;

use crate::areas::sessions::Transport;
use crate::foundation::proof::GivenBy;
use portcullis_ports::id::{DeviceId, KnownDeviceId, SessionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::areas::sessions::Granted;
use crate::areas::step_up::Action;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::input::{ChallengeId, Digits, RecoveryCode, SecretInput};
use crate::foundation::requirement::Requirement;
use crate::services::epochs::Lineage;

/// The challenge was made for something else.
pub const WRONG_PURPOSE: Code = Code::new(
    "challenge-purpose",
    Kind::Conflict,
    "This challenge was started for something else.",
);
/// The challenge does not ask for this factor.
pub const FACTOR_NOT_REQUIRED: Code = Code::new(
    "factor-not-required",
    Kind::Conflict,
    "This challenge does not ask for this factor.",
);
/// A code must be requested first.
pub const NOTHING_SENT: Code = Code::new(
    "nothing-sent",
    Kind::Conflict,
    "No code was sent for this challenge yet: request one first.",
);

/// What a challenge is for. It is fixed when the challenge is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To begin a session.
    SignIn,
    /// To renew the proof in a session.
    StepUp,
    /// To add a phone number.
    SmsEnrol,
    /// To remove a phone number.
    SmsRemove,
    /// To add an e-mail address.
    EmailEnrol,
    /// To remove an e-mail address.
    EmailRemove,
    /// To set a new password without the old one.
    PasswordRecovery,
}

/// One code that was sent to one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SentCode {
    /// The device it was sent to.
    pub(crate) device: DeviceId,
    /// The channel's factor.
    pub(crate) factor: FactorKind,
    /// A keyed hash bound to challenge and device.
    pub(crate) mac: String,
    /// When it went out.
    pub(crate) sent_at: Timestamp,
}

/// Where a challenge stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It collects proofs.
    Open,
    /// It was answered; a sign-in names the session it became.
    Consumed(Option<SessionId>),
}

/// A short-lived record that collects proofs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Challenge {
    /// SHA-256 of the id that only the client holds.
    pub(crate) id_hash: String,
    pub(crate) subject: Subject,
    pub(crate) purpose: Purpose,
    pub(crate) state: State,
    /// How many of the factors must be proven.
    #[serde(default = "every_factor")]
    pub(crate) require: Requirement,
    /// Each factor it asks for, and whether it was proven.
    pub(crate) factors: BTreeMap<FactorKind, bool>,
    /// What gave the proof of each factor that was proven.
    #[serde(default)]
    pub(crate) given_by: BTreeMap<FactorKind, GivenBy>,
    pub(crate) codes: Vec<SentCode>,
    pub(crate) transport: Transport,
    /// Whether the device is to be known once it is complete.
    #[serde(default)]
    pub(crate) remember_device: bool,
    /// Whether the person wants the device to be trusted.
    #[serde(default)]
    pub(crate) trust_device: bool,
    /// The device that became known when it was completed.
    #[serde(default)]
    pub(crate) known_device: Option<KnownDeviceId>,
    /// The device it is about, when it adds or removes one.
    pub(crate) device: Option<DeviceId>,
    /// The session it strengthens, when it does.
    pub(crate) session: Option<SessionId>,
    /// What it grew from, and ends with.
    #[serde(default)]
    pub(crate) lineage: Lineage,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// What a challenge without a rule of its own asks for.
fn every_factor() -> Requirement {
    Requirement::All
}

impl Challenge {
    /// Whether it waits for answers.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether everything it asks for is proven.
    pub(crate) fn is_complete(&self) -> bool {
        self.needed() == 0
    }

    /// How many factors must still be proven.
    pub(crate) fn needed(&self) -> usize {
        self.require.missing(&self.factors)
    }

    /// The factors that can still be proven; none once it is complete.
    pub(crate) fn remaining(&self) -> Vec<FactorKind> {
        if self.is_complete() {
            Vec::new()
        } else {
            self.proven(false)
        }
    }

    /// The factors that were proven.
    pub(crate) fn passed(&self) -> Vec<FactorKind> {
        self.proven(true)
    }

    fn proven(&self, whether: bool) -> Vec<FactorKind> {
        let found = self.factors.iter().filter(|(_, passed)| **passed == whether);
        found.map(|(factor, _)| *factor).collect()
    }

    /// The factors it asks for.
    pub(crate) fn required(&self) -> Vec<FactorKind> {
        self.factors.keys().copied().collect()
    }

    /// Where it stands, to be told to the client.
    pub(crate) fn progress(&self, granted: Option<Granted>, step_up_until: Option<Timestamp>) -> Progress {
        Progress {
            factors: self.factors.clone(),
            require: self.require,
            remaining: self.remaining(),
            factors_needed: self.needed(),
            methods: Vec::new(),
            expires_at: self.expires_at,
            granted,
            step_up_until,
        }
    }

    /// Remembers that a factor was proven.
    pub(crate) fn pass(&mut self, factor: FactorKind, given_by: GivenBy) {
        self.factors.insert(factor, true);
        self.given_by.insert(factor, given_by);
        self.codes.retain(|code| code.factor != factor);
    }

    /// Forgets that a factor was proven, so that it is asked for again.
    pub(crate) fn withdraw(&mut self, factor: FactorKind) {
        self.factors.entry(factor).and_modify(|passed| *passed = false);
        self.given_by.remove(&factor);
    }
}

/// A challenge that has just been made. The id is known to the client alone.
#[derive(Debug, Clone)]
pub struct Opened {
    /// To be sent with every answer.
    pub challenge_id: String,
    /// What can be proven.
    pub required_factors: Vec<FactorKind>,
    /// How many of them must be.
    pub require: Requirement,
    /// The same as a number.
    pub factors_needed: usize,
    /// How each of them can be proven.
    pub methods: Vec<Method>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// One way to prove a factor: an authenticator app, or a code to one number or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Method {
    /// The factor that it proves.
    pub factor: FactorKind,
    /// To be named when a code is requested; null for authenticator apps.
    pub device_id: Option<DeviceId>,
    /// Where the code goes, masked; null for authenticator apps.
    pub sent_to: Option<String>,
    /// Whether a code of this challenge went there.
    pub code_sent: bool,
    /// Seconds until another code may be requested.
    pub retry_after: u64,
}

/// Names a challenge.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct NameChallenge {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
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

/// A request to send a code by text message.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SendSmsCode {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Only to this number; otherwise to all of the account.
    pub sms_device_id: Option<DeviceId>,
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

/// A code that was sent.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VerifyCode {
    /// As given when the challenge was started.
    pub challenge_id: SecretInput<ChallengeId>,
    /// Six digits.
    pub code: SecretInput<Digits>,
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
    pub action: Option<Action>,
}

/// What a step-up asks for.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepUpStarted {
    /// Whether a factor is enrolled.
    pub auth_required: bool,
    /// To be sent with the answer; null when the password is asked for.
    pub challenge_id: Option<String>,
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

/// The password again.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepUpPassword {
    /// The password of the account.
    pub password: SecretInput,
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
