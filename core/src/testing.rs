//! The test bed of an opened application: one deployment on fakes, and what people do in it.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::connections::Connections;
use portcullis_ports::notification::Message;
use portcullis_ports::payments::{ConnectedPayments, Payments};
use portcullis_ports::testkit::payments::FakePayments;
use portcullis_ports::testkit::{FakeClock, MemoryStore, QuickHasher, connection};
use portcullis_ports::{Clock as _, Result, Timestamp};

use crate::areas::accounts::AccessToken;
use crate::areas::accounts::testing::{identified, signed_in, signed_up};
use crate::areas::challenges::{Opened, Started};
use crate::areas::factors::{AddTotp, ConfirmTotp};
use crate::areas::sessions::testing::resumed;
use crate::areas::sessions::{Granted, Identified, SignedIn, StartSession};
use crate::foundation::source::Source;
use crate::foundation::testing::{Node, Observed, secret};
use crate::services::tasks::Runners;
use crate::services::testing::vendor::{Heard, Receives, Vendor};
use crate::services::testing::{Office, Post, code_in, newest_to};
use crate::services::webhooks::Webhooks;
use crate::settings::Settings;
use crate::{App, Dependencies, compile_texts};

/// One deployment on fakes.
pub(crate) struct World {
    /// Boxed: two of them would be a lot for the stack.
    pub(crate) app: Box<App>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) post: Arc<Post>,
    pub(crate) hasher: Arc<QuickHasher>,
}

pub(crate) async fn world() -> World {
    world_with(Settings::default()).await
}

pub(crate) async fn world_with(settings: Settings) -> World {
    world_sending(settings, vec![Office::new("main")]).await
}

/// A deployment on a store that holds one already.
pub(crate) async fn world_over(store: Arc<MemoryStore>, clock: Arc<FakeClock>) -> World {
    let node = Node {
        seed: 9,
        ..Node::over(store, clock)
    };
    world_on(&node, Settings::default(), vec![Office::new("main")]).await
}

/// A deployment with these senders; `post` is the first.
pub(crate) async fn world_sending(settings: Settings, offices: Vec<Office>) -> World {
    world_on(&Node::default(), settings, offices).await
}

/// A deployment, and what it asks the store.
pub(crate) async fn observed(settings: Settings) -> (World, Arc<Observed>) {
    observed_sending(settings, vec![Office::new("main")]).await
}

/// The same with these senders.
pub(crate) async fn observed_sending(settings: Settings, offices: Vec<Office>) -> (World, Arc<Observed>) {
    let (node, observed) = Node::observed();
    (world_on(&node, settings, offices).await, observed)
}

/// Two nodes of one product, and what each of them asks the store.
pub(crate) async fn two_nodes() -> [(World, Arc<Observed>); 2] {
    two_nodes_with(&Settings::default()).await
}

pub(crate) async fn two_nodes_with(settings: &Settings) -> [(World, Arc<Observed>); 2] {
    let Node { clock, memory, .. } = Node::default();
    let node = async |seed| {
        let observed = Arc::new(Observed::new(memory.clone()));
        let node = Node {
            store: observed.clone(),
            shared: true,
            seed,
            ..Node::over(memory.clone(), clock.clone())
        };
        let world = world_on(&node, settings.clone(), vec![Office::new("main")]).await;
        (world, observed)
    };
    [node(1).await, node(2).await]
}

/// A deployment with a payment vendor.
pub(crate) async fn world_paying(settings: Settings) -> (World, Arc<FakePayments>) {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    (world_paying_on(&node, settings, &vendor).await, vendor)
}

/// The same on this store, with this vendor.
pub(crate) async fn world_paying_on(node: &Node, settings: Settings, vendor: &Arc<FakePayments>) -> World {
    world_connected(node, settings, vendor.connected()).await
}

/// The same with what a vendor offers.
pub(crate) async fn world_connected(node: &Node, settings: Settings, vendor: ConnectedPayments) -> World {
    let connected = connection::<Payments>("main", vendor);
    let offices = vec![Office::new("main")];
    Box::pin(world_of(node, settings, offices, |connections| {
        connections.with(connected)
    }))
    .await
}

