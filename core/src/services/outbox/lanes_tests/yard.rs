//! A deployment whose clock only the test moves, and senders that are silent, slow, away or broken.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_listener::Event;
use portcullis_ports::Clock;
use portcullis_ports::notification::{Message, Receipt, Sender, Senders};
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::storage::RecordStore;
use portcullis_ports::testkit::{FakeClock, MemoryStore, connection};

use super::super::*;
use crate::foundation::testing::Node;
use crate::services::testing::vendor::destination;
use crate::services::testing::{BedSettings, patient};

/// How a sender behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Takes the message at once.
    Takes,
    /// Never answers.
    Silent,
    /// Says after so long that it did not send the message, and that it is the trouble of this message alone.
    Refuses(Duration),
    /// Says at once that it cannot be reached.
    Unreachable,
    /// Takes the message when the test lets it.
    Waits,
    /// A defect.
    Panics,
}

pub(super) struct Sending {
    channels: Vec<Channel>,
    most: usize,
    manner: Mutex<Manner>,
    clock: Arc<FakeClock>,
    asked: Mutex<Vec<Message>>,
    sent: Mutex<Vec<Message>>,
    running: AtomicUsize,
    pub(super) peak: AtomicUsize,
    pub(super) released: Event,
}

impl Sending {
    pub(super) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(super) fn sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    pub(super) fn behaves(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
}

#[async_trait]
impl Sender for Sending {
    fn channels(&self) -> &[Channel] {
        &self.channels
    }

    fn concurrency(&self) -> usize {
        self.most
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        let running = 1 + self.running.fetch_add(1, Ordering::SeqCst);
        self.peak.fetch_max(running, Ordering::SeqCst);
        let _left = Left(&self.running);
        self.asked.lock().unwrap().push(message.clone());
        let released = self.released.listen();
        let manner = *self.manner.lock().unwrap();
        match manner {
            Manner::Takes => {}
            Manner::Waits => released.await,
            Manner::Silent => std::future::pending().await,
            Manner::Panics => panic!("a defect"),
            Manner::Unreachable => {
                return Outcome::NotSent(Reason::outage("gone", "gone", Duration::from_secs(5)));
            }
            Manner::Refuses(after) => {
                self.clock.sleep(after).await;
                return Outcome::NotSent(Reason::passing("busy", "busy", Duration::from_secs(5)));
            }
        }
        self.sent.lock().unwrap().push(message.clone());
        Outcome::Done(Receipt {
            reference: message.id.to_string(),
        })
    }
}

struct Left<'a>(&'a AtomicUsize);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A deployment whose clock is moved by the test alone, so that waiting is waiting.
pub(super) struct Yard {
    pub(super) outbox: Outbox,
    pub(super) clock: Arc<FakeClock>,
    senders: BTreeMap<&'static str, Arc<Sending>>,
}

pub(super) const EMAIL: &[Channel] = &[Channel::Email];
pub(super) const SMS: &[Channel] = &[Channel::Sms];

impl Yard {
    pub(super) async fn with(senders: &[(&'static str, &[Channel], usize, Manner)]) -> Self {
        Self::on(Arc::new(FakeClock::default()), None, senders).await
    }

    pub(super) async fn on(
        clock: Arc<FakeClock>,
        store: Option<(Arc<MemoryStore>, Arc<dyn RecordStore>)>,
        senders: &[(&'static str, &[Channel], usize, Manner)],
    ) -> Self {
        let mut named = Vec::new();
        let mut known = BTreeMap::new();
        for (instance, channels, most, manner) in senders {
            let sending = Arc::new(Sending {
                channels: channels.to_vec(),
                most: *most,
                manner: Mutex::new(*manner),
                clock: Arc::clone(&clock),
                asked: Mutex::default(),
                sent: Mutex::default(),
                running: AtomicUsize::new(0),
                peak: AtomicUsize::new(0),
                released: Event::new(),
            });
            known.insert(*instance, Arc::clone(&sending));
            named.push(connection::<Senders>(*instance, sending));
        }
        let seed = if store.is_some() { 1 << 8 } else { 1 };
        let (memory, records) = store.unwrap_or_else(|| {
            let memory = Arc::new(MemoryStore::new(clock.clone()));
            (Arc::clone(&memory), memory)
        });
        let node = Node {
            clock: Arc::clone(&clock),
            memory,
            store: records,
            shared: false,
            seed,
            areas: &[],
        };
        let connections = node.connections(&Arc::default());
        let connections = named
            .into_iter()
            .fold(connections, portcullis_ports::connections::Connections::with);
        let (_, services) = patient(&node, &connections, &BedSettings::default()).await;
        Self {
            outbox: services.outbox,
            clock,
            senders: known,
        }
    }

    pub(super) fn sender(&self, instance: &str) -> &Sending {
        &self.senders[instance]
    }

    /// Queues messages to this address or number.
    pub(super) async fn queue(&self, lane: Lane, to: &str, count: usize) -> Vec<MessageId> {
        let outbox = &self.outbox;
        let mut ids = Vec::new();
        for _ in 0..count {
            let draft = Draft {
                to: destination(to),
                language: Language::EN,
                subject: "Subject".into(),
                text: "123456".into(),
                code: None,
                lane,
                deliver_by: Some(self.clock.now() + Duration::from_hours(1)),
            };
            let mut batch = Batch::default();
            ids.push(outbox.enqueue(&mut batch, draft).await.unwrap());
            outbox.context.commit(batch).await.unwrap();
        }
        ids
    }

    /// Runs the dispatchers of both lanes and channels beside a test, until it ends.
    pub(super) async fn beside(&self, test: impl Future<Output = ()>) {
        let never = std::future::pending::<()>;
        let work = |lane, channel| self.outbox.work(lane, channel, never());
        let all = async {
            futures_util::join!(
                work(Lane::Codes, Channel::Email),
                work(Lane::Codes, Channel::Sms),
                work(Lane::Notices, Channel::Email),
                work(Lane::Notices, Channel::Sms)
            )
        };
        futures_util::select_biased! {
            () = futures_util::FutureExt::fuse(Box::pin(test)) => {}
            _ = futures_util::FutureExt::fuse(Box::pin(all)) => unreachable!("dispatchers do not end by themselves"),
        }
    }

    pub(super) async fn delivery(&self, id: &MessageId) -> MessageStatus {
        self.outbox.message(id).await.unwrap().delivery
    }

    /// Lets everybody else go on, and time pass second by second.
    pub(super) async fn pass(&self, span: Duration) {
        settle().await;
        for _ in 0..span.as_secs() {
            self.clock.advance(Duration::from_secs(1));
            settle().await;
        }
    }
}

/// Everything that can go on without time passing.
pub(super) async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}
