//! The test bed of the inbox: a vendor that writes lines, and a handler that does what they say.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;

use portcullis_ports::inbound::{Proof, WebhookRequest, refused, unreadable};
use portcullis_ports::notification::Senders;
use portcullis_ports::storage::Collection;
use portcullis_ports::testkit::{FakeClock, MemoryStore, connection};
use portcullis_ports::{Clock as _, Error};
use serde::{Deserialize, Serialize};

use super::*;
use crate::foundation::guard::WEBHOOK_UNAVAILABLE;
use crate::foundation::table::Stored;
use crate::foundation::testing::{Bearer, Node, Observed, home};
use crate::services::tasks::Runners;
use crate::services::testing::Post;

pub(super) const EVENTS: TaskKind = task_kind("test-events", "Applies what the test posts.");

/// An event of the test's vendor: what its handler does, and to which counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    id: String,
    act: String,
}

impl InboundEvent for Event {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.act
    }
}

/// A vendor whose bodies are lines `id act`, behind a line with its proof and before one with a password.
#[derive(Default)]
pub(super) struct Vendor {
    /// What the plugin of today calls events that that of yesterday did not know.
    pub(super) understands: Mutex<Vec<String>>,
    pub(super) handshakes: Mutex<usize>,
    pub(super) away: Mutex<bool>,
}

#[async_trait]
impl InboundPlugin for Vendor {
    type Event = Event;

    async fn verify(&self, delivery: &WebhookRequest<'_>) -> Result<Proof> {
        match delivery.body.strip_prefix(b"genuine\n") {
            Some(_) if delivery.token.is_none_or(|token| token == "token") => Ok(Proof::Signed),
            _ => Err(refused("it is forged")),
        }
    }

    fn redact<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let text = std::str::from_utf8(body).map_err(|_| unreadable("body", "is no text"))?;
        let kept = text.lines().filter(|line| !line.starts_with("password"));
        Ok(Cow::Owned(kept.collect::<Vec<_>>().join("\n").into_bytes()))
    }

    fn split(&self, delivery: &Delivery) -> Result<Vec<Event>> {
        let text = std::str::from_utf8(delivery.body()).map_err(|_| unreadable("body", "is no text"))?;
        assert!(!text.contains("password"), "only what is kept is taken apart");
        let understood = self.understands.lock().unwrap();
        let mut events = Vec::new();
        for line in text.lines().skip(1) {
            match line.split_once(' ') {
                Some((id, act)) => events.push(Event {
                    id: id.trim_start_matches('-').to_owned(),
                    act: act.to_owned(),
                }),
                None if understood.iter().any(|known| known == line) => events.push(Event {
                    id: line.to_owned(),
                    act: "add".to_owned(),
                }),
                None if line.starts_with("unknown") => {}
                None => return Err(unreadable("line", "has no two words")),
            }
        }
        Ok(events)
    }

    async fn handshake(&self, _: &Delivery) -> Result<()> {
        *self.handshakes.lock().unwrap() += 1;
        if *self.away.lock().unwrap() {
            return Err(WEBHOOK_UNAVAILABLE.error());
        }
        Ok(())
    }
}

/// How often each event had an effect, in the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Effect {
    event: String,
    pub(super) times: u32,
}

impl Stored for Effect {
    const COLLECTION: Collection = INBOX;

    fn key(&self) -> (String, String) {
        ("effects".into(), self.event.clone())
    }
}

#[derive(Clone, Default)]
pub(super) struct Handler {
    pub(super) tries: Arc<Mutex<BTreeMap<String, u32>>>,
    /// Events that fail as long as they are in here.
    pub(super) failing: Arc<Mutex<Vec<String>>>,
    pub(super) context: Arc<Mutex<Option<Arc<Context>>>>,
}

