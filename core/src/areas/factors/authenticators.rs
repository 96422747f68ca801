//! Authenticator apps: adding, confirming, proving, removing.

use portcullis_ports::id::DeviceId;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};
use zeroize::Zeroizing;

use super::Factors;
use super::actions::{ADD_FACTOR, REMOVE_FACTOR};
use super::events;
use super::model::{
    AddTotp, ConfirmTotp, DEVICE_EXISTS, DEVICE_LIMIT, RemoveTotp, TotpBegun, TotpConfirmed, TotpList,
    TotpView,
};
use crate::areas::enrolled_factors::{
    Device, EnrolledApps, Generator, SECRET_BYTES, TotpDevice, UsedSteps, context,
};
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::areas::sessions::SignedIn;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::security_notifications::SecurityEvent;

impl Factors {
    /// The authenticator apps of the account, newest first.
    pub async fn totp_devices(&self, who: &SignedIn) -> Result<TotpList> {
        let mut devices = self.enrolled.totp(who.subject()).await?.into_all();
        devices.sort_by_key(|device| std::cmp::Reverse(device.created_at));
        Ok(TotpList {
            devices: devices.into_iter().map(view).collect(),
        })
    }

    /// Begins to add an authenticator app. Of those that wait for their first code the newest `PENDING_MOST` are kept,
    /// so that pages side by side do not undo each other's work.
    ///
    /// # Errors
    /// `step-up-required`, `device-limit`; `session-ended` if it ended meanwhile, as for everything below.
    pub async fn add_totp(&self, who: &SignedIn, command: AddTotp) -> Result<TotpBegun> {
        self.step_up.require(ADD_FACTOR, who).await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                let mut apps = self.enrolled.totp(who.subject()).await?;
                self.room_for_totp(&apps)?;
                let id = DeviceId::random(self.context.entropy.as_ref())?;
                let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
                self.context.entropy.fill(&mut secret)?;
                let now = self.context.now();
                let until = now + self.settings.enrolment_lifetime.get();
                apps.add_waiting(TotpDevice {
                    id: id.clone(),
                    subject: who.subject().clone(),
                    label: command.label.clone(),
                    secret: self
                        .context
                        .keys
                        .seal(&secret, &context(who.subject(), &id))
                        .await?,
                    created_at: now,
                    pending_until: Some(until),
                    last_used_at: None,
                    used_steps: UsedSteps::default(),
                });
                apps.save_in(&mut batch)?;
                let event = Event::success(events::TOTP_BEGIN, &who.source).with("device_id", &id);
                self.audit.append(&mut batch, who.subject(), &[event]).await?;
                self.context.commit(batch).await?;
                self.begun(who.subject(), id, &secret, until).await
            })
            .await
    }

    async fn begun(
        &self,
        subject: &Subject,
        id: DeviceId,
        secret: &Zeroizing<Vec<u8>>,
        until: Timestamp,
    ) -> Result<TotpBegun> {
        let account = self.directory.account(subject).await?;
        let name = account.map_or_else(|| subject.to_string(), |account| account.email.shown());
        let generator = Generator::new(secret, self.context.texts.product(), &name)?;
        Ok(TotpBegun {
            device_id: id,
            otpauth_uri: generator.uri()?,
            secret: generator.base32(),
            qr_svg: generator.qr_svg()?,
            expires_at: until.seconds(),
            recovery_codes: Vec::new(),
        })
    }

    fn room_for_totp(&self, apps: &EnrolledApps) -> Result<()> {
        if apps.confirmed().count() < self.settings.totp_limit {
            Ok(())
        } else {
            Err(DEVICE_LIMIT.error())
        }
    }

    /// Confirms an authenticator app with its first code. The first app of an account brings recovery codes.
    ///
    /// # Errors
    /// `device-not-found`, `device-exists` if it is confirmed already, `device-limit`, `wrong-code`,
    /// `too-many-attempts`.
    pub async fn confirm_totp(&self, who: &SignedIn, command: ConfirmTotp) -> Result<TotpConfirmed> {
        let subject = who.subject();
        let known = self.count(who, "totp_enrol").await?;
        let result = self.context.retried(|| async {
            let mut batch = Batch::default();
            self.sessions.require_in(&mut batch, who).await?;
            let mut apps = self.enrolled.totp(subject).await?;
            let first = apps.confirmed().next().is_none();
            let device = apps.find(&command.device_id)?;
            if device.enabled() {
                return Err(DEVICE_EXISTS.with_detail("This authenticator app is confirmed already."));
            }
            self.room_for_totp(&apps)?;
            let now = self.context.now();
            let accepted = self
                .enrolled
                .accept(device, command.totp_code.trimmed(), now)
                .await?
                .ok_or_else(|| WRONG_CODE.error())?;
            apps.confirm(&command.device_id, now)?
                .used_steps
                .add(accepted.step);
            apps.save_in(&mut batch)?;
            let recovery_codes = if first {
                self.recovery.issue(&mut batch, subject, FactorKind::Totp)?
            } else {
                Vec::new()
            };
            self.budgets
                .clear_attempts(&mut batch, "totp_enrol", subject.as_str(), &who.source, &known)?;
            let event =
                Event::success(events::TOTP_CONFIRM, &who.source).with("device_id", &command.device_id);
            self.audit.append(&mut batch, subject, &[event]).await?;
            self.notifications
                .add(&mut batch, subject, &SecurityEvent::FactorAdded(FactorKind::Totp))
                .await?;
            self.context.commit(batch).await?;
            Ok(TotpConfirmed {
                ok: true,
                recovery_codes,
            })
        });
        self.audited(who, events::TOTP_CONFIRM, result.await).await
    }

    /// Removes an authenticator app: with a code of any app of the account, with a recovery code, or with a proof
    /// given recently in this session. The last one takes its recovery codes along.
    ///
    /// # Errors
    /// `device-not-found`, `wrong-code`, `step-up-required`, `too-many-attempts`.
    pub async fn remove_totp(&self, who: &SignedIn, id: DeviceId, command: RemoveTotp) -> Result<()> {
        let subject = who.subject();
        self.enrolled.totp(subject).await?.find(&id)?;
        let attempts = match (&command.totp_code, &command.recovery_code) {
            (None, Some(_)) => FactorKind::Totp.recovery_attempts(),
            _ => "totp_remove",
        };
        let counted = if command.totp_code.is_some() || command.recovery_code.is_some() {
            Some(self.count(who, attempts).await?)
        } else {
            self.step_up.require(REMOVE_FACTOR, who).await?;
            None
        };
        let result = self.context.retried(|| async {
            let mut batch = Batch::default();
            self.sessions.require_in(&mut batch, who).await?;
            let mut apps = self.enrolled.totp(subject).await?;
            apps.find(&id)?;
            let mut events = Vec::new();
            if let Some(code) = &command.totp_code {
                let proof = self.enrolled.prove_with(&mut apps, code.trimmed()).await?;
                events.extend(proof.clock_event(&who.source));
            } else if let Some(code) = &command.recovery_code {
                self.recovery
                    .check(subject, FactorKind::Totp, code.trimmed())
                    .await?;
            }
            apps.remove(&id)?;
            apps.save_in(&mut batch)?;
            if apps.confirmed().next().is_none() {
                RecoveryCodeStore::discard(&mut batch, subject, FactorKind::Totp);
            } else if let Some(code) = &command.recovery_code {
                self.recovery
                    .consume(&mut batch, subject, FactorKind::Totp, code.trimmed())
                    .await?;
            }
            if let Some(known) = &counted {
                self.budgets
                    .clear_attempts(&mut batch, attempts, subject.as_str(), &who.source, known)?;
            }
            self.devices.end_trust_in(&mut batch, subject).await?;
            events.push(Event::success(events::TOTP_REMOVE, &who.source).with("device_id", &id));
            self.audit.append(&mut batch, subject, &events).await?;
            self.notifications
                .add(
                    &mut batch,
                    subject,
                    &SecurityEvent::FactorRemoved(FactorKind::Totp),
                )
                .await?;
            self.context.commit(batch).await
        });
        self.audited(who, events::TOTP_REMOVE, result.await).await
    }
}

fn view(device: TotpDevice) -> TotpView {
    TotpView {
        enabled: device.enabled(),
        device_id: device.id,
        label: device.label.map(|label| label.to_string()).unwrap_or_default(),
        created_at: device.created_at.seconds(),
        last_used_at: device.last_used_at.map_or(0, Timestamp::seconds),
    }
}
