//! Deliveries to the webhooks of senders: events about messages.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::connections::Connection;
use portcullis_ports::inbound::WebhookRequest;
use portcullis_ports::notification::{DeliveryEvent, Senders};

use super::Outbox;
use super::meters;
use crate::foundation::guard::GuardedInbound;
use crate::foundation::source::Source;
use crate::services::webhooks::{WebhookHandler, Webhooks};

/// Applies what the vendor of one sender reports.
struct DeliveryReports {
    outbox: Outbox,
    instance: String,
    inbound: GuardedInbound<DeliveryEvent>,
}

#[async_trait]
impl WebhookHandler for DeliveryReports {
    async fn receive(&self, delivery: &WebhookRequest<'_>, source: &Source) -> Result<()> {
        for event in self.inbound.receive(delivery, &source.network()).await? {
            let recorded = self.outbox.record(&self.instance, &event).await?;
            metrics::counter!(meters::REPORTS.name,
                "sender" => self.instance.clone(), "outcome" => recorded.as_str())
            .increment(1);
        }
        Ok(())
    }
}

impl Outbox {
    /// Takes the deliveries to the webhooks of these senders.
    pub(crate) fn register_webhooks(&self, webhooks: &mut Webhooks, senders: &[&Connection<Senders>]) {
        let limit = self.settings.timeout.get();
        for sender in senders {
            if let Some(inbound) = &sender.inbound {
                let reports = DeliveryReports {
                    outbox: self.clone(),
                    instance: sender.instance.clone(),
                    inbound: GuardedInbound::new(
                        &self.context.guards,
                        &sender.instance,
                        Arc::clone(inbound),
                        limit,
                    ),
                };
                webhooks.register(sender, reports);
            }
        }
    }
}
