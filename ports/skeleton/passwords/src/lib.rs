//! Hashes passwords with Acme.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod config;
mod passwords;

use portcullis_ports::passwords::Passwords;
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::AcmeSettings;

inventory::submit! {
    Plugin::<Passwords>::new::<AcmeSettings>(
        Meta {
            id: "acme",
            title: "Acme",
            summary: "Hashes passwords with Acme.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[],
    )
}

portcullis_ports::set_up!(Passwords, "acme", |_folder| SetUp::new(
    json!({ "cost": 5 }),
    json!({ "cost": 4 })
));
