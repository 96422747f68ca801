//! Who proves an address takes it over from who only claimed it. Nothing of the former account is left to the new one.

use portcullis_ports::Result;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::passwords::PasswordHash;

use super::Accounts;
use super::events;
use super::records::Waiting;
use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::directory::{Account, Claimed, Directory};

impl Accounts {
    /// Adds to a batch that the account with an address, which it never proved, is replaced by a new one of whoever proved
    /// it by a recovery. Everything that waits for the proof of the address is void with that. The sessions of the former
    /// are ended by the caller.
    ///
    /// # Errors
    /// `challenge-ended` if there is no such account, or if it proved the address.
    pub(crate) async fn replace_claimed_account_in(
        &self,
        batch: &mut Batch,
        email: &EmailAddress,
        password: &PasswordHash,
        source: &Source,
    ) -> Result<Account> {
        let claimed = self.directory.claimed(email).await?;
        if claimed.is_none() {
            return Err(CHALLENGE_ENDED.error());
        }
        let now = self.context.now();
        let owner = Account {
            recovered_at: Some(now),
            ..self.new_account(&self.new_subject()?, email, password, None, Some(now), source)
        };
        self.take_address(batch, &owner, claimed, source).await?;
        batch.clear::<Waiting>(email.to_string(), Waiting::SORT.into());
        Ok(owner)
    }

    /// Adds a new account that has proven its address to a batch. An account that claimed the address and never proved it
    /// goes, with everything that was set up in it; its subject is given back.
    ///
    /// # Errors
    /// `wrong-code` if the address has an account that proved it.
    pub(super) async fn take_address(
        &self,
        batch: &mut Batch,
        owner: &Account,
        claimed: Option<Claimed>,
        source: &Source,
    ) -> Result<Option<Subject>> {
        let Some(claimed) = claimed else {
            Directory::open_in(batch, owner)?;
            return Ok(None);
        };
        if claimed.is_proven() {
            return Err(WRONG_CODE.error());
        }
        let gone = claimed.pass_on_in(batch, owner)?;
        EnrolledFactors::discard(batch, &gone);
        for factor in FactorKind::ALL {
            RecoveryCodeStore::discard(batch, &gone, factor);
        }
        self.audit
            .append(batch, &gone, &[Event::info(events::ACCOUNT_GAVE_WAY, source)])
            .await?;
        Ok(Some(gone))
    }
}
