//! How long one read or commit may try, and how long it waits between two tries.

use std::time::Duration;

use portcullis_ports::clock::Entropy;
use tokio::time::Instant;

/// The longest first wait; it doubles with every try.
const FIRST_WAIT: Duration = Duration::from_millis(25);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// With less time left than this no try is begun: it could only end without an answer.
const LEAST: Duration = Duration::from_millis(20);

/// What is left of the time for one read or commit.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    until: Instant,
    timeout: Duration,
    wait: Duration,
}

impl RetryBudget {
    pub(crate) fn new(deadline: Duration, timeout: Duration) -> Self {
        Self {
            until: Instant::now() + deadline,
            timeout,
            wait: FIRST_WAIT,
        }
    }

    /// How long the next try may take.
    pub(crate) fn of_one_try(&self) -> Duration {
        self.until
            .saturating_duration_since(Instant::now())
            .min(self.timeout)
    }

    /// Waits before the next try, any time up to a bound that grows (full jitter: clients that failed together do not
    /// come back together). False if there is no time for another one.
    pub(crate) async fn pause(&mut self, entropy: &dyn Entropy) -> bool {
        let wait = self.wait.mul_f64(fraction(entropy));
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        if Instant::now() + wait + LEAST > self.until {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}

/// Any number from 0 to 1; 1 if the machine gives no randomness, because waiting needs none.
fn fraction(entropy: &dyn Entropy) -> f64 {
    let mut bytes = [0; 4];
    match entropy.fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portcullis_ports::testkit::FakeEntropy;

    use super::{LONGEST_WAIT, RetryBudget};

    #[tokio::test(start_paused = true)]
    async fn waits_grow_and_end_at_the_deadline() {
        let entropy = FakeEntropy::default();
        let begun = tokio::time::Instant::now();
        let mut retry_budget = RetryBudget::new(Duration::from_secs(20), Duration::from_secs(2));
        let mut tries = 1;
        while retry_budget.pause(&entropy).await {
            tries += 1;
            assert!(retry_budget.of_one_try() <= Duration::from_secs(2));
        }
        assert!(begun.elapsed() <= Duration::from_secs(20));
        // Half of the longest wait on average, once the waits have grown.
        assert!((20..80).contains(&tries), "{tries} tries");
        assert!(retry_budget.wait == LONGEST_WAIT);
    }
}
