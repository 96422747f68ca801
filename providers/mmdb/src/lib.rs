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

// In the file that MaxMind makes for tests.
portcullis_ports::set_up!(Geo, "mmdb", |_folder| {
    let london = portcullis_ports::geo::Location {
        country: Some("GB".to_owned()),
        city: Some("London".to_owned()),
    };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/city.mmdb");
    let address = std::net::Ipv4Addr::new(81, 2, 69, 142);
    SetUp::new(json!({ "file": file }), (address.into(), london))
});
