//! A vendor's webhooks behind their guard: forgeries, however many, keep genuine deliveries from nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::inbound::{
    self, CERTIFICATE_UNAVAILABLE, Delivery, Inbound, InboundEvent, NOT_CONFIRMED, Proof, UNREADABLE,
    Verification, Verified, WebhookRequest,
};
use portcullis_ports::policy::CallPolicy;
use portcullis_ports::{Code, Error, Kind, Result, Retry};

use super::{Guard, Guards};

/// A delivery could not be checked or applied at the moment.
pub const WEBHOOK_UNAVAILABLE: Code = Code::new(
    "webhook-unavailable",
    Kind::Unavailable,
    "The delivery cannot be checked at the moment: deliver it again.",
);

/// The troubles at the vendor that a delivery is answered with.
const WEBHOOK_TROUBLES: [Code; 3] = [WEBHOOK_UNAVAILABLE, CERTIFICATE_UNAVAILABLE, NOT_CONFIRMED];

/// Deliveries that are checked by computation alone, at the same time.
const LOCAL: usize = 64;
/// Deliveries for which the vendor is asked, at the same time; and of them, those from one network.
const ASKING: usize = 16;
const ASKING_PER_NETWORK: usize = 4;
/// When the vendor should deliver again what found no room.
const AGAIN: Duration = Duration::from_secs(10);

/// The webhooks of one instance.
pub(crate) struct GuardedInbound<E> {
    inner: Arc<dyn Inbound<Event = E>>,
    local: Arc<Guard>,
    asking: Arc<Guard>,
    /// What is verified may ask the vendor as well, to confirm a subscription; only genuine deliveries come so far.
    confirming: Arc<Guard>,
    /// How many deliveries of a network ask the vendor at the moment.
    networks: Mutex<BTreeMap<String, usize>>,
}

/// The place of one delivery among those of its network.
struct Entered<'a> {
    networks: &'a Mutex<BTreeMap<String, usize>>,
    network: &'a str,
}

/// A delivery's way through the guard that it needs.
struct Guarded<E> {
    inner: Arc<dyn Inbound<Event = E>>,
    verifying: Arc<Guard>,
}

impl<E: InboundEvent> GuardedInbound<E> {
    /// Holds each step to `limit`.
    pub(crate) fn new(
        guards: &Guards,
        instance: &str,
        inner: Arc<dyn Inbound<Event = E>>,
        limit: Duration,
    ) -> Self {
        let guard =
            |concurrency| Arc::new(guards.guard("webhooks", instance, CallPolicy::new(limit, concurrency)));
        Self {
            inner,
            local: guard(LOCAL),
            asking: guard(ASKING),
            confirming: guard(ASKING),
            networks: Mutex::default(),
        }
    }

    /// Verifies a delivery. What can be refused without I/O waits for nobody.
    ///
    /// # Errors
    /// Those of [`Inbound`]; `webhook-unavailable` if there is no room or no answer in time.
    pub(crate) async fn verify(&self, request: &WebhookRequest<'_>, network: &str) -> Result<Delivery> {
        let (verifying, _entered) = match self.inner.screen(request).map_err(unified)? {
            Verification::Local => (&self.local, None),
            Verification::AsksVendor => (&self.asking, Some(self.enter(network)?)),
        };
        let guarded = Guarded {
            inner: Arc::clone(&self.inner),
            verifying: Arc::clone(verifying),
        };
        inbound::verify(&guarded, request).await.map_err(unified)
    }

    /// Takes a verified delivery apart.
    ///
    /// # Errors
    /// `webhook-unreadable`.
    pub(crate) fn split(&self, delivery: &Delivery) -> Result<Vec<Verified<E>>> {
        delivery.split(self.inner.as_ref()).map_err(unified)
    }

    /// Does what the vendor's protocol asks for besides.
    ///
    /// # Errors
    /// `webhook-unavailable` if the vendor should deliver it again.
    pub(crate) async fn handshake(&self, delivery: &Delivery) -> Result<()> {
        let done = self
            .confirming
            .run("handshake", self.inner.handshake(delivery))
            .await;
        done.unwrap_or_else(|| Err(unavailable("what the vendor asks for did not end in time")))
            .map_err(unified)
    }

    fn enter<'a>(&'a self, network: &'a str) -> Result<Entered<'a>> {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = networks.entry(network.to_owned()).or_default();
        if *under_way >= ASKING_PER_NETWORK {
            return Err(unavailable(
                "too many deliveries of this network wait for the vendor",
            ));
        }
        *under_way += 1;
        drop(networks);
        Ok(Entered {
            networks: &self.networks,
            network,
        })
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = networks.get_mut(self.network) {
            *under_way = under_way.saturating_sub(1);
            if *under_way == 0 {
                networks.remove(self.network);
            }
        }
    }
}

#[async_trait]
impl<E: InboundEvent> Inbound for Guarded<E> {
    type Event = E;

    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
        self.verifying
            .run("verify", self.inner.verify(delivery))
            .await
            .unwrap_or_else(|| Err(unavailable("verifying it did not end in time")))
    }

    fn redact<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        self.inner.redact(body)
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<E>> {
        self.inner.split(delivery)
    }
}

