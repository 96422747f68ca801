//! The use cases, one folder per area.

pub mod access;
pub mod accounts;
pub mod challenges;
pub mod factors;
pub mod known_devices;
pub mod password_recovery;
pub mod recovery_codes;
pub mod sessions;
