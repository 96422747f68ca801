//! Tells the owner of an account, at its proven address, what changed.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Serde;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::notification::{Channel, Destination};
use serde::Serialize;

use crate::foundation::area::Area;
use crate::foundation::context::Context;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::lane::Lane;
use crate::foundation::table::Batch;
use crate::foundation::texts::{Language, Template, template};
use crate::services::outbox::{Draft, Outbox};
use crate::services::owner_mail::OwnerMail;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    texts: &[BY_EMAIL, BY_SMS],
    ..Area::EMPTY
};

const BY_EMAIL: Template = template!("security_notification.email", samples);
const BY_SMS: Template = template!("security_notification.sms", samples);

/// Something important that happened to an account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SecurityEvent {
    PasswordChanged,
    PasswordRecovered,
    FactorAdded(FactorKind),
    FactorRemoved(FactorKind),
    RecoveryCodeUsed { factor: FactorKind, left: usize },
    RecoveryCodesReplaced(FactorKind),
    PaymentMethodAdded,
    PaymentMethodRemoved,
}

#[derive(Serialize)]
struct Variables {
    event: &'static str,
    factor: Option<&'static str>,
    /// The recovery codes that are left.
    left: Option<usize>,
}

impl From<&SecurityEvent> for Variables {
    fn from(event: &SecurityEvent) -> Self {
        let (event, factor, left) = match event {
            SecurityEvent::PasswordChanged => ("password_changed", None, None),
            SecurityEvent::PasswordRecovered => ("password_recovered", None, None),
            SecurityEvent::FactorAdded(factor) => ("factor_added", Some(factor), None),
            SecurityEvent::FactorRemoved(factor) => ("factor_removed", Some(factor), None),
            SecurityEvent::RecoveryCodeUsed { factor, left } => {
                ("recovery_code_used", Some(factor), Some(*left))
            }
            SecurityEvent::RecoveryCodesReplaced(factor) => ("recovery_codes_replaced", Some(factor), None),
            SecurityEvent::PaymentMethodAdded => ("payment_method_added", None, None),
            SecurityEvent::PaymentMethodRemoved => ("payment_method_removed", None, None),
        };
        let factor = factor.map(|factor| factor.as_str());
        Self { event, factor, left }
    }
}

/// Every event.
fn samples() -> Vec<Value> {
    let of_factor = |factor| {
        let used = |left| SecurityEvent::RecoveryCodeUsed { factor, left };
        [
            SecurityEvent::FactorAdded(factor),
            SecurityEvent::FactorRemoved(factor),
            used(10),
            used(3),
            SecurityEvent::RecoveryCodesReplaced(factor),
        ]
    };
    let events = [
        SecurityEvent::PasswordChanged,
        SecurityEvent::PasswordRecovered,
        SecurityEvent::PaymentMethodAdded,
        SecurityEvent::PaymentMethodRemoved,
    ];
    let events = events
        .into_iter()
        .chain(FactorKind::ALL.into_iter().flat_map(of_factor));
    events
        .map(|event| Value::from(Serde(Variables::from(&event))))
        .collect()
}

/// Adds notifications to the commits that make them true.
#[derive(Clone)]
pub(crate) struct SecurityNotifications {
    context: Arc<Context>,
    mail: OwnerMail,
    outbox: Outbox,
}

impl SecurityNotifications {
    pub(crate) fn new(context: &Arc<Context>, mail: &OwnerMail, outbox: &Outbox) -> Self {
        Self {
            context: Arc::clone(context),
            mail: mail.clone(),
            outbox: outbox.clone(),
        }
    }

    /// Adds a notification to each of these destinations whose channel has a sender.
    pub(crate) async fn add_to(
        &self,
        batch: &mut Batch,
        destinations: Vec<Destination>,
        language: Option<Language>,
        event: &SecurityEvent,
    ) -> Result<()> {
        for to in destinations {
            if self.outbox.serves(to.channel()) {
                let template = match to.channel() {
                    Channel::Email => BY_EMAIL,
                    Channel::Sms => BY_SMS,
                };
                let text = self
                    .context
                    .texts
                    .render(language, template.name, Variables::from(event))?;
                let draft = Draft::new(to, text, Lane::Notices);
                self.outbox.enqueue(batch, draft).await?;
            }
        }
        Ok(())
    }

    /// Adds a notification, if the account has a proven address and mail can be sent.
    pub(crate) async fn add(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        event: &SecurityEvent,
    ) -> Result<()> {
        let variables = Variables::from(event);
        self.mail.add(batch, subject, &BY_EMAIL, variables).await
    }
}
