//! Budgets of answers: passwords, codes, whatever can be guessed.

use portcullis_ports::Result;

use super::{Budgets, Counter, Standing, TOO_MANY_ATTEMPTS, Use};
use crate::foundation::limit::Limit;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;

/// The budget that a right answer opens again.
pub(super) const OWN: &str = "attempts";

impl Budgets {
    /// Counts an answer of `account` to `what`.
    ///
    /// Where the account never signed in before, all share one budget besides their own; a device or a network where it
    /// did has one of its own only, and so have all places together where a code from a mail was proven. Live sessions
    /// elsewhere share one as well, which whoever has no session cannot touch. Whoever guesses from elsewhere can
    /// therefore not lock the owner out. Either way as many counters are read and written, so that the time tells nothing.
    pub(crate) async fn attempt(
        &self,
        what: &str,
        account: &str,
        source: &Source,
        standing: &Standing,
    ) -> Result<()> {
        let limits = &self.settings;
        let counted_as = standing.counted_as(source);
        let own = [what, account, counted_as.as_str()];
        let uses = [
            Use {
                name: OWN,
                of: &own,
                limit: limits.attempts,
            },
            match standing {
                Standing::Device(_) | Standing::Network | Standing::MailCode => Use {
                    name: "attempts-known",
                    of: &own,
                    limit: limits.attempts_from_unknown,
                },
                Standing::Session(_) => Use {
                    name: "attempts-session",
                    of: &own[..2],
                    limit: limits.attempts_from_unknown,
                },
                Standing::Unknown => Use {
                    name: "attempts-unknown",
                    of: &own[..2],
                    limit: limits.attempts_from_unknown,
                },
            },
        ];
        self.take(TOO_MANY_ATTEMPTS, &uses).await
    }

    /// Counts an answer to `what` in a recovery whose mailed code is proven: so many in each recovery, and so many of
    /// the account in all its recoveries. Only who reads the mail of the account gets here, so that nobody else uses
    /// them up; a right answer does not open them again.
    pub(crate) async fn recovery_attempt(&self, what: &str, recovery: &str, account: &str) -> Result<()> {
        let uses = [
            Use {
                name: "recovery-factor",
                of: &[what, recovery],
                limit: Limit::new(self.settings.attempts.most, self.lifetimes.recovery),
            },
            Use {
                name: "recovery-factor-account",
                of: &[what, account],
                limit: self.settings.attempts_from_unknown,
            },
        ];
        self.take(TOO_MANY_ATTEMPTS, &uses).await
    }

    /// Forgets the wrong answers before a right one.
    pub(crate) fn clear_attempts(
        &self,
        batch: &mut Batch,
        what: &str,
        account: &str,
        source: &Source,
        standing: &Standing,
    ) -> Result<()> {
        let key = self.key(OWN, &[what, account, &standing.counted_as(source)])?;
        self.refusals.forget(&key);
        batch.clear::<Counter>(key, Counter::SORT.into());
        Ok(())
    }
}
