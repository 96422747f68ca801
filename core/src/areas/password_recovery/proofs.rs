//! The factors that a recovery asks for on top of the code from the mail.

use portcullis_ports::notification::Destination;
use portcullis_ports::{Result, Timestamp};

use super::model::{
    ProveRecoveryCode, ProveSentCode, ProveTotp, RECOVERY_CODE_FIRST, RecoveryProgress, SendRecoveryEmail,
    SendRecoverySms,
};
use super::records::Recovery;
use super::{Named, PasswordRecovery};
use crate::areas::challenges::{Answer, CodesSent, FACTOR_NOT_REQUIRED, Proofs, Purpose, Round};
use crate::areas::sessions::Identified;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::CHALLENGE_ENDED;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Versioned};
use crate::services::directory::Account;

/// The way to the factors of an account whose code was proven.
struct Open {
    who: Identified,
    /// The mailbox that gave the code already, which proves nothing a second time.
    mailbox: Destination,
    recovery: Versioned<Recovery>,
}

impl PasswordRecovery {
    /// Answers with a code of an authenticator app.
    ///
    /// # Errors
    /// `recovery-code-first`, `challenge-ended`, `factor-not-required`, `wrong-code`, `too-many-attempts`.
    pub async fn prove_totp(&self, command: ProveTotp, source: &Source) -> Result<RecoveryProgress> {
        let named = Named {
            handle: command.challenge_id.trimmed(),
            username: command.username.as_ref(),
        };
        self.answer(
            named,
            FactorKind::Totp,
            Answer::Totp(command.totp_code.trimmed()),
            source,
        )
        .await
    }

    /// Sends codes by text message.
    ///
    /// # Errors
    /// `recovery-code-first`, `challenge-ended`, `factor-not-required`, and as [`crate::areas::challenges::Challenges::send_sms`].
    pub async fn send_sms(&self, command: SendRecoverySms, source: &Source) -> Result<CodesSent> {
        let named = Named {
            handle: command.challenge_id.trimmed(),
            username: command.username.as_ref(),
        };
        let open = self.open(named, source).await?;
        let only = command.sms_device_id.as_ref();
        self.challenges
            .send(&open.who, open.round(), named.handle, FactorKind::Sms, only)
            .await
    }

    /// Sends codes to the e-mail addresses of the account, except to the one whose mailbox gave the code already.
    ///
    /// # Errors
    /// As [`PasswordRecovery::send_sms`].
    pub async fn send_email(&self, command: SendRecoveryEmail, source: &Source) -> Result<CodesSent> {
        let named = Named {
            handle: command.challenge_id.trimmed(),
            username: command.username.as_ref(),
        };
        let open = self.open(named, source).await?;
        let only = command.email_device_id.as_ref();
        self.challenges
            .send(&open.who, open.round(), named.handle, FactorKind::Email, only)
            .await
    }

    /// Answers with a code that came by text message or by e-mail.
    ///
    /// # Errors
    /// As [`PasswordRecovery::prove_totp`], and `nothing-sent`.
    pub async fn prove_sent(
        &self,
        factor: FactorKind,
        command: ProveSentCode,
        source: &Source,
    ) -> Result<RecoveryProgress> {
        let named = Named {
            handle: command.challenge_id.trimmed(),
            username: command.username.as_ref(),
        };
        self.answer(named, factor, Answer::Sent(command.code.trimmed()), source)
            .await
    }

    /// Answers with a recovery code in place of a factor whose device is lost.
    ///
    /// # Errors
    /// As [`PasswordRecovery::prove_totp`].
    pub async fn prove_recovery_code(
        &self,
        command: ProveRecoveryCode,
        source: &Source,
    ) -> Result<RecoveryProgress> {
        let named = Named {
            handle: command.challenge_id.trimmed(),
            username: command.username.as_ref(),
        };
        let answer = Answer::Recovery(command.recovery_code.trimmed());
        self.answer(named, command.factor, answer, source).await
    }

    async fn answer(
        &self,
        named: Named<'_>,
        factor: FactorKind,
        answer: Answer<'_>,
        source: &Source,
    ) -> Result<RecoveryProgress> {
        let open = self.open(named, source).await?;
        self.challenges
            .answer(&open.who, open.round(), named.handle, factor, answer)
            .await?;
        let pending = self.challenges.of_recovery(named.handle, &open.who.subject);
        let pending = pending.await?.ok_or_else(|| CHALLENGE_ENDED.error())?;
        self.progress(Some(pending.proofs()), open.recovery.expires_at, &open.mailbox)
            .await
    }

