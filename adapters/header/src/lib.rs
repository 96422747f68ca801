//! The identity provider for development: it believes a header.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod config;
mod identity;

use portcullis_ports::identity::Identity;
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::HeaderSettings;
pub use identity::Header;

inventory::submit! {
    Plugin::<Identity>::new::<HeaderSettings>(
        Meta {
            id: "header",
            title: "Header identity",
            summary: "Believes the header x-user-sub. For development only.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::DevelopmentOnly,
        },
        &[],
    )
}

portcullis_ports::set_up!(Identity, "header", |_folder| {
    let presenting = |value: &str| FakeRequest::new().header("x-user-sub", value);
    let ada = portcullis_ports::identity::Subject::parse("usr_ada");
    SetUp::new(
        json!({}),
        identity::Requests {
            known: ada
                .into_iter()
                .map(|ada| (presenting(ada.as_str()), ada))
                .collect(),
            wrong: ["", "two words"].map(presenting).into(),
        },
    )
});
