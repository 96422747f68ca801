//! One server that listens on a free port, on ports made up for the tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_core::outbox::Lane;
use portcullis_core::settings::Settings;
use portcullis_core::{App, Dependencies, compile_texts};
use portcullis_ports::Endpoint;
use portcullis_ports::connections::{Connection, Connections};
use portcullis_ports::id::MessageId;
use portcullis_ports::keys::{EncryptionContext, KeyManager, Keys, Sealed};
use portcullis_ports::notification::{ConnectedSender, DeliveryState, Mailbox, Senders};
use portcullis_ports::passwords::Passwords;
use portcullis_ports::payments::{ConnectedPayments, Payments};
use portcullis_ports::probe::Probe;
use portcullis_ports::storage::{STORE_UNAVAILABLE, Storage};
use portcullis_ports::testkit::payments::FakePayments;
use portcullis_ports::testkit::{AlwaysWell, FakeClock, FakeEntropy, MemoryStore, connection};
use portcullis_ports::{Clock, Result, Span, Timestamp};
use portcullis_server::compose::NamedProbe;
use portcullis_server::egress::tls;
use portcullis_server::http::{Http, Site};
use portcullis_server::settings::ServerSettings;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::client::{Call, Person};
use super::hasher::Moody;
use super::mail::Post;

pub(crate) const PASSWORD: &str = "plum-kettle-orbit";

/// A clock that a test moves; nobody waits.
pub(crate) struct Impatient(pub(crate) Arc<FakeClock>);

#[async_trait]
impl Clock for Impatient {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

/// Seals nothing: these tests are about HTTP.
pub(crate) struct OpenKeys;

#[async_trait]
impl KeyManager for OpenKeys {
    async fn seal(&self, plain: &[u8], _: &EncryptionContext) -> Result<Sealed> {
        Ok(Sealed(plain.iter().map(|byte| char::from(*byte)).collect()))
    }

    async fn open(&self, sealed: &Sealed, _: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(
            sealed.0.chars().map(|c| u8::try_from(c).unwrap()).collect(),
        ))
    }
}

/// A probe that answers what its store would.
struct StoreProbe(bool);

#[async_trait]
impl Probe for StoreProbe {
    async fn check(&self) -> Result<String> {
        if self.0 {
            Ok("fine".to_owned())
        } else {
            Err(STORE_UNAVAILABLE.error().with_context("password", "hunter2"))
        }
    }
}

/// How a deployment differs from the usual one.
pub(crate) struct Plan {
    pub(crate) server: ServerSettings,
    pub(crate) settings: Settings,
    pub(crate) public_url: &'static str,
    pub(crate) development: bool,
    pub(crate) well: bool,
    /// The instances of the payment vendor, and the plugins that they are said to be of.
    pub(crate) payment_plugins: Vec<(&'static str, &'static str)>,
    /// The payment vendor in place of the one in memory.
    pub(crate) payments: Option<ConnectedPayments>,
}

impl Default for Plan {
    fn default() -> Self {
        // Nobody distributes requests here who would have to notice a stop.
        let server = ServerSettings {
            shutdown_delay: Span::seconds(0),
            ..ServerSettings::default()
        };
        Self {
            server,
            settings: Settings::default(),
            public_url: "https://gate.example.com",
            development: false,
            well: true,
            payments: None,
            payment_plugins: vec![("main", "memory")],
        }
    }
}

/// A running server.
pub(crate) struct Deployment {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) post: Arc<Post>,
    pub(crate) hasher: Arc<Moody>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) vendor: Arc<FakePayments>,
    pub(crate) app: Arc<App>,
    stop: Option<oneshot::Sender<()>>,
    hurry: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<()>>,
}