async fn world_on(node: &Node, settings: Settings, offices: Vec<Office>) -> World {
    Box::pin(world_of(node, settings, offices, |connections| connections)).await
}

async fn world_of(
    node: &Node,
    settings: Settings,
    offices: Vec<Office>,
    more: impl FnOnce(Connections) -> Connections,
) -> World {
    let post = Arc::clone(&offices[0].post);
    let hasher = Arc::new(QuickHasher::default());
    let connections = more(node.connections(&hasher));
    let dependencies = Dependencies {
        connections: offices
            .into_iter()
            .fold(connections, |all, office| all.with(office.sender())),
        clock: node.impatient(),
        entropy: node.entropy(),
        panel: Some("https://gate.example.com".into()),
        public_url: Some("https://gate.example.com".into()),
        texts: compile_texts(&[], &settings).unwrap(),
    };
    World {
        app: Box::new(Box::pin(App::open(dependencies, settings)).await.unwrap()),
        clock: Arc::clone(&node.clock),
        store: Arc::clone(&node.memory),
        post,
        hasher,
    }
}

impl Receives for World {
    fn webhooks(&self) -> &Webhooks {
        &self.app.webhooks
    }

    fn runners(&self) -> &Runners {
        &self.app.tasks
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Heard<World> {
    pub(crate) async fn open(settings: Settings) -> Self {
        let vendor = Arc::new(Vendor::default());
        let offices = vec![Office::new("main").hearing(vendor.clone())];
        let deployment = world_sending(settings, offices).await;
        Self { deployment, vendor }
    }
}

impl World {
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A new account that has just given its password.
    pub(crate) async fn sign_up(&self, email: &str) -> Identified {
        signed_up(&self.app.accounts, email).await
    }

    pub(crate) async fn identified(&self, token: &AccessToken) -> Identified {
        identified(&self.app.accounts, token).await
    }

    pub(crate) async fn sign_in(&self, email: &str, source: &Source) -> Result<AccessToken> {
        signed_in(&self.app.accounts, email, source).await
    }

    /// A session of somebody without factors.
    pub(crate) async fn session(&self, who: &Identified) -> SignedIn {
        match self
            .app
            .challenges
            .start(who, StartSession::default())
            .await
            .unwrap()
        {
            Started::Granted(granted) => self.resumed(&granted).await,
            Started::Challenged(_) => unreachable!("no factor is enrolled"),
        }
    }

    /// The challenge of somebody with factors.
    pub(crate) async fn challenge(&self, who: &Identified) -> Opened {
        match self
            .app
            .challenges
            .start(who, StartSession::default())
            .await
            .unwrap()
        {
            Started::Granted(_) => unreachable!("a factor is enrolled"),
            Started::Challenged(opened) => opened,
        }
    }

    pub(crate) async fn resumed(&self, granted: &Granted) -> SignedIn {
        resumed(&self.app.sessions, granted).await
    }

    /// Enrols an authenticator app and returns its secret with the recovery codes.
    pub(crate) async fn enrol_totp(&self, who: &SignedIn) -> (String, Vec<String>) {
        let begun = self.app.factors.add_totp(who, AddTotp::default()).await.unwrap();
        let command = ConfirmTotp {
            device_id: begun.device_id,
            totp_code: secret(&self.totp(&begun.secret)),
        };
        let confirmed = self.app.factors.confirm_totp(who, command).await.unwrap();
        (begun.secret, confirmed.recovery_codes)
    }

    /// The code an authenticator app shows now.
    pub(crate) fn totp(&self, base32: &str) -> String {
        let secret = totp_rs::Secret::try_from_base32(base32).unwrap();
        let totp = totp_rs::Builder::new()
            .with_secret(secret.as_bytes().to_vec())
            .with_account_name("x")
            .build()
            .unwrap();
        totp.generate(u64::try_from(self.clock.now().seconds()).unwrap())
            .to_string()
    }

    /// Delivers what waits and returns the newest message to that address.
    pub(crate) async fn newest_to(&self, address: &str) -> Message {
        self.app.password_recovery.dispatch().await.unwrap();
        newest_to(&self.app.outbox, &self.post, address).await
    }

    /// The code in the newest message to that address.
    pub(crate) async fn code_to(&self, address: &str) -> String {
        code_in(&self.newest_to(address).await)
    }
}
