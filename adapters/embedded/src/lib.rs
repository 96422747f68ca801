//! The record store for one machine: a folder with one SQLite file, durable when acknowledged.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod archive;
mod cache;
mod config;
mod failure;
mod folder;
mod free_space;
mod meters;
mod readers;
mod schema;
mod store;
mod writer;

use portcullis_ports::plugin::{Maturity, Meta, Plugin};
use portcullis_ports::storage::{Storage, StorageCapability};

pub use config::EmbeddedSettings;
pub use failure::{STORE_COPY, STORE_DAMAGED, STORE_FOLDER, STORE_IN_USE, STORE_NEWER};

inventory::submit! {
    Plugin::<Storage>::new::<EmbeddedSettings>(
        Meta {
            id: "embedded",
            title: "Embedded store",
            summary: "Keeps every record in one SQLite file in a folder; needs no other service.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[StorageCapability::Archive],
    )
}

portcullis_ports::set_up!(Storage, "embedded", |folder| SetUp::new(
    json!({ "folder": folder }),
    ()
));
