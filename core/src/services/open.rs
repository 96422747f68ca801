//! Opening the services over a context.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::connections::Connections;
use portcullis_ports::storage::Storage;

use super::audit::{self, Audit, Histories};
use super::billing_freezes::BillingFreezes;
use super::budgets::{self, Budgets};
use super::directory::Directory;
use super::epochs::{self, Epochs};
use super::idempotency::Idempotency;
use super::inbox::Inbox;
use super::known_devices::{KnownDeviceRules, KnownDevices};
use super::outbox::{self, Outbox};
use super::owner_mail::OwnerMail;
use super::security_notifications::SecurityNotifications;
use super::sms_spend::{self, SmsSpend};
use super::suppressions::Suppressions;
use super::tallies::{TALLYING, Tallies};
use super::tasks::{Runners, Tasks};
use super::webhooks::Webhooks;
use crate::foundation::calendar::Zone;
use crate::foundation::context::Context;

/// What the services go by.
pub(crate) struct ServiceSettings<'a> {
    pub(crate) audit: &'a audit::Settings,
    pub(crate) budgets: &'a budgets::Settings,
    pub(crate) outbox: &'a outbox::Settings,
    pub(crate) sms_spend: &'a sms_spend::Settings,
    /// Where days of figures begin.
    pub(crate) zone: &'a Zone,
    pub(crate) epochs: epochs::Lifetimes,
    pub(crate) known_devices: KnownDeviceRules,
    /// Of what areas make, for the budgets about it.
    pub(crate) lifetimes: budgets::Lifetimes,
}

/// The services of one deployment.
pub(crate) struct Services {
    pub(crate) tasks: Tasks,
    /// The runners of the kinds of services; areas add theirs.
    pub(crate) runners: Runners,
    pub(crate) audit: Audit,
    pub(crate) epochs: Epochs,
    pub(crate) known_devices: KnownDevices,
    pub(crate) budgets: Budgets,
    pub(crate) directory: Directory,
    pub(crate) idempotency: Idempotency,
    pub(crate) billing_freezes: BillingFreezes,
    pub(crate) suppressions: Suppressions,
    pub(crate) tallies: Tallies,
    pub(crate) sms_spend: SmsSpend,
    pub(crate) outbox: Outbox,
    pub(crate) webhooks: Webhooks,
    pub(crate) inbox: Inbox,
    pub(crate) notifications: SecurityNotifications,
    pub(crate) owner_mail: OwnerMail,
}

impl Services {
    /// Builds the services. Areas register what they run and hear besides.
    ///
    /// # Errors
    /// If there is no store.
    pub(crate) fn open(
        context: &Arc<Context>,
        connections: &Connections,
        settings: &ServiceSettings<'_>,
    ) -> Result<Self> {
        let tasks = Tasks::new(context);
        let mut runners = Runners::new(&tasks);
        let audit = Audit::new(context, settings.audit);
        let scan = Arc::clone(&connections.one::<Storage>()?.scan);
        runners.repeating(&audit::DAILY_PRUNING, Histories::new(&audit, scan));
        let epochs = Epochs::new(context, settings.epochs);
        let known_devices = KnownDevices::new(context, &epochs, &audit, settings.known_devices);
        let budgets = Budgets::new(context, &known_devices, settings.budgets, settings.lifetimes);
        let directory = Directory::new(context);
        let idempotency = Idempotency::new(context);
        let billing_freezes = BillingFreezes::new(context);
        let suppressions = Suppressions::new(context);
        let tallies = Tallies::new(context, settings.zone);
        runners.repeating(&TALLYING, tallies.clone());
        let sms_spend = SmsSpend::new(context, settings.sms_spend);
        let senders = connections.many();
        let outbox = Outbox::new(context, &senders, &suppressions, &sms_spend, settings.outbox);
        let mut webhooks = Webhooks::new(&context.clock);
        let inbox = Inbox::new(context, &tasks);
        outbox.register_webhooks(&inbox, &mut webhooks, &senders);
        runners.repeating(&outbox::SENDER_EVENTS, inbox.runner());
        let owner_mail = OwnerMail::new(context, &directory, &outbox);
        let notifications = SecurityNotifications::new(context, &owner_mail, &outbox);
        Ok(Self {
            tasks,
            runners,
            audit,
            epochs,
            known_devices,
            budgets,
            directory,
            idempotency,
            billing_freezes,
            suppressions,
            tallies,
            sms_spend,
            outbox,
            webhooks,
            inbox,
            notifications,
            owner_mail,
        })
    }
}