/// What a plugin says of a delivery, with the codes that are the same for every vendor.
fn unified(error: Error) -> Error {
    match error.kind() {
        Kind::Invalid => {
            let mut told = UNREADABLE.with_detail(error.detail().to_owned());
            for field in error.fields() {
                told = told.with_field(field.pointer.clone(), field.detail.clone());
            }
            told.with_source(error)
        }
        Kind::Unavailable if !WEBHOOK_TROUBLES.contains(&error.code()) => {
            let told = WEBHOOK_UNAVAILABLE
                .error()
                .with_context("why", error.detail().to_owned());
            match error.retry() {
                Retry::Later(wait) => told.retry_after(wait).with_source(error),
                Retry::Never | Retry::Unknown => told.with_source(error),
            }
        }
        _ => error,
    }
}

fn unavailable(why: &'static str) -> Error {
    WEBHOOK_UNAVAILABLE
        .error()
        .with_context("why", why)
        .retry_after(AGAIN)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use futures_util::poll;
    use portcullis_ports::Clock;
    use portcullis_ports::identity::Presented;
    use portcullis_ports::inbound::refused;
    use portcullis_ports::notification::DeliveryEvent;
    use portcullis_ports::testkit::FakeClock;

    use super::*;

    /// Asks its vendor, who is silent, about everything that does not say `genuine`.
    #[derive(Default)]
    struct Silent {
        asking: AtomicUsize,
    }

    #[async_trait]
    impl Inbound for Silent {
        type Event = DeliveryEvent;

        fn screen(&self, delivery: &WebhookRequest<'_>) -> Result<Verification> {
            match delivery.body {
                b"genuine" => Ok(Verification::Local),
                b"garbage" => Err(refused("it is garbage")),
                _ => Ok(Verification::AsksVendor),
            }
        }

        async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
            if delivery.body != b"genuine" {
                self.asking.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
            Ok(Proof::Signed)
        }

        fn split(&self, _: &Delivery) -> Result<Vec<DeliveryEvent>> {
            Ok(Vec::new())
        }
    }

    struct NoHeaders;

    impl Presented for NoHeaders {
        fn bearer(&self) -> Option<&str> {
            None
        }

        fn header(&self, _: &str) -> Option<&str> {
            None
        }
    }

    fn posted(body: &[u8]) -> WebhookRequest<'_> {
        WebhookRequest {
            headers: &NoHeaders,
            url: "https://gate.example.com/webhooks/senders/main",
            body,
            received_at: portcullis_ports::Timestamp::from_seconds(0),
            peer: std::net::IpAddr::from([192, 0, 2, 1]),
            token: None,
        }
    }

    #[tokio::test]
    async fn forgeries_use_up_no_room_of_genuine_deliveries() {
        let clock = Arc::new(FakeClock::default());
        let dynamic: Arc<dyn Clock> = clock.clone();
        let silent = Arc::new(Silent::default());
        let limit = Duration::from_secs(15);
        let inbound = GuardedInbound::new(&Guards::new(&dynamic), "main", silent.clone(), limit);
        let (forged, genuine, garbage) = (posted(b"forged"), posted(b"genuine"), posted(b"garbage"));
        let mut flood = Box::pin(join_all((0..500).map(|_| inbound.verify(&forged, "192.0.2.1"))));
        assert!(poll!(&mut flood).is_pending());
        assert_eq!(silent.asking.load(Ordering::SeqCst), ASKING_PER_NETWORK);
        // What needs no vendor is checked at once, from wherever it comes.
        inbound.verify(&genuine, "192.0.2.1").await.unwrap();
        let refused = inbound.verify(&garbage, "192.0.2.1").await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unauthenticated);
        // And another network has room for what does.
        let mut other = Box::pin(inbound.verify(&forged, "198.51.100.1"));
        assert!(poll!(&mut other).is_pending());
        assert_eq!(silent.asking.load(Ordering::SeqCst), ASKING_PER_NETWORK + 1);
        clock.advance(limit);
        for answer in flood.await {
            assert_eq!(answer.unwrap_err().code(), WEBHOOK_UNAVAILABLE);
        }
        assert!(other.await.is_err());
        assert!(
            inbound.networks.lock().unwrap().is_empty(),
            "nothing is left behind"
        );
    }

    #[tokio::test]
    async fn many_networks_together_are_bounded_as_well() {
        let clock: Arc<dyn Clock> = Arc::new(FakeClock::default());
        let silent = Arc::new(Silent::default());
        let inbound = GuardedInbound::new(
            &Guards::new(&clock),
            "main",
            silent.clone(),
            Duration::from_secs(15),
        );
        let networks: Vec<String> = (0..100).map(|at| format!("192.0.2.{at}")).collect();
        let forged = posted(b"forged");
        let mut flood = Box::pin(join_all(
            networks.iter().map(|network| inbound.verify(&forged, network)),
        ));
        assert!(poll!(&mut flood).is_pending());
        assert_eq!(silent.asking.load(Ordering::SeqCst), ASKING);
        inbound.verify(&posted(b"genuine"), "192.0.2.1").await.unwrap();
    }
}
