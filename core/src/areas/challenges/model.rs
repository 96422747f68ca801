//! Challenges: the state machine that collects proofs, and its problems.

use std::collections::BTreeMap;

use portcullis_ports::id::{DeviceId, KnownDeviceId, SessionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind, Timestamp};
use serde::{Deserialize, Serialize};

use super::commands::Progress;
use crate::areas::sessions::{Granted, Transport};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::GivenBy;
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
pub(super) struct SentCode {
    /// The device it was sent to.
    pub(super) device: DeviceId,
    /// The channel's factor.
    pub(super) factor: FactorKind,
    /// A keyed hash bound to challenge and device.
    pub(super) mac: String,
    /// When it went out.
    pub(super) sent_at: Timestamp,
}

/// Where a challenge stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It collects proofs.
    Open,
    /// It was answered; a sign-in names the session it became.
    Consumed(Option<SessionId>),
}

/// A short-lived record that collects proofs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Challenge {
    /// SHA-256 of the id that only the client holds.
    pub(super) id_hash: String,
    pub(super) subject: Subject,
    pub(super) purpose: Purpose,
    pub(super) state: State,
    /// How many of the factors must be proven.
    #[serde(default = "every_factor")]
    pub(super) require: Requirement,
    /// Each factor it asks for, and whether it was proven.
    pub(super) factors: BTreeMap<FactorKind, bool>,
    /// What gave the proof of each factor that was proven.
    #[serde(default)]
    pub(super) given_by: BTreeMap<FactorKind, GivenBy>,
    pub(super) codes: Vec<SentCode>,
    pub(super) transport: Transport,
    /// Whether the device is to be known once it is complete.
    #[serde(default)]
    pub(super) remember_device: bool,
    /// Whether the person wants the device to be trusted.
    #[serde(default)]
    pub(super) trust_device: bool,
    /// The device that became known when it was completed.
    #[serde(default)]
    pub(super) known_device: Option<KnownDeviceId>,
    /// The device it is about, when it adds or removes one.
    pub(super) device: Option<DeviceId>,
    /// The session it strengthens, when it does.
    pub(super) session: Option<SessionId>,
    /// What it grew from, and ends with.
    #[serde(default)]
    pub(super) lineage: Lineage,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// What a challenge without a rule of its own asks for.
fn every_factor() -> Requirement {
    Requirement::All
}

impl Challenge {
    /// Whether it waits for answers.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether everything it asks for is proven.
    pub(super) fn is_complete(&self) -> bool {
        self.needed() == 0
    }

    /// How many factors must still be proven.
    pub(super) fn needed(&self) -> usize {
        self.require.missing(&self.factors)
    }

    /// The factors that can still be proven; none once it is complete.
    pub(super) fn remaining(&self) -> Vec<FactorKind> {
        if self.is_complete() {
            Vec::new()
        } else {
            self.proven(false)
        }
    }

    /// The factors that were proven.
    pub(super) fn passed(&self) -> Vec<FactorKind> {
        self.proven(true)
    }

    fn proven(&self, whether: bool) -> Vec<FactorKind> {
        let found = self.factors.iter().filter(|(_, passed)| **passed == whether);
        found.map(|(factor, _)| *factor).collect()
    }

    /// The factors it asks for.
    pub(super) fn required(&self) -> Vec<FactorKind> {
        self.factors.keys().copied().collect()
    }

    /// Where it stands, to be told to the client.
    pub(super) fn progress(&self, granted: Option<Granted>, step_up_until: Option<Timestamp>) -> Progress {
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
    pub(super) fn pass(&mut self, factor: FactorKind, given_by: GivenBy) {
        self.factors.insert(factor, true);
        self.given_by.insert(factor, given_by);
        self.codes.retain(|code| code.factor != factor);
    }

    /// Forgets that a factor was proven, so that it is asked for again.
    pub(super) fn withdraw(&mut self, factor: FactorKind) {
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
