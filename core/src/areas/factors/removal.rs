//! Removing a phone number or an e-mail address, with any other proof of who is asking.

use portcullis_ports::id::DeviceId;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Error, Result};

use super::Factors;
use super::contacts::words;
use super::model::{ConfirmRemoval, NO_OTHER_PROOF, ProofKind, RemovalBegun};
use crate::areas::challenges::{CodeFor, CodesAbout, FACTOR_NOT_REQUIRED, PendingChallenge};
use crate::areas::enrolled_factors::{ContactDevice, ContactKind, Emails, Phones};
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::areas::sessions::SignedIn;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::DEVICE_NOT_FOUND;
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::budgets::SendPurpose;
use crate::services::security_notifications::SecurityEvent;
use crate::services::suppressions::ADDRESS_SUPPRESSED;

impl Factors {
    /// Begins to remove a phone number: sends a code to another number or address, where there is one.
    ///
    /// # Errors
    /// `device-not-found`, `no-other-proof`, `too-many-sends`.
    pub async fn begin_phone_removal(&self, who: &SignedIn, id: DeviceId) -> Result<RemovalBegun> {
        self.begin_removal::<Phones>(who, id).await
    }

    /// Begins to remove an e-mail address.
    ///
    /// # Errors
    /// As [`Factors::begin_phone_removal`].
    pub async fn begin_email_removal(&self, who: &SignedIn, id: DeviceId) -> Result<RemovalBegun> {
        self.begin_removal::<Emails>(who, id).await
    }

    /// Removes a phone number.
    ///
    /// # Errors
    /// `challenge-ended`, `challenge-purpose`, `wrong-code`, `factor-not-required`, `too-many-attempts`.
    pub async fn confirm_phone_removal(&self, who: &SignedIn, command: ConfirmRemoval) -> Result<()> {
        self.confirm_removal::<Phones>(who, command).await
    }

    /// Removes an e-mail address.
    ///
    /// # Errors
    /// As [`Factors::confirm_phone_removal`].
    pub async fn confirm_email_removal(&self, who: &SignedIn, command: ConfirmRemoval) -> Result<()> {
        self.confirm_removal::<Emails>(who, command).await
    }

