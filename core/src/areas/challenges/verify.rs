//! Answering a challenge: authenticator code, sent code, recovery code.

use portcullis_ports::id::{DeviceId, SessionId};
use portcullis_ports::notification::Destination;
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Error, Kind, Result};

use super::commands::{
    CodesSent, Progress, SendEmailCode, SendSmsCode, UseRecoveryCode, VerifySentCode, VerifyTotp,
};
use super::events;
use super::model::{Challenge, FACTOR_NOT_REQUIRED, Purpose, State};
use super::{Challenges, CodeFor, CodesAbout};
use crate::areas::enrolled_factors::NO_DEVICE;
use crate::areas::sessions::Identified;
use crate::areas::sessions::{Granted, NewSession, Proof};
use crate::foundation::event_kind::EventKind;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::proof::CHALLENGE_ENDED;
use crate::foundation::proof::DEVICE_NOT_FOUND;
use crate::foundation::proof::GivenBy;
use crate::foundation::table::{Batch, Versioned};
use crate::services::audit::Event;
use crate::services::budgets::{SendPurpose, Standing};
use crate::services::epochs::EndReason;
use crate::services::known_devices::TrustChange;
use crate::services::security_notifications::SecurityEvent;

/// Which challenges an answer counts for.
#[derive(Clone, Copy)]
pub(crate) struct Round<'a> {
    /// What they may be for; an answer to anything else is refused.
    pub(crate) purposes: &'a [Purpose],
    /// Where no code goes, because whoever answers has shown already that it is theirs.
    pub(crate) except: Option<&'a Destination>,
    /// Whether the device shall be trusted, if the person said so this time.
    pub(crate) trust: Option<bool>,
}

impl Round<'static> {
    /// For a session: to begin it, or to renew the proof in it.
    const fn session(trust: Option<bool>) -> Self {
        Self {
            purposes: &[Purpose::SignIn, Purpose::StepUp],
            except: None,
            trust,
        }
    }
}

impl Round<'_> {
    /// Whether the answers are for a recovery.
    fn recovers(self) -> bool {
        self.purposes.contains(&Purpose::PasswordRecovery)
    }
}

/// What the client gives as proof.
#[derive(Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// A code of an authenticator app.
    Totp(&'a str),
    /// A code that was sent.
    Sent(&'a str),
    /// A recovery code in place of the factor.
    Recovery(&'a str),
}

impl Answer<'_> {
    /// What its budget is for.
    fn attempts(self, factor: FactorKind) -> &'static str {
        match (self, factor) {
            (Self::Totp(_) | Self::Sent(_), factor) => factor.as_str(),
            (Self::Recovery(_), factor) => factor.recovery_attempts(),
        }
    }

    fn event(self, factor: FactorKind, round: Round<'_>) -> EventKind {
        let recovering = round.recovers();
        match (self, factor) {
            (Self::Totp(_), _) if recovering => events::RECOVERING_TOTP_VERIFY,
            (Self::Recovery(_), _) if recovering => events::RECOVERING_RECOVERY_CODE,
            (Self::Sent(_), FactorKind::Sms) if recovering => events::RECOVERING_SMS_VERIFY,
            (Self::Sent(_), _) if recovering => events::RECOVERING_EMAIL_VERIFY,
            (Self::Totp(_), _) => events::TOTP_VERIFY,
            (Self::Recovery(_), _) => events::RECOVERY_CODE,
            (Self::Sent(_), FactorKind::Sms) => events::SMS_VERIFY,
            (Self::Sent(_), FactorKind::Email | FactorKind::Totp) => events::EMAIL_VERIFY,
        }
    }
}

impl Challenges {
    /// Answers with a code of an authenticator app.
    ///
    /// # Errors
    /// `challenge-ended`, `challenge-purpose`, `factor-not-required`, `too-many-attempts`, `wrong-code`.
    pub async fn verify_totp(&self, who: &Identified, command: VerifyTotp) -> Result<Progress> {
        let answer = Answer::Totp(command.totp_code.trimmed());
        self.answer(
            who,
            Round::session(command.trust_device),
            command.challenge_id.trimmed(),
            FactorKind::Totp,
            answer,
        )
        .await
    }

