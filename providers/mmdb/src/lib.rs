//! The geolocation database in a local file of the MaxMind DB format.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod config;
mod database;

use portcullis_ports::geo::Geo;
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::MmdbSettings;

inventory::submit! {
    Plugin::<Geo>::new::<MmdbSettings>(
        Meta {
            id: "mmdb",
            title: "MaxMind DB file",
            summary: "Finds country and city of a network address in a local .mmdb file.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[],
    )
}