    /// Where a recovery stands, to be told to whoever proved its code.
    pub(super) async fn progress(
        &self,
        proofs: Option<Proofs>,
        expires_at: Timestamp,
        mailbox: &Destination,
    ) -> Result<RecoveryProgress> {
        let expires_at = expires_at.seconds();
        let Some(proofs) = proofs else {
            return Ok(RecoveryProgress {
                complete: true,
                expires_at,
                ..RecoveryProgress::default()
            });
        };
        let devices = self
            .enrolled
            .enabled_contacts(proofs.subject(), FactorKind::Email)
            .await?;
        let excepted: Vec<_> = devices
            .into_iter()
            .filter(|device| device.destination == *mailbox)
            .map(|device| Some(device.id))
            .collect();
        let mut methods = self.challenges.methods_for(&proofs).await?;
        methods.retain(|method| method.device_id.is_none() || !excepted.contains(&method.device_id));
        Ok(RecoveryProgress {
            complete: proofs.are_complete(),
            remaining: proofs.remaining(),
            factors: proofs.factors().clone(),
            methods,
            expires_at,
            device: None,
        })
    }

    /// The way to the factors. Before the code from the mail is proven the answer is the same for every handle, so that
    /// nobody learns what an account asks for, nor makes it send a message.
    async fn open(&self, named: Named<'_>, source: &Source) -> Result<Open> {
        self.count(source).await?;
        self.context
            .retried(|| async {
                let recovery = self.find(named).await?;
                if recovery.proven_at.is_none() {
                    return Err(RECOVERY_CODE_FIRST.error());
                }
                let account = self.account(&recovery).await?;
                let mut batch = Batch::default();
                self.begin_proofs_in(&mut batch, named.handle, &recovery, &account)
                    .await?
                    .ok_or_else(|| FACTOR_NOT_REQUIRED.error())?;
                self.context.commit(batch).await?;
                Ok(Open {
                    who: Identified {
                        subject: account.subject.clone(),
                        at: self.context.now(),
                        lineage: self.sessions.fresh_lineage(&account.subject).await?,
                        session: None,
                        source: source.clone(),
                    },
                    mailbox: Destination::Email(account.email.clone()),
                    recovery,
                })
            })
            .await
    }

    /// The challenge for the factors that the account has now; `None` if it has none that a recovery asks for.
    pub(super) async fn begin_proofs_in(
        &self,
        batch: &mut Batch,
        handle: &str,
        recovery: &Recovery,
        account: &Account,
    ) -> Result<Option<Proofs>> {
        let factors = self.factors_asked_for(account).await?;
        if factors.is_empty() {
            return Ok(None);
        }
        let (subject, ends_at) = (&account.subject, recovery.expires_at);
        let begun = self
            .challenges
            .begin_recovery_in(batch, handle, subject, &factors, ends_at);
        begun.await.map(Some)
    }

    /// The enrolled factors that prove more than the code from the mail did.
    ///
    /// An address that is the account's own proves the same mailbox. An account whose address was never proven has no
    /// factors that count: whoever set them up has not shown to be its owner.
    pub(super) async fn factors_asked_for(&self, account: &Account) -> Result<Vec<FactorKind>> {
        if account.email_verified_at.is_none() {
            return Ok(Vec::new());
        }
        let enrolled = &self.enrolled;
        let mut factors = enrolled.kinds(&account.subject).await?;
        if factors.contains(&FactorKind::Email) {
            let own = Destination::Email(account.email.clone());
            let addresses = enrolled
                .enabled_contacts(&account.subject, FactorKind::Email)
                .await?;
            if addresses.iter().all(|device| device.destination == own) {
                factors.retain(|factor| *factor != FactorKind::Email);
            }
        }
        factors.sort();
        Ok(self.challenges.require.asked(&factors))
    }
}

impl Open {
    fn round(&self) -> Round<'_> {
        Round {
            purposes: &[Purpose::PasswordRecovery],
            except: Some(&self.mailbox),
            trust: None,
        }
    }
}
