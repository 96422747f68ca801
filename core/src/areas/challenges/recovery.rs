//! The challenge of a recovery, which goes on when the factors of the account change.

use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};

use super::model::{Challenge, Purpose};
use super::pending::{PendingChallenge, Proofs};
use super::{Challenges, NewChallenge};
use crate::areas::sessions::Transport;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::table::Batch;

impl Challenges {
    /// Adds to the batch the challenge for the factors that the account has now, unless it is stored already. What was
    /// proven before stays proven as long as the account has what gave the proof; a challenge that has ended begins anew,
    /// and ends at `ends_at` at the latest.
    pub(crate) async fn begin_recovery_in(
        &self,
        batch: &mut Batch,
        handle: &str,
        subject: &Subject,
        factors: &[FactorKind],
        ends_at: Timestamp,
    ) -> Result<Proofs> {
        let stored = self.store.stored(handle).await?;
        let mut going_on = match &stored {
            Some(found) if self.is_of_recovery(found, subject).await? => Some(found.value.clone()),
            _ => None,
        };
        if let Some(found) = &mut going_on {
            // The commit that sets the password makes sure of it: until then nothing needs to collide with whoever keeps
            // changing the factors.
            let mut unchecked = Batch::default();
            let withdrawn = self.withdraw_void(&mut unchecked, found, None).await?;
            if found.required() == factors && !withdrawn {
                return Ok(Proofs(found.clone()));
            }
        }
        let mut challenge = self.store.record(
            handle,
            &NewChallenge {
                subject,
                purpose: Purpose::PasswordRecovery,
                require: self.require,
                factors,
                transport: Transport::Header,
                device: None,
                session: None,
                lineage: self.sessions.fresh_lineage(subject).await?,
            },
        );
        challenge.expires_at = challenge.expires_at.min(ends_at);
        if let Some(found) = going_on {
            for (factor, given_by) in found.given_by {
                if factors.contains(&factor) {
                    challenge.pass(factor, given_by);
                }
            }
            challenge.codes = found.codes;
            challenge.codes.retain(|code| factors.contains(&code.factor));
            challenge.created_at = found.created_at;
            challenge.expires_at = found.expires_at;
        }
        match &stored {
            None => batch.insert(&challenge)?,
            Some(stored) => batch.replace(stored, &challenge)?,
        }
        Ok(Proofs(challenge))
    }

    /// The challenge that belongs to a recovery, if there is one that has not ended.
    pub(crate) async fn of_recovery(
        &self,
        handle: &str,
        subject: &Subject,
    ) -> Result<Option<PendingChallenge>> {
        match self.store.stored(handle).await? {
            Some(found) if self.is_of_recovery(&found, subject).await? => Ok(Some(PendingChallenge(found))),
            _ => Ok(None),
        }
    }

    async fn is_of_recovery(&self, found: &Challenge, subject: &Subject) -> Result<bool> {
        let open = found.subject == *subject && found.purpose == Purpose::PasswordRecovery && found.is_open();
        Ok(open && self.store.goes_on(found).await?)
    }

    /// Adds the end of a challenge to the batch, and says what of it is proven by what the account has now. The commit
    /// fails if that changes meanwhile.
    pub(crate) async fn consume_in(&self, batch: &mut Batch, pending: &PendingChallenge) -> Result<Proofs> {
        let mut challenge = pending.0.value.clone();
        self.withdraw_void(batch, &mut challenge, None).await?;
        pending.consume_in(batch)?;
        Ok(Proofs(challenge))
    }
}
