//! The record store for more than one machine: tables in DynamoDB.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod calls;
mod client;
mod commit;
mod condition;
mod config;
mod failed_condition;
mod failure;
mod item;
mod meters;
mod paging;
mod probe;
mod query;
mod retry_budget;
mod scan;
mod store;
mod tables;
mod version;

portcullis_ports::cfg_testkit! {
    pub mod emulator;
}
#[cfg(rustfmt)]
mod emulator;

use portcullis_ports::plugin::{Maturity, Meta, Plugin};
use portcullis_ports::storage::{Storage, StorageCapability};

pub use config::DynamodbSettings;
pub use failure::{STORE_ACCESS, STORE_TABLE};

inventory::submit! {
    Plugin::<Storage>::new::<DynamodbSettings>(
        Meta {
            id: "dynamodb",
            title: "DynamoDB",
            summary: "Keeps every record in DynamoDB, so that many machines can share them.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[StorageCapability::Shared, StorageCapability::Tables],
    )
}
