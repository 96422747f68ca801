//! The owner is told when a key is used from a network for the first time.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::{Result, Span, Timestamp};
use quick_cache::sync::Cache;

use super::notices::Notice;
use super::records::ApiKey;
use super::usage::KnownNetwork;
use super::{ApiKeyId, ApiKeys, events};
use crate::foundation::limit::Limit;
use crate::foundation::source::{Source, client_network};
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::budgets::{TOO_MANY_SENDS, Use};

/// The most networks that a process knows by itself: about two megabytes.
const REMEMBERED: usize = 16_384;
/// How long a process goes by that; the store knows of a use from there to the day.
const NOTED: Duration = Duration::from_hours(24);
/// So many new networks of one key are told. Whoever uses more is told of by the log alone, so that nobody's history and
/// mailbox are flooded.
const TOLD: Limit = Limit::new(10, Span::days(1));
/// The budget that they are counted in.
const BUDGET: &str = "api-key-new-networks";

/// The networks of which the store knows that keys were used from there, and since when this process knows it.
#[derive(Clone)]
pub(super) struct KnownNetworks(Arc<Cache<(ApiKeyId, IpAddr), Timestamp>>);

impl Default for KnownNetworks {
    fn default() -> Self {
        Self(Arc::new(Cache::new(REMEMBERED)))
    }
}

/// A key of [`KnownNetworks`] that owns nothing. It has the same hash.
struct Borrowed<'a>(&'a ApiKeyId, IpAddr);

impl Hash for Borrowed<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0, self.1).hash(state);
    }
}

impl quick_cache::Equivalent<(ApiKeyId, IpAddr)> for Borrowed<'_> {
    fn equivalent(&self, (id, ip): &(ApiKeyId, IpAddr)) -> bool {
        self.0 == id && self.1 == *ip
    }
}

impl ApiKeys {
    /// Tells the owner of a key that it was used from a network for the first time.
    ///
    /// # Errors
    /// Whatever the store answers: no use from a new network goes untold.
    pub(super) async fn alert(&self, key: &ApiKey, source: &Source) -> Result<()> {
        let network = client_network(source.ip);
        let known = self.known_networks.0.get(&Borrowed(&key.id, network));
        let now = self.context.clock.coarse_now();
        if known.is_some_and(|at| now.since(at) < NOTED && at <= now) {
            return Ok(());
        }
        // Rare: on the heap, so that every request does not carry the room for it.
        Box::pin(self.note_network(key, source)).await?;
        self.known_networks.0.insert((key.id.clone(), network), now);
        Ok(())
    }

    async fn note_network(&self, key: &ApiKey, source: &Source) -> Result<()> {
        let told = self
            .context
            .retried(|| self.note_network_once(key, source, true))
            .await;
        match told {
            Err(error) if error.code() == TOO_MANY_SENDS => {
                self.context
                    .retried(|| self.note_network_once(key, source, false))
                    .await
            }
            told => told,
        }
    }

    async fn note_network_once(&self, key: &ApiKey, source: &Source, tell: bool) -> Result<()> {
        let (mut batch, now, network) = (Batch::default(), self.context.now(), source.network());
        let new = || KnownNetwork {
            subject: key.subject.clone(),
            key: key.id.clone(),
            network: network.clone(),
            first_at: now,
            last_at: now,
        };
        let table = self.context.table::<KnownNetwork>();
        let sort = KnownNetwork::sort(&key.id, &network);
        let mut slot = table.slot(key.subject.as_str(), &sort, new).await?;
        if slot.is_new() && tell {
            let event = Event::info(events::NEW_NETWORK, source).with("key_id", &key.id);
            self.audit.append(&mut batch, &key.subject, &[event]).await?;
            self.notify(&mut batch, key, &Notice::NewNetwork(source)).await?;
        } else if !slot.is_new() && now.since(slot.value.last_at) < NOTED {
            return Ok(());
        }
        slot.value.last_at = now;
        let is_new = slot.is_new();
        batch.save(&slot)?;
        if is_new && tell {
            let told = [Use {
                name: BUDGET,
                of: &[key.id.as_str()],
                limit: TOLD,
            }];
            self.budgets.take_in(&mut batch, TOO_MANY_SENDS, &told).await?;
        }
        self.context.commit(batch).await
    }
}
