//! The code from the mail: counted, then compared, then remembered as proven.

use portcullis_ports::identity::Subject;
use portcullis_ports::notification::Destination;
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Result, Timestamp};

use super::events;
use super::model::{KnownByCode, RecoveryProgress, VerifyRecovery};
use super::records::Recovery;
use super::{Named, PasswordRecovery};
use crate::areas::challenges::Proofs;
use crate::foundation::input::{DigitsOrLink, SecretInput};
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Versioned};
use crate::services::audit::Event;
use crate::services::directory::Account;
use crate::services::epochs::EndReason;
use crate::services::known_devices::IssuedDevice;

/// How many wrong codes end a recovery. One of six digits is guessed once in 200,000 recoveries.
const ATTEMPTS: u32 = 5;

/// What codes are signed for.
const CODE: &str = "password-recovery";

/// A recovery whose code was right, as it was stored with that knowledge.
pub(super) struct Proven {
    pub(super) account: Versioned<Account>,
    /// What the account asks for on top; nothing if it has no factor that this recovery could ask for.
    pub(super) proofs: Option<Proofs>,
    pub(super) expires_at: Timestamp,
    /// The device that is known from now on.
    device: Option<IssuedDevice>,
}

impl Proven {
    pub(super) fn is_complete(&self) -> bool {
        self.proofs.as_ref().is_none_or(Proofs::are_complete)
    }
}

impl PasswordRecovery {
    /// Proves the code from the mail, and says what the account asks for on top. Nothing is used up. Whoever reads the mail
    /// is no stranger: device and network are known from now on.
    ///
    /// # Errors
    /// `wrong-code`, `challenge-ended`, `too-many-attempts`.
    pub async fn verify(&self, command: VerifyRecovery, source: &Source) -> Result<RecoveryProgress> {
        self.count(source).await?;
        let named = Named {
            handle: command.challenge_id.trimmed(),
            username: command.username.as_ref(),
        };
        let proven = self
            .prove(named, &command.confirmation_code, Some(source))
            .await?;
        let mailbox = Destination::Email(proven.account.email.clone());
        let progress = self.progress(proven.proofs, proven.expires_at, &mailbox).await?;
        let transport = command.transport;
        Ok(RecoveryProgress {
            device: proven.device.map(|device| KnownByCode { device, transport }),
            ..progress
        })
    }

    /// Counts and compares a code. Up to the comparison the work is the same whether or not there is an account.
    /// `by` is where the code came from, if that is to be known.
    pub(super) async fn prove(
        &self,
        named: Named<'_>,
        code: &SecretInput<DigitsOrLink>,
        by: Option<&Source>,
    ) -> Result<Proven> {
        let counted = self
            .context
            .retried(|| async {
                let found = self.find(named).await?;
                if found.attempts >= ATTEMPTS {
                    return Err(CHALLENGE_ENDED.with_detail("Too many wrong codes: please start again."));
                }
                let counted = Recovery {
                    attempts: found.attempts + 1,
                    ..found.value.clone()
                };
                let mut batch = Batch::default();
                batch.replace(&found, &counted)?;
                self.context.commit(batch).await?;
                Ok(counted)
            })
            .await?;
        // Compared also where no mail was sent, with something that no code gives.
        let expected = counted.mac.as_deref().unwrap_or(&counted.id_hash);
        let parts = [counted.id_hash.as_str(), &code.code()];
        let right = self.context.keyring.verify(CODE, &parts, expected)?;
        if !right || counted.mac.is_none() {
            return Err(WRONG_CODE.error());
        }
        let remember = || self.remember(named, by);
        match self.context.retried(remember).await {
            Err(error) if error.code() == STORE_CONFLICT => {
                // Whoever is signed in may write so often that a right code never gets through: they go first.
                let found = self.find(named).await?;
                let account = self.account(&found).await?;
                self.sessions
                    .end_all_at_once(&account.subject, EndReason::PasswordRecovered)
                    .await?;
                self.context.retried(remember).await
            }
            decided => decided,
        }
    }

    /// Remembers that the code was proven, and opens the challenge for the factors of the account.
    async fn remember(&self, named: Named<'_>, by: Option<&Source>) -> Result<Proven> {
        let mut batch = Batch::default();
        if by.is_some() {
            // The history is the account's, and others write it: first come, first served.
            let found = self.find(named).await?;
            let account = self.account(&found).await?;
            self.context.lock_subject(&mut batch, &account.subject).await;
        }
        let found = self.find(named).await?;
        let account = self.account(&found).await?;
        let proven = Recovery {
            attempts: 0,
            proven_at: found.proven_at.or(Some(self.context.now())),
            ..found.value.clone()
        };
        batch.replace(&found, &proven)?;
        let proofs = self
            .begin_proofs_in(&mut batch, named.handle, &found, &account)
            .await?;
        let device = match by {
            Some(source) => Some(self.make_known_in(&mut batch, &account.subject, source).await?),
            None => None,
        };
        self.context.commit(batch).await?;
        Ok(Proven {
            account,
            proofs,
            expires_at: found.expires_at,
            device,
        })
    }

    async fn make_known_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        source: &Source,
    ) -> Result<IssuedDevice> {
        let device = self.devices.make_known_in(batch, subject, source).await?;
        self.budgets.remember_by_code(batch, subject, source).await?;
        let event = Event::success(events::VERIFY, source).with("known_device_id", device.id());
        self.audit.append(batch, subject, &[event]).await?;
        Ok(device)
    }

    pub(super) fn mac(&self, id_hash: &str, code: &str) -> Result<String> {
        self.context.keyring.sign_hex(CODE, &[id_hash, code])
    }
}
