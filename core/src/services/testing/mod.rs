//! The test bed of the services: all of them over the bed of the foundation, with senders that keep what they are given.

pub(crate) mod vendor;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::connections::{Connection, Connections};
use portcullis_ports::id::MessageId;
use portcullis_ports::inbound::Inbound;
use portcullis_ports::notification::{
    Channel, ConnectedSender, DeliveryEvent, Destination, Message, MessageLookup, Receipt, Sender, Senders,
};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::testkit::{AlwaysWell, FakeClock, MemoryStore, QuickHasher, connection};
use portcullis_ports::{Clock, Span};

use super::known_devices::KnownDeviceRules;
use super::outbox::{Draft, Outbox};
use super::{ServiceSettings, Services, audit, budgets, epochs, outbox, sms_spend};
use crate::foundation;
use crate::foundation::calendar::Zone;
use crate::foundation::context::Context;
use crate::foundation::lane::Lane;
use crate::foundation::requirement::Requirement;
use crate::foundation::table::Batch;
use crate::foundation::testing::{Node, Observed};
use crate::foundation::texts::{Language, Rendered};

/// Keeps what it is given, and answers as told.
#[derive(Default)]
pub(crate) struct Post {
    sent: Mutex<Vec<Message>>,
    pub(crate) answers: Mutex<Vec<Outcome<Receipt>>>,
}

impl Post {
    pub(crate) fn sent(&self) -> Vec<Message> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Sender for Post {
    fn channels(&self) -> &[Channel] {
        &[Channel::Email, Channel::Sms]
    }

    async fn send(&self, message: &Message) -> Outcome<Receipt> {
        if let Some(answer) = self.answers.lock().unwrap().pop() {
            return answer;
        }
        self.sent.lock().unwrap().push(message.clone());
        Outcome::Done(Receipt {
            reference: message.id.to_string(),
        })
    }
}

/// A sender's instance, and what its vendor posts.
pub(crate) struct Office {
    instance: &'static str,
    pub(crate) post: Arc<Post>,
    inbound: Option<Arc<dyn Inbound<Event = DeliveryEvent>>>,
    lookup: Option<Arc<dyn MessageLookup>>,
}

impl Office {
    pub(crate) fn new(instance: &'static str) -> Self {
        Self {
            instance,
            post: Arc::default(),
            inbound: None,
            lookup: None,
        }
    }

    pub(crate) fn hearing(self, inbound: Arc<dyn Inbound<Event = DeliveryEvent>>) -> Self {
        Self {
            inbound: Some(inbound),
            ..self
        }
    }

    pub(crate) fn looked_up(self, lookup: Arc<dyn MessageLookup>) -> Self {
        Self {
            lookup: Some(lookup),
            ..self
        }
    }

    pub(crate) fn sender(self) -> Connection<Senders> {
        let sender = ConnectedSender {
            sender: self.post,
            mailbox: None,
            inbound: self.inbound,
            lookup: self.lookup,
            probe: Arc::new(AlwaysWell),
        };
        connection(self.instance, sender)
    }
}

/// The settings of the services of a bed.
#[derive(Clone, Default)]
pub(crate) struct BedSettings {
    pub(crate) audit: audit::Settings,
    pub(crate) budgets: budgets::Settings,
    pub(crate) outbox: outbox::Settings,
    pub(crate) sms_spend: sms_spend::Settings,
}

/// All services, and no area.
pub(crate) struct Bed {
    pub(crate) services: Services,
    pub(crate) settings: BedSettings,
    pub(crate) context: Arc<Context>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) hasher: Arc<QuickHasher>,
    /// What the first sender was given.
    pub(crate) post: Arc<Post>,
}

pub(crate) async fn bed() -> Bed {
    bed_with(BedSettings::default()).await
}

pub(crate) async fn bed_with(settings: BedSettings) -> Bed {
    bed_sending(settings, vec![Office::new("main")]).await
}

/// A bed with these senders.
pub(crate) async fn bed_sending(settings: BedSettings, offices: Vec<Office>) -> Bed {
    bed_on(&Node::default(), settings, offices).await
}

/// A bed on a store that holds something already.
pub(crate) async fn bed_over(store: Arc<MemoryStore>, clock: Arc<FakeClock>) -> Bed {
    let node = Node {
        seed: 9,
        ..Node::over(store, clock)
    };
    bed_on(&node, BedSettings::default(), vec![Office::new("main")]).await
}

