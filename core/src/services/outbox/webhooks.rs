//! What vendors report of messages, through the inbox.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::connections::Connection;
use portcullis_ports::inbound::Verified;
use portcullis_ports::notification::{DeliveryEvent, Senders};

use super::{Outbox, Recorded, meters};
use crate::foundation::table::Batch;
use crate::foundation::task_kind::TaskKind;
use crate::services::inbox::{self, EventHandler, Handled, Inbox};
use crate::services::webhooks::Webhooks;

/// The events of all senders.
pub(crate) const SENDER_EVENTS: TaskKind =
    inbox::task_kind("sender-events", "Applies what vendors report of messages.");

/// Applies what the vendor of one sender reports.
struct DeliveryReports {
    outbox: Outbox,
    instance: String,
}

#[async_trait]
impl EventHandler<DeliveryEvent> for DeliveryReports {
    async fn apply(&self, batch: &mut Batch, event: &Verified<DeliveryEvent>) -> Result<Handled> {
        let recorded = self.outbox.record_in(batch, &self.instance, event).await?;
        let counted = metrics::counter!(meters::REPORTS.name,
            "sender" => self.instance.clone(), "outcome" => recorded.as_str());
        batch.meters.push(counted);
        Ok(match recorded {
            Recorded::Applied => Handled::Applied,
            Recorded::Parked => Handled::Parked,
            Recorded::Repeated | Recorded::Stale => Handled::Unchanged,
            Recorded::Foreign => Handled::Foreign,
            Recorded::Unsupported => Handled::Ignored,
        })
    }
}

impl Outbox {
    /// Takes the deliveries to the webhooks of these senders.
    pub(crate) fn register_webhooks(
        &self,
        inbox: &Inbox,
        webhooks: &mut Webhooks,
        senders: &[&Connection<Senders>],
    ) {
        let limit = self.settings.timeout.get();
        for sender in senders {
            if let Some(inbound) = &sender.inbound {
                let reports = DeliveryReports {
                    outbox: self.clone(),
                    instance: sender.instance.clone(),
                };
                inbox.register(webhooks, sender, inbound, &SENDER_EVENTS, limit, reports);
            }
        }
    }
}
