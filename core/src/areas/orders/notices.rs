//! What buyers are told by mail.

use minijinja::Value;
use minijinja::value::Serde;
use portcullis_ports::Result;
use serde::Serialize;

use super::books::OrderBooks;
use super::records::OrderRecord;
use crate::foundation::table::Batch;
use crate::foundation::texts::{Template, template};

pub(super) const NOTICE: Template = template!("order.email", samples);

/// Something that a buyer has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// It is paid, and what it is for is sold.
    Confirmed,
    /// It was paid and cannot be kept: the money is given back.
    NotKept,
}

#[derive(Serialize)]
struct Variables {
    event: &'static str,
    order: String,
    description: String,
    total: String,
}

/// Every event.
fn samples() -> Vec<Value> {
    let all = ["confirmed", "not_kept"].map(|event| Variables {
        event,
        order: "ord_01h2xcejqtf2nbrexx3vqjhp41".to_owned(),
        description: "Plum kettle + 1".to_owned(),
        total: "39.98 USD".to_owned(),
    });
    all.into_iter().map(|one| Value::from(Serde(one))).collect()
}

impl OrderBooks {
    /// Adds a mail to the commit that makes it true, if the buyer has a proven address here and mail can be sent.
    pub(super) async fn notify(&self, batch: &mut Batch, order: &OrderRecord, notice: Notice) -> Result<()> {
        let variables = Variables {
            event: match notice {
                Notice::Confirmed => "confirmed",
                Notice::NotKept => "not_kept",
            },
            order: order.id.to_string(),
            description: order.description(),
            total: order.total.to_string(),
        };
        self.mail.add(batch, &order.subject, &NOTICE, variables).await
    }
}
