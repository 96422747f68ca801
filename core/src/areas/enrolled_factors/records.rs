//! How factors are stored: one record per account and kind, so that limits and uniqueness hold in every commit.

use std::marker::PhantomData;

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::devices::{ContactDevice, Device, TotpDevice};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::table::Memory;
use crate::foundation::table::Stored;

/// Authenticator apps.
pub(crate) const TOTP: Collection = Collection {
    name: "totp",
    table: "totp",
    variable: "DDB_TOTP_TABLE",
};
/// Phone numbers.
pub(crate) const SMS: Collection = Collection {
    name: "sms",
    table: "sms",
    variable: "DDB_SMS_TABLE",
};
/// E-mail addresses.
pub(crate) const EMAIL: Collection = Collection {
    name: "email",
    table: "email",
    variable: "DDB_EMAIL_TABLE",
};

const SORT: &str = "devices";

/// A record that holds all devices of one kind of one account.
pub(crate) trait DeviceRecord: Stored {
    type Device: Device;

    fn devices(&self) -> &[Self::Device];
    fn devices_mut(&mut self) -> &mut Vec<Self::Device>;
    fn into_devices(self) -> Vec<Self::Device>;
}

/// The authenticator apps of one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TotpDevices {
    pub(crate) subject: Subject,
    pub(crate) devices: Vec<TotpDevice>,
}

impl TotpDevices {
    pub(crate) const SORT: &'static str = SORT;
}

impl Stored for TotpDevices {
    const COLLECTION: Collection = TOTP;
    const MEMORY: Memory = Memory::RecordsAndAbsence;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), SORT.into())
    }
}

impl DeviceRecord for TotpDevices {
    type Device = TotpDevice;

    fn devices(&self) -> &[TotpDevice] {
        &self.devices
    }

    fn devices_mut(&mut self) -> &mut Vec<TotpDevice> {
        &mut self.devices
    }

    fn into_devices(self) -> Vec<TotpDevice> {
        self.devices
    }
}

/// A kind of contact that receives codes.
pub(crate) trait ContactKind: Send + Sync + 'static {
    const COLLECTION: Collection;
    const FACTOR: FactorKind;
}

/// Phone numbers.
#[derive(Debug, Clone)]
pub(crate) struct Phones;

impl ContactKind for Phones {
    const COLLECTION: Collection = SMS;
    const FACTOR: FactorKind = FactorKind::Sms;
}

/// E-mail addresses.
#[derive(Debug, Clone)]
pub(crate) struct Emails;

impl ContactKind for Emails {
    const COLLECTION: Collection = EMAIL;
    const FACTOR: FactorKind = FactorKind::Email;
}

/// The contacts of one kind of one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Contacts<K> {
    pub(crate) subject: Subject,
    pub(crate) devices: Vec<ContactDevice>,
    #[serde(skip)]
    kind: PhantomData<fn() -> K>,
}

impl<K> Contacts<K> {
    pub(crate) const SORT: &'static str = SORT;

    pub(crate) fn none(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            devices: Vec::new(),
            kind: PhantomData,
        }
    }
}

impl<K: ContactKind> Stored for Contacts<K> {
    const COLLECTION: Collection = K::COLLECTION;
    const MEMORY: Memory = Memory::RecordsAndAbsence;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), SORT.into())
    }
}

impl<K: ContactKind> DeviceRecord for Contacts<K> {
    type Device = ContactDevice;

    fn devices(&self) -> &[ContactDevice] {
        &self.devices
    }

    fn devices_mut(&mut self) -> &mut Vec<ContactDevice> {
        &mut self.devices
    }

    fn into_devices(self) -> Vec<ContactDevice> {
        self.devices
    }
}
