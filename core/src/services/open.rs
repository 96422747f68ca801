//! Opening the services over a context.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::connections::Connections;

use super::audit::{self, Audit};
use super::budgets::{self, Budgets};
use super::directory::Directory;
use super::epochs::{self, Epochs};
use super::known_devices::{KnownDeviceRules, KnownDevices};
use super::outbox::{self, Outbox};
use super::security_notifications::SecurityNotifications;
use super::sms_spend::{self, SmsSpend};
use super::suppressions::Suppressions;
use super::webhooks::Webhooks;
use crate::foundation::context::Context;

/// What the services go by.
pub(crate) struct ServiceSettings<'a> {
    pub(crate) audit: &'a audit::Settings,
    pub(crate) budgets: &'a budgets::Settings,
    pub(crate) outbox: &'a outbox::Settings,
    pub(crate) sms_spend: &'a sms_spend::Settings,
    pub(crate) epochs: epochs::Lifetimes,
    pub(crate) known_devices: KnownDeviceRules,
    /// Of what areas make, for the budgets about it.
    pub(crate) lifetimes: budgets::Lifetimes,
}

/// The services of one deployment.
pub(crate) struct Services {
    pub(crate) audit: Audit,
    pub(crate) epochs: Epochs,
    pub(crate) known_devices: KnownDevices,
    pub(crate) budgets: Budgets,
    pub(crate) directory: Directory,
    pub(crate) suppressions: Suppressions,
    pub(crate) sms_spend: SmsSpend,
    pub(crate) outbox: Outbox,
    pub(crate) webhooks: Webhooks,
    pub(crate) notifications: SecurityNotifications,
}

impl Services {
    /// Builds the services, and has the webhooks of all connections handled.
    ///
    /// # Errors
    /// If a connection has a webhook that nobody handles.
    pub(crate) fn open(
        context: &Arc<Context>,
        connections: &Connections,
        settings: &ServiceSettings<'_>,
    ) -> Result<Self> {
        let audit = Audit::new(context, settings.audit);
        let epochs = Epochs::new(context, settings.epochs);
        let known_devices = KnownDevices::new(context, &epochs, &audit, settings.known_devices);
        let budgets = Budgets::new(context, &known_devices, settings.budgets, settings.lifetimes);
        let directory = Directory::new(context);
        let suppressions = Suppressions::new(context);
        let sms_spend = SmsSpend::new(context, settings.sms_spend);
        let senders = connections.many();
        let outbox = Outbox::new(context, &senders, &suppressions, &sms_spend, settings.outbox);
        let mut webhooks = Webhooks::new(&context.clock);
        outbox.register_webhooks(&mut webhooks, &senders);
        webhooks.require_handlers(connections)?;
        let notifications = SecurityNotifications::new(context, &directory, &outbox);
        Ok(Self {
            audit,
            epochs,
            known_devices,
            budgets,
            directory,
            suppressions,
            sms_spend,
            outbox,
            webhooks,
            notifications,
        })
    }
}