    async fn begin_removal<K: ContactKind>(&self, who: &SignedIn, id: DeviceId) -> Result<RemovalBegun> {
        let subject = who.subject();
        let words = words(K::FACTOR);
        let targets = self.other_contacts(subject, K::FACTOR, &id).await?;
        let accepts = self.accepted_proofs(subject, K::FACTOR, &targets).await?;
        if accepts.is_empty() {
            return Err(NO_OTHER_PROOF.error());
        }
        let about = CodesAbout {
            why: CodeFor::Remove,
            languages: who.source.languages,
            what: words.remove,
            purpose: SendPurpose::SessionProof { account: subject },
        };
        let draft = self.store.draft_about(who, words.remove_purpose, &id).await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                let event = Event::info(words.remove_event, &who.source).with("device_id", &id);
                self.audit.append(&mut batch, subject, &[event]).await?;
                self.codes.issue_in(&mut batch, &draft, &targets, &about).await?;
                self.context.commit(batch).await
            })
            .await?;
        Ok(RemovalBegun {
            expires_at: draft.expires_at().seconds(),
            challenge_id: draft.id.into(),
            sent_to: targets.iter().map(|device| device.destination.masked()).collect(),
            accepts,
            retry_after: if targets.is_empty() {
                0
            } else {
                self.codes.interval()
            },
        })
    }

    /// Where a code can go instead: other contacts of the kind, else those of the other kind.
    async fn other_contacts(
        &self,
        subject: &Subject,
        factor: FactorKind,
        id: &DeviceId,
    ) -> Result<Vec<ContactDevice>> {
        let mut same = self.enrolled.enabled_contacts(subject, factor).await?;
        let known = same.len();
        same.retain(|device| device.id != *id);
        if same.len() == known {
            return Err(DEVICE_NOT_FOUND.error());
        }
        // Where no code can go there may be other proofs.
        let same = self.codes.reachable(same).await.or_else(without_suppressed)?;
        if !same.is_empty() {
            return Ok(same);
        }
        let other = if factor == FactorKind::Sms {
            FactorKind::Email
        } else {
            FactorKind::Sms
        };
        let mut others = self.enrolled.enabled_contacts(subject, other).await?;
        others.retain(|device| self.codes.can_reach(device));
        self.codes.reachable(others).await.or_else(without_suppressed)
    }

    async fn accepted_proofs(
        &self,
        subject: &Subject,
        factor: FactorKind,
        targets: &[ContactDevice],
    ) -> Result<Vec<ProofKind>> {
        let mut accepts: Vec<ProofKind> = Vec::new();
        accepts.extend(
            targets
                .first()
                .map(|device| ProofKind::from(FactorKind::from(device.destination.channel()))),
        );
        if self.enrolled.totp(subject).await?.confirmed().next().is_some() {
            accepts.push(ProofKind::Totp);
        }
        if self.recovery.any_left(subject, factor).await? {
            accepts.push(ProofKind::Recovery);
        }
        Ok(accepts)
    }

    async fn confirm_removal<K: ContactKind>(&self, who: &SignedIn, command: ConfirmRemoval) -> Result<()> {
        let subject = who.subject();
        let words = words(K::FACTOR);
        let raw = command.challenge_id.trimmed();
        let begun = self.store.open(raw, subject, &[words.remove_purpose]).await?;
        let attempts = match proof_given(&begun, &command) {
            ProofKind::Recovery => K::FACTOR.recovery_attempts(),
            _ => words.remove,
        };
        let known = self.count(who, attempts).await?;
        let result = self.context.retried(|| async {
            let mut batch = Batch::default();
            self.sessions.require_in(&mut batch, who).await?;
            let challenge = self.store.open(raw, subject, &[words.remove_purpose]).await?;
            let id = challenge
                .device()
                .cloned()
                .ok_or_else(|| Error::internal("a removal without a device"))?;
            let mut contacts = self.enrolled.contacts::<K>(subject).await?;
            contacts.remove(&id)?;
            let last = contacts.confirmed().next().is_none();
            contacts.save_in(&mut batch)?;
            let remark = self
                .prove_removal(&mut batch, who, &challenge, K::FACTOR, &command, last)
                .await?;
            if last {
                RecoveryCodeStore::discard(&mut batch, subject, K::FACTOR);
            }
            challenge.consume_in(&mut batch)?;
            self.budgets
                .clear_attempts(&mut batch, attempts, subject.as_str(), &who.source, &known)?;
            self.devices.end_trust_in(&mut batch, subject).await?;
            let event = Event::success(words.remove_event, &who.source).with("device_id", &id);
            let events: Vec<Event<'_>> = remark.into_iter().chain([event]).collect();
            self.audit.append(&mut batch, subject, &events).await?;
            self.notifications
                .add(&mut batch, subject, &SecurityEvent::FactorRemoved(K::FACTOR))
                .await?;
            self.context.commit(batch).await
        });
        self.audited(who, words.remove_event, result.await).await
    }

    /// Checks the proof, adds what it uses up to the batch, and gives what the history must tell besides.
    async fn prove_removal<'a>(
        &self,
        batch: &mut Batch,
        who: &'a SignedIn,
        challenge: &PendingChallenge,
        removed: FactorKind,
        command: &ConfirmRemoval,
        last: bool,
    ) -> Result<Option<Event<'a>>> {
        let subject = who.subject();
        let code = command.code.trimmed();
        let sent = challenge.sent_to();
        match proof_given(challenge, command) {
            ProofKind::Totp => {
                let proof = self.enrolled.prove_totp(batch, subject, code).await?;
                return Ok(proof.clock_event(&who.source));
            }
            // The whole set goes with the last device; two writes to one record cannot share a commit.
            ProofKind::Recovery if last => self.recovery.check(subject, removed, code).await?,
            ProofKind::Recovery => {
                self.recovery.consume(batch, subject, removed, code).await?;
            }
            ProofKind::Sms if sent == Some(FactorKind::Sms) => {
                self.prove_sent(batch, who, challenge, FactorKind::Sms, code)
                    .await?;
            }
            ProofKind::Email if sent == Some(FactorKind::Email) => {
                self.prove_sent(batch, who, challenge, FactorKind::Email, code)
                    .await?;
            }
            ProofKind::Sms | ProofKind::Email => {
                return Err(FACTOR_NOT_REQUIRED.with_detail("No code was sent to a device of this kind."));
            }
        }
        Ok(None)
    }
}

impl Factors {
    /// Checks a code that was sent. It is void if the device that it went to was removed since.
    async fn prove_sent(
        &self,
        batch: &mut Batch,
        who: &SignedIn,
        challenge: &PendingChallenge,
        factor: FactorKind,
        code: &str,
    ) -> Result<()> {
        let device = self.codes.answered_by(challenge, factor, code)?;
        let enrolled = self.enrolled.require_in(batch, who.subject(), factor).await?;
        if enrolled.contains(&device) {
            Ok(())
        } else {
            Err(WRONG_CODE.error())
        }
    }
}

/// What the client says that its code is; where it does not, what was sent.
fn proof_given(challenge: &PendingChallenge, command: &ConfirmRemoval) -> ProofKind {
    let default = challenge.sent_to().map_or(ProofKind::Recovery, ProofKind::from);
    command.factor.unwrap_or(default)
}

/// Nobody can be reached, which is no failure here.
fn without_suppressed(error: Error) -> Result<Vec<ContactDevice>> {
    if error.code() == ADDRESS_SUPPRESSED {
        Ok(Vec::new())
    } else {
        Err(error)
    }
}
