//! What people are told of their subscriptions.

use minijinja::Value;
use minijinja::value::Serde;
use portcullis_ports::payments::DeclineClass;
use portcullis_ports::{Result, Timestamp};
use serde::Serialize;

use super::books::SubscriptionBooks;
use super::records::{EndReason, SubscriptionRecord};
use crate::areas::payment_methods::ExpiringCard;
use crate::foundation::calendar::Zone;
use crate::foundation::table::Batch;
use crate::foundation::texts::{Template, template};

pub(super) const NOTICE: Template = template!("subscription.email", samples);

/// What would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Help {
    /// Nothing has to be done if there is money by then.
    RetryLater,
    /// Another method has to be stored.
    OtherMethod,
    /// Its owner has to pay the invoice, and to confirm that to the bank.
    Authenticate,
    /// Nothing: it is up to whoever runs the service.
    OurSide,
    /// Its owner has to see to it at the vendor that collects it.
    AtCollector,
}

impl From<DeclineClass> for Help {
    fn from(class: DeclineClass) -> Self {
        match class {
            DeclineClass::RetryLater => Self::RetryLater,
            DeclineClass::OtherMethod | DeclineClass::Never => Self::OtherMethod,
            DeclineClass::Authenticate => Self::Authenticate,
            DeclineClass::OurSide => Self::OurSide,
        }
    }
}

/// Something that its owner has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    /// A payment failed. It is tried again at that moment, if at all.
    PaymentFailed { help: Help, next: Option<Timestamp> },
    /// The card will have expired when the next period is billed.
    CardExpires(ExpiringCard),
    /// It entitles to nothing until it is paid.
    Restricted,
    /// It is over.
    Ended(EndReason),
}

#[derive(Debug, Default, Serialize)]
struct Variables {
    event: &'static str,
    plan: String,
    help: Option<Help>,
    /// A day.
    next: Option<String>,
    card: Option<String>,
    expires: Option<String>,
    /// The day on which it is billed next, or on which it ended.
    day: Option<String>,
    because: Option<EndReason>,
}

impl Variables {
    fn of(record: &SubscriptionRecord, notice: &Notice) -> Result<Self> {
        let zone = record.anchor.zone();
        let base = Self {
            plan: record.terms.name.clone(),
            ..Self::default()
        };
        Ok(match notice {
            Notice::PaymentFailed { help, next } => Self {
                event: "payment_failed",
                help: Some(*help),
                next: day(zone, *next)?,
                ..base
            },
            Notice::CardExpires(card) => Self {
                event: "card_expires",
                card: Some(card.name()),
                expires: Some(card.expires()),
                day: day(zone, Some(record.period.end))?,
                ..base
            },
            Notice::Restricted => Self {
                event: "restricted",
                help: record.collector.as_ref().map(|_| Help::AtCollector),
                ..base
            },
            Notice::Ended(because) => Self {
                event: "ended",
                because: Some(*because),
                day: day(zone, record.ended_at)?,
                ..base
            },
        })
    }
}

fn day(zone: &Zone, moment: Option<Timestamp>) -> Result<Option<String>> {
    moment.map(|moment| zone.date_text(moment)).transpose()
}

/// Every event.
fn samples() -> Vec<Value> {
    let plan = || "Pro".to_owned();
    let date = || Some("2026-12-28".to_owned());
    let failed = |help, next| Variables {
        event: "payment_failed",
        plan: plan(),
        help: Some(help),
        next,
        ..Variables::default()
    };
    let ended = |because| Variables {
        event: "ended",
        plan: plan(),
        because: Some(because),
        day: date(),
        ..Variables::default()
    };
    let all = vec![
        failed(Help::RetryLater, date()),
        failed(Help::RetryLater, None),
        failed(Help::OtherMethod, None),
        failed(Help::Authenticate, None),
        failed(Help::OurSide, date()),
        failed(Help::OurSide, None),
        failed(Help::AtCollector, date()),
        failed(Help::AtCollector, None),
        Variables {
            event: "card_expires",
            plan: plan(),
            card: Some("Visa 4242".to_owned()),
            expires: Some("12/2026".to_owned()),
            day: date(),
            ..Variables::default()
        },
        Variables {
            event: "restricted",
            plan: plan(),
            ..Variables::default()
        },
        ended(EndReason::Customer),
        ended(EndReason::Operator),
        ended(EndReason::Unpaid),
        ended(EndReason::NeverPaid),
        ended(EndReason::Vendor),
        Variables {
            event: "restricted",
            plan: plan(),
            help: Some(Help::AtCollector),
            ..Variables::default()
        },
    ];
    all.into_iter().map(|one| Value::from(Serde(one))).collect()
}

impl SubscriptionBooks {
    /// Adds a notice to the commit that makes it true, if its owner has a proven address and mail can be sent.
    pub(super) async fn notify(
        &self,
        batch: &mut Batch,
        record: &SubscriptionRecord,
        notice: &Notice,
    ) -> Result<()> {
        let variables = Variables::of(record, notice)?;
        self.mail.add(batch, &record.subject, &NOTICE, variables).await
    }
}