    /// Sends codes by text message.
    ///
    /// # Errors
    /// `challenge-ended`, `challenge-purpose`, `factor-not-required`, `no-device`, `device-not-found`,
    /// `channel-unavailable`, `address-suppressed`, `too-many-sends`, `sms-spend-exhausted`, `sms-destination-blocked`.
    pub async fn send_sms(&self, who: &Identified, command: SendSmsCode) -> Result<CodesSent> {
        self.send(
            who,
            Round::session(None),
            command.challenge_id.trimmed(),
            FactorKind::Sms,
            command.sms_device_id.as_ref(),
        )
        .await
    }

    /// Sends codes by e-mail.
    ///
    /// # Errors
    /// As [`Challenges::send_sms`].
    pub async fn send_email(&self, who: &Identified, command: SendEmailCode) -> Result<CodesSent> {
        self.send(
            who,
            Round::session(None),
            command.challenge_id.trimmed(),
            FactorKind::Email,
            command.email_device_id.as_ref(),
        )
        .await
    }

    /// Answers with a code that came by text message.
    ///
    /// # Errors
    /// As [`Challenges::verify_totp`], and `nothing-sent`.
    pub async fn verify_sms(&self, who: &Identified, command: VerifySentCode) -> Result<Progress> {
        self.answer(
            who,
            Round::session(command.trust_device),
            command.challenge_id.trimmed(),
            FactorKind::Sms,
            Answer::Sent(command.code.trimmed()),
        )
        .await
    }

    /// Answers with a code that came by e-mail.
    ///
    /// # Errors
    /// As [`Challenges::verify_totp`], and `nothing-sent`.
    pub async fn verify_email(&self, who: &Identified, command: VerifySentCode) -> Result<Progress> {
        self.answer(
            who,
            Round::session(command.trust_device),
            command.challenge_id.trimmed(),
            FactorKind::Email,
            Answer::Sent(command.code.trimmed()),
        )
        .await
    }

    /// Answers with a recovery code in place of a factor whose device is lost.
    ///
    /// # Errors
    /// As [`Challenges::verify_totp`].
    pub async fn use_recovery_code(
        &self,
        who: &Identified,
        factor: FactorKind,
        command: UseRecoveryCode,
    ) -> Result<Progress> {
        let answer = Answer::Recovery(command.recovery_code.trimmed());
        self.answer(
            who,
            // A code that was printed for a lost device does not show that the device is at hand.
            Round::session(Some(false)),
            command.challenge_id.trimmed(),
            factor,
            answer,
        )
        .await
    }

    /// Counts the attempt, checks the proof, and writes proof, progress, session and history in one commit.
    pub(crate) async fn answer(
        &self,
        who: &Identified,
        round: Round<'_>,
        raw: &str,
        factor: FactorKind,
        answer: Answer<'_>,
    ) -> Result<Progress> {
        let waiting = self.waiting_for(who, round, raw, factor).await?;
        let known = self
            .count_answer(who, &waiting, raw, answer.attempts(factor))
            .await?;
        let attempt = || async {
            let mut batch = Batch::default();
            // Whoever is signed in may keep changing the same factors: first come, first served.
            self.context.lock_subject(&mut batch, &who.subject).await;
            let found = self.waiting_for(who, round, raw, factor).await?;
            let (remark, given_by) = self.prove(who, factor, answer, &found, &mut batch).await?;
            let mut event =
                Event::success(answer.event(factor, round), &who.source).with("factor", factor.as_str());
            if let GivenBy::Device(device) = &given_by {
                event = event.with("device_id", device);
            }
            if let Some(known) = &known {
                self.budgets.clear_attempts(
                    &mut batch,
                    answer.attempts(factor),
                    who.subject.as_str(),
                    &who.source,
                    known,
                )?;
            }
            let events = remark.into_iter().chain([event]).collect();
            let challenge = Challenge {
                trust_device: round.trust.unwrap_or(found.trust_device),
                ..found.value.clone()
            };
            let proof = (factor, given_by);
            self.advance(who, raw, proof, (&found, challenge), batch, events)
                .await
        };
        let mut result = self.context.retried(attempt).await;
        if round.recovers() && result.as_ref().is_err_and(|error| error.code() == STORE_CONFLICT) {
            // It was right, but whoever is signed in may write so often that it never gets through: they go first.
            self.sessions
                .end_all_at_once(&who.subject, EndReason::PasswordRecovered)
                .await?;
            result = self.context.retried(attempt).await;
        }
        if let Err(error) = &result
            && error.kind() == Kind::Unauthenticated
        {
            let event = Event::failure(answer.event(factor, round), &who.source)
                .with("factor", factor.as_str())
                .with("reason", error.code().name());
            self.audit.record(&who.subject, &[event]).await?;
        }
        result
    }