impl Deployment {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = Plan::default();
        change(&mut plan);
        let clock = Arc::new(FakeClock::default());
        let (post, hasher) = (Arc::new(Post::default()), Arc::new(Moody::default()));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let vendor = FakePayments::new(clock.clone());
        let payments = plan.payments.take().unwrap_or_else(|| vendor.connected());
        let sender = ConnectedSender {
            sender: post.clone(),
            mailbox: None,
            inbound: Some(post.clone()),
            lookup: None,
            probe: Arc::new(AlwaysWell),
        };
        let connections = Connections::default()
            .with(connection::<Storage>("test", store.clone()))
            .with(connection::<Keys>("test", Arc::new(OpenKeys)))
            .with(connection::<Passwords>("test", hasher.clone()))
            .with(connection::<Senders>("main", sender));
        let mut first = Some(payments);
        let dependencies = Dependencies {
            connections: plan
                .payment_plugins
                .iter()
                .fold(connections, |all, (name, plugin)| {
                    let connected = first.take().unwrap_or_else(|| vendor.connected());
                    let connected = connection::<Payments>(*name, connected);
                    all.with(Connection { plugin, ..connected })
                }),
            clock: Arc::new(Impatient(clock.clone())),
            entropy: Arc::new(FakeEntropy::default()),
            panel: Some(plan.public_url.to_owned()),
            public_url: Some(plan.public_url.to_owned()),
            texts: compile_texts(&[], &plan.settings).unwrap(),
        };
        let app = Arc::new(App::open(dependencies, plan.settings).await.unwrap());
        let public_url: Endpoint = plan.public_url.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let http = Http::new(Site {
            app: Arc::clone(&app),
            address,
            settings: &plan.server,
            public_url: &public_url,
            development: plan.development,
            mailbox: plan.development.then(|| post.clone() as Arc<dyn Mailbox>),
            probes: vec![NamedProbe {
                name: "store.main (memory)".to_owned(),
                probe: Arc::new(StoreProbe(plan.well)),
            }],
            entropy: &FakeEntropy::seeded(7),
        });
        let http = http.unwrap_or_else(|failure| panic!("{failure}"));
        let (stop, stopped) = oneshot::channel();
        let (hurry, hurried) = oneshot::channel();
        let served = tokio::spawn(http.serve(
            listener,
            async move { stopped.await.map_or((), drop) },
            async move { hurried.await.map_or((), drop) },
        ));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls().unwrap())
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            address,
            client,
            clock,
            post,
            hasher,
            store,
            vendor,
            app,
            stop: Some(stop),
            hurry: Some(hurry),
            served: Some(served),
        }
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_> {
        Call::new(self, method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.call("POST", path)
    }

    /// Somebody with a new account and a session.
    pub(crate) async fn person(&self, email: &str) -> Person {
        Person::sign_up(self, email).await
    }

    /// How far a message came, as its vendor reports.
    pub(crate) async fn reported(&self, id: &MessageId) -> Option<DeliveryState> {
        self.app.tasks.drain("sender-events").await.unwrap();
        let view = self.app.outbox.message(id).await.unwrap();
        view.report.map(|report| report.state)
    }

    /// Delivers every message that waits.
    pub(crate) async fn deliver(&self) {
        self.app.password_recovery.dispatch().await.unwrap();
        for lane in [Lane::Codes, Lane::Notices] {
            self.app.outbox.drain(lane).await.unwrap();
        }
    }

    /// Runs what is due of a kind of tasks.
    pub(crate) async fn run_tasks(&self, kind: &str) {
        self.app.tasks.drain(kind).await.unwrap();
    }

    /// Tells the server to stop, without waiting.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap();
        }
    }

    /// Ends the pause in which the server accepts although it was told to stop.
    pub(crate) fn hurry(&mut self) {
        if let Some(hurry) = self.hurry.take() {
            hurry.send(()).unwrap();
        }
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(mut self) {
        self.stop();
        if let Some(served) = self.served.take() {
            served.await.unwrap();
        }
    }

    /// Lets time pass.
    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}
