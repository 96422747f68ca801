//! Proofs by authenticator apps, and what their secrets are sealed for.

use portcullis_ports::id::DeviceId;
use portcullis_ports::identity::Subject;
use portcullis_ports::keys::{EncryptionContext, Sealed};
use portcullis_ports::{Result, Timestamp};

use super::devices::TotpDevice;
use super::enrolled::{EnrolledApps, EnrolledFactors};
use super::events;
use super::records::TotpDevices;
use super::totp::{Accepted, Generator};
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::sealed_texts::SealedTexts;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

/// A proof that an authenticator app gave.
pub(crate) struct TotpProof {
    /// The app.
    pub(crate) device: DeviceId,
    /// Whether a code of it was accepted before while the clock was ahead.
    pub(crate) clamped: bool,
}

impl TotpProof {
    /// What the history tells of a clock that was ahead.
    pub(crate) fn clock_event<'a>(&self, source: &'a Source) -> Option<Event<'a>> {
        self.clamped
            .then(|| Event::info(events::TOTP_STEP_CLAMPED, source).with("device_id", &self.device))
    }
}

impl EnrolledFactors {
    /// Adds the use of a code to the commit that it opens.
    ///
    /// # Errors
    /// `wrong-code` if no confirmed app of the account shows it now, or if its step was used before.
    pub(crate) async fn prove_totp(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        code: &str,
    ) -> Result<TotpProof> {
        let mut apps = self.totp(subject).await?;
        let proof = self.prove_with(&mut apps, code).await?;
        apps.save_in(batch)?;
        Ok(proof)
    }

    pub(crate) async fn prove_with(&self, apps: &mut EnrolledApps, code: &str) -> Result<TotpProof> {
        let now = self.context.now();
        for device in apps.confirmed_mut() {
            if let Some(accepted) = self.accept(device, code, now).await? {
                device.last_used_at = Some(now);
                device.used_steps.add(accepted.step);
                return Ok(TotpProof {
                    device: device.id.clone(),
                    clamped: accepted.clamped,
                });
            }
        }
        Err(WRONG_CODE.error())
    }

    /// The new step that `code` proves for `device`, if it does.
    pub(crate) async fn accept(
        &self,
        device: &TotpDevice,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<Accepted>> {
        let secret = self
            .context
            .keys
            .open(&device.secret, &context(&device.subject, &device.id))
            .await?;
        let generator = Generator::new(&secret, self.context.texts.product(), device.subject.as_str())?;
        let accepted = generator.accept(code, now, &device.used_steps);
        // The step that a code had before a backup was restored may be missing from it.
        let uses_lost_at = self.epochs.uses_lost_at().await?;
        Ok(accepted.filter(|accepted| !accepted.may_be_used(now, uses_lost_at)))
    }
}

pub(crate) fn context(subject: &Subject, device: &DeviceId) -> EncryptionContext {
    EncryptionContext::new("totp")
        .and("subject", subject.as_str())
        .and("device", device.as_str())
}

impl SealedTexts for TotpDevices {
    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        self.devices
            .iter_mut()
            .flat_map(TotpDevice::sealed_texts)
            .collect()
    }
}

impl SealedTexts for TotpDevice {
    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        vec![(context(&self.subject, &self.id), &mut self.secret)]
    }
}
