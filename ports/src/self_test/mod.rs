//! Self-tests: what only a real account can prove, because a connected plugin is used once, as the service uses it.

mod messages;
mod records;
mod secrets;

use crate::clock::{Clock, Entropy};
use crate::error::{Code, Kind};
use crate::notification::Destination;
use crate::storage::Collection;

pub(crate) use messages::message;
pub(crate) use records::round_trip as record_round_trip;
pub(crate) use secrets::round_trip as secret_round_trip;

const FAILED: Code = Code::new(
    "self-test-failed",
    Kind::Unavailable,
    "A plugin does not do what it is there for.",
);

/// What a self-test may use.
pub struct SelfTest<'a> {
    /// The time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// Every family of records that the service keeps.
    pub collections: &'a [Collection],
    /// To whom a message is sent; without it none is.
    pub send_to: Option<&'a Destination>,
}