    /// Counts an answer before it is checked: those to a recovery apart from all others, and those of live sessions, so
    /// that whoever knows the password cannot use up what the owner needs to replace it.
    async fn count_answer(
        &self,
        who: &Identified,
        waiting: &Challenge,
        raw: &str,
        what: &str,
    ) -> Result<Option<Standing>> {
        let subject = who.subject.as_str();
        if waiting.purpose == Purpose::PasswordRecovery {
            self.budgets
                .recovery_attempt(what, &fingerprint(raw), subject)
                .await?;
            return Ok(None);
        }
        let known = self.budgets.knows(&who.subject, &who.source).await?;
        let known = match &waiting.lineage.session {
            Some(session) if waiting.purpose == Purpose::StepUp => known.or_session(session),
            _ => known,
        };
        self.budgets.attempt(what, subject, &who.source, &known).await?;
        Ok(Some(known))
    }

    /// Checks the proof, adds what it uses up to the batch, and says what gave it, with what the history must tell
    /// besides.
    async fn prove<'a>(
        &self,
        who: &'a Identified,
        factor: FactorKind,
        answer: Answer<'_>,
        challenge: &Challenge,
        batch: &mut Batch,
    ) -> Result<(Option<Event<'a>>, GivenBy)> {
        match answer {
            Answer::Totp(code) => {
                let proof = self.enrolled.prove_totp(batch, &who.subject, code).await?;
                Ok((proof.clock_event(&who.source), GivenBy::Device(proof.device)))
            }
            Answer::Sent(code) => {
                let device = self.codes.check(challenge, factor, code)?;
                self.enrolled
                    .mark_used(batch, &who.subject, factor, &device)
                    .await?;
                Ok((None, GivenBy::Device(device)))
            }
            Answer::Recovery(code) => {
                let used = self.recovery.consume(batch, &who.subject, factor, code).await?;
                let left = used.left;
                self.notifications
                    .add(
                        batch,
                        &who.subject,
                        &SecurityEvent::RecoveryCodeUsed { factor, left },
                    )
                    .await?;
                Ok((None, GivenBy::RecoveryCode(used.mac)))
            }
        }
    }

    async fn advance(
        &self,
        who: &Identified,
        raw: &str,
        (factor, given_by): (FactorKind, GivenBy),
        (found, mut challenge): (&Versioned<Challenge>, Challenge),
        mut batch: Batch,
        mut events: Vec<Event<'_>>,
    ) -> Result<Progress> {
        challenge.pass(factor, given_by);
        self.withdraw_void(&mut batch, &mut challenge, Some(factor))
            .await?;
        let (mut granted, mut step_up_until) = (None, None);
        if challenge.is_complete() && challenge.purpose == Purpose::StepUp {
            let session = challenge
                .session
                .clone()
                .ok_or_else(|| Error::internal("a step-up without a session"))?;
            step_up_until = Some(
                self.sessions
                    .strengthen(&mut batch, &session, &who.subject, challenge.given_by.clone())
                    .await?,
            );
            challenge.state = State::Consumed(None);
            events.push(Event::success(events::STEP_UP, &who.source).with("session_id", session));
        } else if challenge.purpose == Purpose::PasswordRecovery {
            // Used up together with the code from the mail; until then a proof lasts as long as that code does.
            challenge.expires_at = challenge.created_at + self.recovery_lifetime;
        } else if challenge.is_complete() {
            let begun = self.begin_session(&mut batch, who, raw, &challenge).await?;
            challenge.state = State::Consumed(Some(begun.session.id.clone()));
            challenge.known_device = begun.device.as_ref().map(|device| device.id().clone());
            let mut event =
                Event::success(events::SESSION_FINALIZE, &who.source).with("session_id", &begun.session.id);
            if let Some(device) = begun
                .device
                .as_ref()
                .filter(|device| device.trusted_until.is_some())
            {
                event = event.with("trusted_device", device.id());
            }
            events.push(event);
            granted = Some(begun);
        }
        batch.replace(found, &challenge)?;
        self.audit.append(&mut batch, &who.subject, &events).await?;
        self.context.commit(batch).await?;
        Ok(challenge.progress(granted, step_up_until))
    }

    async fn begin_session(
        &self,
        batch: &mut Batch,
        who: &Identified,
        raw: &str,
        challenge: &Challenge,
    ) -> Result<Granted> {
        let ground = self
            .sessions
            .ground_in(batch, &who.subject, &challenge.lineage)
            .await?;
        let trust = challenge
            .trust_device
            .then(|| self.devices.trust(challenge.passed()))
            .flatten();
        let remember = challenge.remember_device || trust.is_some();
        let device = self.new_device(&ground, who, remember, TrustChange::Set(trust), Some(raw))?;
        let id = SessionId::time_ordered(self.context.now(), self.context.entropy.as_ref())?;
        let secret = self.session_secret(raw, &id)?;
        let new = NewSession {
            id,
            secret: &secret,
            proof: Proof {
                at: self.context.now(),
                factors: challenge.given_by.clone(),
            },
            transport: challenge.transport,
            lineage: &challenge.lineage,
            device,
        };
        self.sessions.begin(batch, who, ground, new).await
    }

    /// The challenge, provided that it is open and asks for the factor.
    async fn waiting_for(
        &self,
        who: &Identified,
        round: Round<'_>,
        raw: &str,
        factor: FactorKind,
    ) -> Result<Versioned<Challenge>> {
        let found = self.store.open(raw, &who.subject, round.purposes).await?.0;
        if let (Purpose::StepUp, Some(session)) = (found.purpose, &found.session)
            && !self.sessions.signs_in(session, who).await?
        {
            // It strengthens the session that asked: no other sign-in of the person answers it.
            return Err(CHALLENGE_ENDED.error());
        }
        if found.factors.contains_key(&factor) {
            Ok(found)
        } else {
            Err(FACTOR_NOT_REQUIRED.error())
        }
    }

    /// Sends codes to the devices of one kind, or to one of them.
    pub(crate) async fn send(
        &self,
        who: &Identified,
        round: Round<'_>,
        raw: &str,
        factor: FactorKind,
        only: Option<&DeviceId>,
    ) -> Result<CodesSent> {
        let found = self.waiting_for(who, round, raw, factor).await?;
        let mut devices = self.enrolled.enabled_contacts(&who.subject, factor).await?;
        devices.retain(|device| Some(&device.destination) != round.except);
        if devices.is_empty() {
            return Err(NO_DEVICE.error());
        }
        if let Some(only) = only {
            devices.retain(|device| device.id == *only);
            if devices.is_empty() {
                return Err(DEVICE_NOT_FOUND.error());
            }
        }
        let why = match found.purpose {
            Purpose::StepUp => CodeFor::StepUp,
            Purpose::PasswordRecovery => CodeFor::Recovery,
            _ => CodeFor::SignIn,
        };
        let (what, event) = match (why, factor) {
            (CodeFor::Recovery, FactorKind::Sms) => ("sms_recovery", events::RECOVERING_SMS_BEGIN),
            (CodeFor::Recovery, _) => ("email_recovery", events::RECOVERING_EMAIL_BEGIN),
            (_, FactorKind::Sms) => ("sms_login", events::SMS_BEGIN),
            (_, FactorKind::Email | FactorKind::Totp) => ("email_login", events::EMAIL_BEGIN),
        };
        let devices = self.codes.reachable(devices).await?;
        let about = CodesAbout {
            why,
            languages: who.source.languages,
            what,
            purpose: match found.purpose {
                Purpose::PasswordRecovery => SendPurpose::RecoveryProof {
                    recovery: &found.id_hash,
                },
                Purpose::StepUp => SendPurpose::SessionProof {
                    account: &who.subject,
                },
                _ => SendPurpose::Proof {
                    account: &who.subject,
                },
            },
        };
        self.context
            .retried(|| async {
                let found = self.waiting_for(who, round, raw, factor).await?;
                let mut challenge = found.value.clone();
                let mut batch = Batch::default();
                let event = Event::info(event, &who.source).with("sent", devices.len());
                self.audit.append(&mut batch, &who.subject, &[event]).await?;
                self.codes
                    .send(&mut batch, &mut challenge, &devices, &about)
                    .await?;
                batch.replace(&found, &challenge)?;
                self.context.commit(batch).await
            })
            .await?;
        Ok(CodesSent {
            status: "sent".into(),
            sent_to: devices.iter().map(|device| device.destination.masked()).collect(),
            expires_at: found.expires_at.seconds(),
            retry_after: self.codes.interval(),
        })
    }
}
