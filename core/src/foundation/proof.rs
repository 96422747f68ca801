//! What gave a proof of a factor, and how wrong and late ones are refused.

use portcullis_ports::id::DeviceId;
use portcullis_ports::{Code, Kind};
use serde::{Deserialize, Serialize};

/// The code is wrong, used or too old.
pub const WRONG_CODE: Code = Code::new(
    "wrong-code",
    Kind::Unauthenticated,
    "The code is wrong, was already used or is too old.",
);
/// The challenge is unknown, answered or too old.
pub const CHALLENGE_ENDED: Code = Code::new(
    "challenge-ended",
    Kind::Unauthenticated,
    "This sign-in step is over or unknown: please start again.",
);
/// No device of this account has that id.
pub const DEVICE_NOT_FOUND: Code = Code::new(
    "device-not-found",
    Kind::NotFound,
    "You have no device with this id.",
);

/// What gave the proof of a factor. Without it the proof is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GivenBy {
    /// A code of this device, or one that was sent to it.
    Device(DeviceId),
    /// The recovery code with this keyed hash, which its set keeps when it is used.
    RecoveryCode(String),
}
