//! What every service and area stands on; knows none of them.

pub(crate) mod account_erasure;
pub(crate) mod all_rows;
pub(crate) mod area;
pub(crate) mod cache;
pub mod calendar;
#[cfg(test)]
mod composed_batch_tests;
pub(crate) mod context;
pub mod cursor;
pub(crate) mod day;
pub(crate) mod decoy;
pub(crate) mod device_proof;
pub(crate) mod event_kind;
pub(crate) mod factor_kind;
pub(crate) mod fingerprint;
pub mod former_keys;
pub mod guard;
pub(crate) mod hash_chain;
pub mod input;
pub(crate) mod keyring;
pub(crate) mod lane;
pub(crate) mod limit;
pub(crate) mod links;
pub(crate) mod locations;
pub mod meter;
#[cfg(test)]
pub(crate) mod observed_store;
pub(crate) mod prefix;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod proof;
pub(crate) mod requirement;
pub(crate) mod retry;
pub(crate) mod scope;
pub(crate) mod sealed_texts;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod step_up_action;
pub(crate) mod stored;
pub(crate) mod subject_locks;
pub(crate) mod table;
#[cfg(test)]
mod table_tests;
pub(crate) mod task_kind;
pub(crate) mod taxes;
#[cfg(test)]
pub(crate) mod testing;
pub mod texts;
#[cfg(test)]
mod unreadable_tests;
pub mod use_case;
pub(crate) mod user_agent;
pub(crate) mod wakeups;

use portcullis_ports::{error, identity, inbound, keys, passwords, storage};

use area::Area;

/// Every part of the foundation that keeps records or answers with problems.
pub(crate) const ALL: &[&Area] = &[&AREA, &keyring::AREA, &cache::AREA, &decoy::AREA];

/// What the foundation declares: the problems of the ports, and of proofs that every area takes.
pub(crate) const AREA: Area = Area {
    problems: &[
        cursor::INVALID_CURSOR,
        proof::CHALLENGE_ENDED,
        proof::DEVICE_NOT_FOUND,
        proof::WRONG_CODE,
        guard::IDENTITY_UNAVAILABLE,
        stored::RECORD_UNREADABLE,
        guard::WEBHOOK_UNAVAILABLE,
        error::INTERNAL,
        identity::UNAUTHENTICATED,
        inbound::CERTIFICATE_UNAVAILABLE,
        inbound::NOT_CONFIRMED,
        inbound::NOT_VERIFIED,
        inbound::UNREADABLE,
        keys::KEYS_UNAVAILABLE,
        keys::NOT_OURS,
        passwords::HASHER_BUSY,
        storage::STORE_CONFLICT,
        storage::STORE_UNAVAILABLE,
    ],
    meters: &[guard::CIRCUIT_OPEN, guard::SECONDS, stored::UNREADABLE],
    ..Area::EMPTY
};
