//! Starting over when somebody else was faster.

use std::time::Duration;

use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Clock, Entropy, Result};

/// How often a use case starts over before it tells the caller to come back.
const ATTEMPTS: u32 = 24;

/// Runs a use case again from its reads while others change the same records.
///
/// The waits grow and differ from try to try and from node to node, so that many contenders do not keep meeting.
pub(crate) async fn retry_on_conflict<T, F>(
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    mut attempt: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    for round in 1..ATTEMPTS {
        match attempt().await {
            Err(error) if error.code() == STORE_CONFLICT => {
                if round > 2 {
                    let mut drawn = [0; 4];
                    entropy.fill(&mut drawn)?;
                    let spread = u32::from_be_bytes(drawn) % round;
                    clock.sleep(Duration::from_millis((round + spread).into())).await;
                }
            }
            decided => return decided,
        }
    }
    attempt().await
}
