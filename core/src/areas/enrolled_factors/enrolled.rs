//! Which factors an account has: the reading side that other areas use.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::id::DeviceId;
use portcullis_ports::identity::Subject;

use super::devices::{ContactDevice, Device, TotpDevice};
use super::list::DeviceList;
use super::records::{ContactKind, Contacts, DeviceRecord, Emails, Phones, TotpDevices};
use crate::foundation::context::Context;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::WRONG_CODE;
use crate::foundation::table::Batch;
use crate::services::epochs::Epochs;

/// The authenticator apps of an account.
pub(crate) type EnrolledApps = DeviceList<TotpDevices>;
/// The phone numbers or the e-mail addresses of an account.
pub(crate) type EnrolledContacts<K> = DeviceList<Contacts<K>>;

/// Reads the factors of accounts.
#[derive(Clone)]
pub(crate) struct EnrolledFactors {
    pub(super) context: Arc<Context>,
    pub(super) epochs: Epochs,
}

impl EnrolledFactors {
    pub(crate) fn new(context: &Arc<Context>, epochs: &Epochs) -> Self {
        Self {
            context: Arc::clone(context),
            epochs: epochs.clone(),
        }
    }

    /// Adds the removal of every device to a batch.
    pub(crate) fn discard(batch: &mut Batch, subject: &Subject) {
        batch.clear::<TotpDevices>(subject.to_string(), TotpDevices::SORT.into());
        batch.clear::<Contacts<Phones>>(subject.to_string(), Contacts::<Phones>::SORT.into());
        batch.clear::<Contacts<Emails>>(subject.to_string(), Contacts::<Emails>::SORT.into());
    }

    /// The confirmed devices of one kind.
    pub(crate) async fn confirmed(&self, subject: &Subject, factor: FactorKind) -> Result<Vec<DeviceId>> {
        Ok(match factor {
            FactorKind::Totp => self.totp(subject).await?.confirmed_ids(),
            FactorKind::Sms => self.contacts::<Phones>(subject).await?.confirmed_ids(),
            FactorKind::Email => self.contacts::<Emails>(subject).await?.confirmed_ids(),
        })
    }

    /// The same, and to the commit that it fails if any of the kind comes or goes meanwhile. Call it before anything else
    /// is read of them.
    pub(crate) async fn require_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        factor: FactorKind,
    ) -> Result<Vec<DeviceId>> {
        fn required<R: DeviceRecord>(batch: &mut Batch, list: &DeviceList<R>) -> Vec<DeviceId> {
            list.check_in(batch);
            list.confirmed_ids()
        }
        Ok(match factor {
            FactorKind::Totp => required(batch, &self.totp(subject).await?),
            FactorKind::Sms => required(batch, &self.contacts::<Phones>(subject).await?),
            FactorKind::Email => required(batch, &self.contacts::<Emails>(subject).await?),
        })
    }

    /// The kinds with at least one confirmed device, in the order they are asked for.
    pub(crate) async fn kinds(&self, subject: &Subject) -> Result<Vec<FactorKind>> {
        let mut kinds = Vec::new();
        if self.totp(subject).await?.confirmed().next().is_some() {
            kinds.push(FactorKind::Totp);
        }
        for factor in [FactorKind::Sms, FactorKind::Email] {
            if !self.enabled_contacts(subject, factor).await?.is_empty() {
                kinds.push(factor);
            }
        }
        Ok(kinds)
    }

    /// The same as it was within the last second: for showing, not for deciding.
    pub(crate) async fn recent_kinds(&self, subject: &Subject) -> Result<Vec<FactorKind>> {
        let cache = &self.context.cache;
        let totp = cache
            .find::<TotpDevices>(subject.as_str(), TotpDevices::SORT)
            .await?;
        let sms = cache
            .find::<Contacts<Phones>>(subject.as_str(), Contacts::<Phones>::SORT)
            .await?;
        let email = cache
            .find::<Contacts<Emails>>(subject.as_str(), Contacts::<Emails>::SORT)
            .await?;
        let enrolled = [
            totp.is_some_and(|held| held.devices.iter().any(TotpDevice::enabled)),
            sms.is_some_and(|held| held.devices.iter().any(ContactDevice::enabled)),
            email.is_some_and(|held| held.devices.iter().any(ContactDevice::enabled)),
        ];
        let kinds = [FactorKind::Totp, FactorKind::Sms, FactorKind::Email];
        Ok(kinds
            .into_iter()
            .zip(enrolled)
            .filter_map(|(kind, has)| has.then_some(kind))
            .collect())
    }

    /// The authenticator apps, without abandoned ones.
    pub(crate) async fn totp(&self, subject: &Subject) -> Result<EnrolledApps> {
        let empty = || TotpDevices {
            subject: subject.clone(),
            devices: Vec::new(),
        };
        let slot = self
            .context
            .table::<TotpDevices>()
            .slot(subject.as_str(), TotpDevices::SORT, empty)
            .await?;
        Ok(DeviceList::new(slot, self.context.now()))
    }

    /// The contacts of one kind, without abandoned ones.
    pub(crate) async fn contacts<K: ContactKind>(&self, subject: &Subject) -> Result<EnrolledContacts<K>> {
        let table = self.context.table::<Contacts<K>>();
        let slot = table
            .slot(subject.as_str(), Contacts::<K>::SORT, || Contacts::none(subject))
            .await?;
        Ok(DeviceList::new(slot, self.context.now()))
    }

    /// The confirmed contacts of one kind, in the order of their enrolment.
    pub(crate) async fn enabled_contacts(
        &self,
        subject: &Subject,
        factor: FactorKind,
    ) -> Result<Vec<ContactDevice>> {
        let mut devices = match factor {
            FactorKind::Totp => Vec::new(),
            FactorKind::Sms => self.contacts::<Phones>(subject).await?.into_all(),
            FactorKind::Email => self.contacts::<Emails>(subject).await?.into_all(),
        };
        devices.retain(ContactDevice::enabled);
        Ok(devices)
    }

    /// Adds the use of a contact to the commit that its code opens.
    pub(crate) async fn mark_used(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        factor: FactorKind,
        id: &DeviceId,
    ) -> Result<()> {
        match factor {
            FactorKind::Sms => self.mark::<Phones>(batch, subject, id).await,
            FactorKind::Email | FactorKind::Totp => self.mark::<Emails>(batch, subject, id).await,
        }
    }

    async fn mark<K: ContactKind>(&self, batch: &mut Batch, subject: &Subject, id: &DeviceId) -> Result<()> {
        let mut list = self.contacts::<K>(subject).await?;
        let device = list.confirmed_mut().find(|device| device.id == *id);
        // The device was removed after the code was sent: the code is void.
        device.ok_or_else(|| WRONG_CODE.error())?.last_used_at = Some(self.context.now());
        list.save_in(batch)
    }
}
