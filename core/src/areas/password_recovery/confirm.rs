//! The new password: everything is checked and used up in one commit.

use portcullis_ports::Result;
use portcullis_ports::notification::Destination;
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::storage::STORE_CONFLICT;

use super::events;
use super::model::{ConfirmRecovery, KnownByCode, RECOVERY_FACTOR_REQUIRED};
use super::{Named, PasswordRecovery};
use crate::areas::challenges::Proofs;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::CHALLENGE_ENDED;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::budgets::Standing;
use crate::services::directory::Account;
use crate::services::epochs::EndReason;
use crate::services::known_devices::IssuedDevice;
use crate::services::security_notifications::SecurityEvent;

/// The most devices of one kind that are told. Each costs two of the hundred writes of a commit.
const TOLD: usize = 10;

impl PasswordRecovery {
    /// Sets a new password, and ends every session and every access token of the account.
    ///
    /// A refusal uses nothing up: a mistyped code costs neither the factor nor the recovery, and a password that is
    /// refused costs neither the code nor the factor.
    ///
    /// # Errors
    /// `wrong-code`, `challenge-ended`, `weak-password`, `recovery-factor-required`, `too-many-attempts`.
    pub async fn confirm(&self, command: ConfirmRecovery, source: &Source) -> Result<KnownByCode> {
        self.count(source).await?;
        let named = Named {
            handle: command.challenge_id.trimmed(),
            username: command.username.as_ref(),
        };
        let proven = self.prove(named, &command.confirmation_code, None).await?;
        let mut judged = proven.account.value.clone();
        if judged.email_verified_at.is_none() {
            // The name was chosen by who claimed the address, and goes with them.
            judged.display_name = None;
        }
        self.passwords
            .judge(&command.new_password, "/new_password", &judged)
            .await?;
        if !proven.is_complete() {
            return Err(factor_required(proven.proofs.as_ref()));
        }
        let hash = self.passwords.hash(&command.new_password).await?;
        let mut done = self
            .context
            .retried(|| self.set_password(named, &hash, source))
            .await;
        if done.as_ref().is_err_and(|error| error.code() == STORE_CONFLICT) {
            // Whoever is signed in may write so often that this never gets through: they go first.
            let subject = &proven.account.subject;
            self.sessions
                .end_all_at_once(subject, EndReason::PasswordRecovered)
                .await?;
            done = self
                .context
                .retried(|| self.set_password(named, &hash, source))
                .await;
        }
        Ok(KnownByCode {
            device: done?,
            transport: command.transport,
        })
    }

    async fn set_password(
        &self,
        named: Named<'_>,
        hash: &PasswordHash,
        source: &Source,
    ) -> Result<IssuedDevice> {
        let found = self.find(named).await?;
        if found.proven_at.is_none() {
            return Err(CHALLENGE_ENDED.error());
        }
        let account = self.account(&found).await?;
        let subject = &account.subject;
        let mut batch = Batch::default();
        let reason = EndReason::PasswordRecovered;
        let ended = self.sessions.end_all_in(&mut batch, subject, reason).await?;
        batch.remove(&found);
        let now = self.context.now();
        let (owner, told) = if account.email_verified_at.is_some() {
            let owner = Account {
                password: hash.clone(),
                recovered_at: Some(now),
                ..account.value.clone()
            };
            self.use_up_proofs(&mut batch, named, &account).await?;
            batch.replace(&account, &owner)?;
            (owner, self.channels(&account).await?)
        } else {
            let owner = self
                .accounts
                .replace_claimed_account_in(&mut batch, &account.email, hash, source)
                .await?;
            (owner, vec![Destination::Email(account.email.clone())])
        };
        let lineage = if owner.subject == account.subject {
            ended.lineage
        } else {
            self.sessions.fresh_lineage(&owner.subject).await?
        };
        let subject = &owner.subject;
        self.budgets.clear_attempts(
            &mut batch,
            "password",
            account.email.as_str(),
            source,
            &Standing::Network,
        )?;
        self.budgets.remember(&mut batch, subject, source)?;
        let device = self
            .devices
            .make_known_alone_in(&mut batch, subject, source, lineage)
            .await?;
        self.audit
            .append(&mut batch, subject, &[Event::success(events::CONFIRM, source)])
            .await?;
        let event = SecurityEvent::PasswordRecovered;
        self.notifications
            .add_to(&mut batch, told, owner.language, &event)
            .await?;
        self.context.commit(batch).await?;
        Ok(device)
    }

    /// Adds the use of the proven factors to the commit. It fails if a factor comes or goes meanwhile.
    ///
    /// # Errors
    /// `recovery-factor-required` if what the account asks for now is not proven by what it has now.
    async fn use_up_proofs(&self, batch: &mut Batch, named: Named<'_>, account: &Account) -> Result<()> {
        for factor in FactorKind::ALL {
            self.enrolled.require_in(batch, &account.subject, factor).await?;
        }
        let current = self.factors_asked_for(account).await?;
        let found = self.challenges.of_recovery(named.handle, &account.subject);
        let Some(found) = found.await? else {
            return if current.is_empty() {
                Ok(())
            } else {
                Err(factor_required(None))
            };
        };
        let proofs = self.challenges.consume_in(batch, &found).await?;
        let answered = proofs.required() == current && proofs.are_complete();
        if current.is_empty() || answered {
            Ok(())
        } else {
            Err(factor_required(Some(&proofs)))
        }
    }

    /// Everywhere the owner can be told: the address of the account, and the addresses and numbers enrolled as factors.
    async fn channels(&self, account: &Account) -> Result<Vec<Destination>> {
        let mut told = vec![Destination::Email(account.email.clone())];
        for factor in [FactorKind::Email, FactorKind::Sms] {
            let devices = self.enrolled.enabled_contacts(&account.subject, factor).await?;
            let others = devices
                .into_iter()
                .map(|device| device.destination)
                .filter(|destination| *destination != told[0])
                .take(TOLD);
            let others: Vec<_> = others.collect();
            told.extend(others);
        }
        Ok(told)
    }
}

fn factor_required(proofs: Option<&Proofs>) -> portcullis_ports::Error {
    let Some(proofs) = proofs else {
        return RECOVERY_FACTOR_REQUIRED.error();
    };
    let words: Vec<&str> = proofs.required().into_iter().map(FactorKind::as_str).collect();
    RECOVERY_FACTOR_REQUIRED.with_detail(format!(
        "The code is right. Now prove a factor of the account ({}) through /ui/password-recovery/challenge, then send \
         the same request again.",
        words.join(", ")
    ))
}