#[async_trait]
impl EventHandler<Event> for Handler {
    async fn apply(&self, batch: &mut Batch, event: &Verified<Event>) -> Result<Handled> {
        assert_eq!(event.proof(), Proof::Signed);
        let Event { id, act } = event.event();
        *self.tries.lock().unwrap().entry(id.clone()).or_default() += 1;
        if self.failing.lock().unwrap().contains(id) {
            return Err(Error::internal("the handler was told to fail"));
        }
        Ok(match act.as_str() {
            "known" => Handled::Unchanged,
            "foreign" => Handled::Foreign,
            "unsupported" => Handled::Ignored,
            "early" => Handled::Parked,
            "hangs" => std::future::pending().await,
            "panics" => panic!("a defect"),
            _ => {
                let context = self.context.lock().unwrap().clone().unwrap();
                let empty = || Effect {
                    event: id.clone(),
                    times: 0,
                };
                let effects = context.table::<Effect>();
                let mut slot = effects.slot_in(batch, "effects", id, empty).await?;
                slot.value.times += 1;
                batch.save(&slot)?;
                Handled::Applied
            }
        })
    }
}

pub(super) struct Bed {
    pub(super) inbox: Inbox,
    pub(super) webhooks: Webhooks,
    pub(super) runners: Runners,
    pub(super) context: Arc<Context>,
    pub(super) clock: Arc<FakeClock>,
    pub(super) store: Arc<Observed>,
    pub(super) memory: Arc<MemoryStore>,
    pub(super) vendor: Arc<Vendor>,
    pub(super) handler: Handler,
}

pub(super) async fn bed() -> Bed {
    let (node, store) = Node::observed();
    bed_on(&node, store).await
}

pub(super) async fn bed_on(node: &Node, store: Arc<Observed>) -> Bed {
    let connections = node.connections(&Arc::default());
    let areas = crate::foundation::ALL
        .iter()
        .copied()
        .chain([&AREA, &crate::services::tasks::AREA]);
    let context = node.context(node.impatient(), &connections, areas).await;
    let tasks = Tasks::new(&context);
    let inbox = Inbox::new(&context, &tasks);
    let (mut webhooks, mut runners) = (Webhooks::new(&context.clock), Runners::new(&tasks));
    let vendor = Arc::new(Vendor::default());
    let handler = Handler::default();
    *handler.context.lock().unwrap() = Some(context.clone());
    let sender = connection::<Senders>("main", Arc::new(Post::default()));
    let inbound: Arc<dyn InboundPlugin<Event = Event>> = vendor.clone();
    let limit = Duration::from_secs(15);
    inbox.register(&mut webhooks, &sender, &inbound, &EVENTS, limit, handler.clone());
    runners.repeating(&EVENTS, inbox.runner());
    Bed {
        inbox,
        webhooks,
        runners,
        context,
        clock: node.clock.clone(),
        store,
        memory: node.memory.clone(),
        vendor,
        handler,
    }
}

impl Bed {
    pub(super) async fn post(&self, lines: &str) -> Result<()> {
        self.post_raw(format!("genuine\n{lines}").as_bytes(), None).await
    }

    pub(super) async fn post_raw(&self, body: &[u8], token: Option<&str>) -> Result<()> {
        let request = WebhookRequest {
            headers: &Bearer(String::new()),
            url: "https://gate.example.com/webhooks/senders/main",
            body,
            received_at: self.clock.now(),
            peer: IpAddr::from([192, 0, 2, 1]),
            token,
        };
        self.webhooks.receive("senders", "main", &request, &home()).await
    }

    pub(super) async fn apply(&self) -> usize {
        self.runners.drain(EVENTS.name).await.unwrap()
    }

    pub(super) async fn state(&self, id: &str) -> EventState {
        self.view(id).await.state
    }

    pub(super) async fn view(&self, id: &str) -> EventView {
        self.inbox.event("senders", "main", id).await.unwrap()
    }

    pub(super) async fn effects(&self, id: &str) -> u32 {
        let found = self.context.table::<Effect>().find("effects", id).await.unwrap();
        found.map_or(0, |found| found.value.times)
    }

    pub(super) fn tries(&self, id: &str) -> u32 {
        self.handler
            .tries
            .lock()
            .unwrap()
            .get(id)
            .copied()
            .unwrap_or_default()
    }

    pub(super) async fn listed(&self, state: EventState) -> Vec<String> {
        let views = self.inbox.list(state).await.unwrap();
        views.into_iter().map(|view| view.id).collect()
    }

    pub(super) fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }
}