/// A bed with these senders, and what it asks the store.
pub(crate) async fn observed_bed(settings: BedSettings, offices: Vec<Office>) -> (Bed, Arc<Observed>) {
    let (node, observed) = Node::observed();
    (bed_on(&node, settings, offices).await, observed)
}

/// Two nodes of one deployment.
pub(crate) async fn two_beds() -> [Bed; 2] {
    let Node { clock, memory, .. } = Node::default();
    let bed = async |seed| {
        let node = Node {
            shared: true,
            seed,
            ..Node::over(memory.clone(), clock.clone())
        };
        bed_on(&node, BedSettings::default(), vec![Office::new("main")]).await
    };
    [bed(1).await, bed(2).await]
}

/// A bed on a node, with whatever areas stand on it.
pub(crate) async fn bed_on(node: &Node, settings: BedSettings, offices: Vec<Office>) -> Bed {
    let post = Arc::clone(&offices[0].post);
    let hasher = Arc::new(QuickHasher::default());
    let connections = node.connections(&hasher);
    let connections = offices
        .into_iter()
        .fold(connections, |all, office| all.with(office.sender()));
    let (context, services) = opened(node, node.impatient(), &connections, &settings).await;
    Bed {
        services,
        settings,
        context,
        clock: Arc::clone(&node.clock),
        store: Arc::clone(&node.memory),
        hasher,
        post,
    }
}

/// Services on a clock that the test alone moves, so that waiting is waiting.
pub(crate) async fn patient(
    node: &Node,
    connections: &Connections,
    settings: &BedSettings,
) -> (Arc<Context>, Services) {
    opened(node, node.clock.clone(), connections, settings).await
}

async fn opened(
    node: &Node,
    clock: Arc<dyn Clock>,
    connections: &Connections,
    settings: &BedSettings,
) -> (Arc<Context>, Services) {
    let areas = foundation::ALL
        .iter()
        .chain(super::ALL)
        .chain(node.areas)
        .copied();
    let context = node.context(clock, connections, areas).await;
    let settings = ServiceSettings {
        audit: &settings.audit,
        budgets: &settings.budgets,
        outbox: &settings.outbox,
        sms_spend: &settings.sms_spend,
        zone: &Zone::utc(),
        epochs: epochs::Lifetimes {
            access_token: Duration::from_mins(15),
            session: Duration::from_hours(24 * 30),
        },
        known_devices: KnownDeviceRules {
            lifetime: Duration::from_hours(24 * 90),
            trust_days: 30,
            require: Requirement::Any,
        },
        lifetimes: budgets::Lifetimes {
            recovery: Span::hours(1),
            known_source: Span::days(90),
        },
    };
    let services = Services::open(&context, connections, &settings).unwrap();
    (context, services)
}

impl Bed {
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Queues a mail with a code that is good for an hour.
    pub(crate) async fn queue_code(&self, to: &str) -> MessageId {
        let code = "492817";
        let text = Rendered {
            language: Language::EN,
            subject: "Portcullis: your code".into(),
            text: format!("Your code is:\n\n{code}\n"),
        };
        let deliver_by = self.context.now() + Duration::from_hours(1);
        let draft = Draft::with_code(
            to.parse().map(Destination::Email).unwrap(),
            text,
            code,
            deliver_by,
        );
        let mut batch = Batch::default();
        let id = self.services.outbox.enqueue(&mut batch, draft).await.unwrap();
        self.context.commit(batch).await.unwrap();
        id
    }
}

/// Delivers what waits and gives the newest message to that address.
pub(crate) async fn newest_to(outbox: &Outbox, post: &Post, address: &str) -> Message {
    outbox.drain(Lane::Codes).await.unwrap();
    outbox.drain(Lane::Notices).await.unwrap();
    let mut newest_first = post.sent().into_iter().rev();
    newest_first
        .find(|message| message.to.address() == address)
        .unwrap()
}

/// The code in a message.
pub(crate) fn code_in(message: &Message) -> String {
    let mut words = message.text.split(|c: char| !c.is_ascii_digit());
    words.find(|word| word.len() == 6).unwrap().to_owned()
}
