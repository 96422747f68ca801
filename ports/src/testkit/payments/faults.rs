//! What goes wrong with one call of the vendor in memory.

use std::time::Duration;

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentFault {
    /// The connection is refused: the vendor never sees the call, and the caller knows.
    Refused,
    /// The vendor is too busy, and names a wait: it does not act.
    Busy(Duration),
    /// The call is lost on its way: the vendor never sees it, and the caller cannot know.
    RequestLost,
    /// The vendor acts and its answer is lost.
    AnswerLost,
    /// The vendor acts and answers with a server error, which is what the key answers ever after.
    ActsThenFails,
    /// Nothing happens and no answer comes; after this time the vendor acts.
    ActsLate(Duration),
    /// The vendor acts twice, as if it did not know keys.
    ActsTwice,
}
