//! What every service and area stands on; knows none of them.

pub(crate) mod cache;
pub(crate) mod context;
pub(crate) mod day;
pub(crate) mod decoy;
pub mod former_keys;
pub mod guard;
pub mod input;
pub(crate) mod keyring;
pub(crate) mod links;
#[cfg(test)]
pub(crate) mod observed_store;
pub(crate) mod subject_locks;
pub(crate) mod table;
#[cfg(test)]
mod table_tests;
