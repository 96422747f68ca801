//! The devices of one kind of an account: what a commit adds, confirms and removes, whatever record holds them.

use portcullis_ports::id::DeviceId;
use portcullis_ports::{Result, Timestamp};

use super::devices::Device;
use super::pending::keep_newest;
use super::records::DeviceRecord;
use crate::foundation::proof::DEVICE_NOT_FOUND;
use crate::foundation::table::{Batch, Slot};

/// The devices of one kind as they were read, without those whose enrolment was abandoned.
pub(crate) struct DeviceList<R>(Slot<R>);

impl<R: DeviceRecord> DeviceList<R> {
    pub(super) fn new(mut slot: Slot<R>, now: Timestamp) -> Self {
        let kept = |device: &R::Device| device.pending_until().is_none_or(|until| until > now);
        slot.value.devices_mut().retain(kept);
        Self(slot)
    }

    /// In the order of their enrolment.
    pub(crate) fn into_all(self) -> Vec<R::Device> {
        self.0.value.into_devices()
    }

    /// The confirmed ones, in the order of their enrolment.
    pub(crate) fn confirmed(&self) -> impl Iterator<Item = &R::Device> {
        self.0.value.devices().iter().filter(|device| device.enabled())
    }

    pub(super) fn confirmed_ids(&self) -> Vec<DeviceId> {
        self.confirmed().map(|device| device.id().clone()).collect()
    }

    pub(super) fn confirmed_mut(&mut self) -> impl Iterator<Item = &mut R::Device> {
        let devices = self.0.value.devices_mut().iter_mut();
        devices.filter(|device| device.enabled())
    }

    /// # Errors
    /// `device-not-found`.
    pub(crate) fn find(&self, id: &DeviceId) -> Result<&R::Device> {
        let mut devices = self.0.value.devices().iter();
        let found = devices.find(|device| device.id() == id);
        found.ok_or_else(|| DEVICE_NOT_FOUND.error())
    }

    fn find_mut(&mut self, id: &DeviceId) -> Result<&mut R::Device> {
        let mut devices = self.0.value.devices_mut().iter_mut();
        let found = devices.find(|device| device.id() == id);
        found.ok_or_else(|| DEVICE_NOT_FOUND.error())
    }

    /// Adds a device that waits for its first code. Of those that wait, `PENDING_MOST` are kept.
    pub(crate) fn add_waiting(&mut self, device: R::Device) {
        let devices = self.0.value.devices_mut();
        keep_newest(devices, Device::enabled);
        devices.push(device);
    }

    /// Confirms a device whose first code was right, and gives it.
    ///
    /// # Errors
    /// `device-not-found`.
    pub(crate) fn confirm(&mut self, id: &DeviceId, now: Timestamp) -> Result<&mut R::Device> {
        let device = self.find_mut(id)?;
        device.confirm(now);
        Ok(device)
    }

    /// # Errors
    /// `device-not-found`.
    pub(crate) fn remove(&mut self, id: &DeviceId) -> Result<()> {
        self.find(id)?;
        self.0.value.devices_mut().retain(|device| device.id() != id);
        Ok(())
    }

    /// Adds the list to a commit, which fails if another was faster.
    pub(crate) fn save_in(&self, batch: &mut Batch) -> Result<()> {
        batch.save(&self.0)
    }

    /// Adds to a commit that it fails if a device of the kind comes or goes meanwhile.
    pub(super) fn check_in(&self, batch: &mut Batch) {
        batch.check_slot(&self.0);
    }
}
