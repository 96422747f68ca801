//! What owners are told by mail of their keys.

use minijinja::Value;
use minijinja::value::Serde;
use portcullis_ports::Result;
use serde::Serialize;

use super::ApiKeys;
use super::records::ApiKey;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::foundation::texts::{Template, template};

pub(super) const NOTICE: Template = template!("api_key.email", samples);

/// Something that an owner is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Notice<'a> {
    /// A key was made.
    Created,
    /// It has a new secret.
    Rotated,
    /// It may do more than before.
    Widened,
    /// It was revoked.
    Revoked,
    /// It was used from a network for the first time.
    NewNetwork(&'a Source),
}

#[derive(Serialize)]
struct Variables<'a> {
    event: &'static str,
    label: &'a str,
    key_id: &'a str,
    /// From where it was used.
    ip: Option<String>,
    /// The page of the panel; nothing where its address is not known.
    link: Option<&'a str>,
}

impl<'a> Variables<'a> {
    fn of(notice: &Notice<'_>, label: &'a str, key_id: &'a str, link: Option<&'a str>) -> Self {
        let (event, ip) = match notice {
            Notice::Created => ("created", None),
            Notice::Rotated => ("rotated", None),
            Notice::Widened => ("widened", None),
            Notice::Revoked => ("revoked", None),
            Notice::NewNetwork(source) => ("new_network", Some(source.ip.to_string())),
        };
        Self {
            event,
            label,
            key_id,
            ip,
            link,
        }
    }
}

/// Every event, with and without what may be missing.
fn samples() -> Vec<Value> {
    let source = Source::new([203, 0, 113, 7].into(), "sample");
    let notices = [
        Notice::Created,
        Notice::Rotated,
        Notice::Widened,
        Notice::Revoked,
        Notice::NewNetwork(&source),
    ];
    let id = "pck_01h2xcejqtf2nbrexx3vqjhp41";
    let link = "https://gate.example.com/api-keys";
    let all = notices.iter().flat_map(|notice| {
        [
            Variables::of(notice, "Back end", id, None),
            Variables::of(notice, "", id, Some(link)),
        ]
    });
    all.map(|one| Value::from(Serde(one))).collect()
}

impl ApiKeys {
    /// Adds a mail to a commit, if the owner has a proven address and mail can be sent.
    pub(super) async fn notify(&self, batch: &mut Batch, key: &ApiKey, notice: &Notice<'_>) -> Result<()> {
        let link = self.context.links.page("/api-keys");
        let variables = Variables::of(notice, &key.label, key.id.as_str(), link.as_deref());
        self.mail.add(batch, &key.subject, &NOTICE, variables).await
    }
}
