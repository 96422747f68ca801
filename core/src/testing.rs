//! What core tests stand on: one deployment on fakes, and the steps that every journey begins with.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::connections::{Connection, Connections};
use portcullis_ports::geo::{Geo, GeoLocator, Location};
use portcullis_ports::identity::{Authenticated, IdentityProvider, Presented, Subject};
use portcullis_ports::inbound::Inbound;
use portcullis_ports::keys::{EncryptionContext, KeyManager, Keys, NOT_OURS, Sealed};
use portcullis_ports::notification::{
    Channel, ConnectedSender, DeliveryEvent, Message, Receipt, Sender, Senders,
};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::passwords::{PasswordCheck, PasswordHash, PasswordHasher, Passwords, Task};
use portcullis_ports::storage::{ConnectedStore, RecordStore, Storage, StorageCapability};
use portcullis_ports::testkit::{AlwaysWell, FakeClock, FakeEntropy, MemoryStore, connection};
use portcullis_ports::{Clock, Result, Secret, Timestamp};
use zeroize::Zeroizing;

use crate::areas::accounts::{AccessToken, SignIn, SignUp, SignedUp};
use crate::areas::challenges::Opened;
use crate::areas::challenges::Started;
use crate::areas::factors::{AddTotp, ConfirmTotp};
use crate::areas::sessions::{Granted, StartSession};
use crate::areas::sessions::{Identified, SignedIn};
use crate::foundation::input::SecretInput;
use crate::foundation::lane::Lane;
pub(crate) use crate::foundation::observed_store::Observed;
use crate::foundation::source::Source;
use crate::settings::Settings;
use crate::{App, Dependencies};

pub(crate) const PASSWORD: &str = "plum-kettle-orbit";

/// The fake clock, except that nobody waits: a sleeper only lets others go first.
struct Impatient(Arc<FakeClock>);

#[async_trait]
impl Clock for Impatient {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

/// Seals by putting the context beside the text.
pub(crate) struct PlainKeys;

#[async_trait]
impl KeyManager for PlainKeys {
    async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
        let encode = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        Ok(Sealed(format!(
            "{}.{}",
            encode(&context.canonical()),
            encode(plain)
        )))
    }

    async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
        let (sealed_for, plain) = sealed.0.split_once('.').unwrap();
        if sealed_for != data_encoding::HEXLOWER.encode(&context.canonical()) {
            return Err(NOT_OURS.error());
        }
        Ok(Zeroizing::new(
            data_encoding::HEXLOWER.decode(plain.as_bytes()).unwrap(),
        ))
    }
}

/// Hashes at once, and counts what it does.
#[derive(Default)]
pub(crate) struct QuickHasher {
    pub(crate) hashes: AtomicUsize,
    /// Passwords that were compared with the hash of an account.
    pub(crate) checks: AtomicUsize,
    /// The same for accounts that do not exist.
    pub(crate) decoys: AtomicUsize,
    /// Other work on passwords.
    pub(crate) tasks: AtomicUsize,
}

#[async_trait]
impl PasswordHasher for QuickHasher {
    async fn hash(&self, password: &Secret) -> Result<PasswordHash> {
        self.hashes.fetch_add(1, Ordering::SeqCst);
        Ok(PasswordHash(format!("quick:{}", password.expose())))
    }

    async fn verify(&self, password: &Secret, hash: &PasswordHash) -> Result<PasswordCheck> {
        self.checks.fetch_add(1, Ordering::SeqCst);
        let matches = hash.0 == format!("quick:{}", password.expose());
        Ok(if matches {
            PasswordCheck::Match
        } else {
            PasswordCheck::Mismatch
        })
    }

    async fn decoy(&self, _: &Secret) -> Result<()> {
        self.decoys.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn run(&self, task: Task) -> Result<()> {
        self.tasks.fetch_add(1, Ordering::SeqCst);
        task()
    }
}

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
}

impl Office {
    pub(crate) fn new(instance: &'static str) -> Self {
        Self {
            instance,
            post: Arc::default(),
            inbound: None,
        }
    }

    pub(crate) fn hearing(self, inbound: Arc<dyn Inbound<Event = DeliveryEvent>>) -> Self {
        Self {
            inbound: Some(inbound),
            ..self
        }
    }

    fn sender(self) -> Connection<Senders> {
        let sender = ConnectedSender {
            sender: self.post,
            mailbox: None,
            inbound: self.inbound,
            probe: Arc::new(AlwaysWell),
        };
        connection(self.instance, sender)
    }
}

/// Another identity provider that has seen everybody at one moment, whoever asks: the subject is the token.
pub(crate) struct Elsewhere(pub(crate) Timestamp);

#[async_trait]
impl IdentityProvider for Elsewhere {
    async fn authenticate(&self, presented: &dyn Presented) -> Result<Option<Authenticated>> {
        let subject = presented.bearer().and_then(|token| Subject::parse(token).ok());
        Ok(subject.map(|subject| Authenticated { subject, at: self.0 }))
    }
}

/// A request with a bearer token.
pub(crate) struct Bearer(pub(crate) String);

impl Presented for Bearer {
    fn bearer(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn header(&self, _: &str) -> Option<&str> {
        None
    }
}

/// One deployment on fakes.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) post: Arc<Post>,
    pub(crate) hasher: Arc<QuickHasher>,
}

/// Knows where [`home`] is, and nothing else.
struct KnowsHome;

#[async_trait]
impl GeoLocator for KnowsHome {
    async fn locate(&self, address: IpAddr) -> Result<Option<Location>> {
        Ok((address == IpAddr::from([192, 0, 2, 1])).then(|| Location {
            country: Some("GB".to_owned()),
            city: Some("London".to_owned()),
        }))
    }
}

pub(crate) fn home() -> Source {
    Source::new(IpAddr::from([192, 0, 2, 1]), "test browser")
}

pub(crate) fn elsewhere(last: u8) -> Source {
    Source::new(IpAddr::from([198, 51, 100, last]), "other browser")
}

pub(crate) fn secret<F>(text: &str) -> SecretInput<F> {
    SecretInput::new(text)
}

pub(crate) async fn world() -> World {
    world_with(Settings::default()).await
}

pub(crate) async fn world_with(settings: Settings) -> World {
    let clock = Arc::new(FakeClock::default());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    world_on(
        store.clone(),
        store,
        false,
        clock,
        1,
        settings,
        vec![Office::new("main")],
    )
    .await
}

/// A deployment on a store that holds one already.
pub(crate) async fn world_over(store: Arc<MemoryStore>, clock: Arc<FakeClock>) -> World {
    let (settings, offices) = (Settings::default(), vec![Office::new("main")]);
    world_on(store.clone(), store, false, clock, 9, settings, offices).await
}

/// A deployment with these senders; `post` is the first.
pub(crate) async fn world_sending(settings: Settings, offices: Vec<Office>) -> World {
    let clock = Arc::new(FakeClock::default());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    world_on(store.clone(), store, false, clock, 1, settings, offices).await
}

/// A deployment, and what it asks the store.
pub(crate) async fn observed(settings: Settings) -> (World, Arc<Observed>) {
    observed_sending(settings, vec![Office::new("main")]).await
}

/// The same with these senders.
pub(crate) async fn observed_sending(settings: Settings, offices: Vec<Office>) -> (World, Arc<Observed>) {
    let clock = Arc::new(FakeClock::default());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let observed = Arc::new(Observed::new(store.clone()));
    let world = world_on(store, observed.clone(), false, clock, 1, settings, offices).await;
    (world, observed)
}

/// Two nodes of one product, and what each of them asks the store.
pub(crate) async fn two_nodes() -> [(World, Arc<Observed>); 2] {
    two_nodes_with(&Settings::default()).await
}

pub(crate) async fn two_nodes_with(settings: &Settings) -> [(World, Arc<Observed>); 2] {
    let clock = Arc::new(FakeClock::default());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let node = async |seed| {
        let observed = Arc::new(Observed::new(store.clone()));
        let world = world_on(
            store.clone(),
            observed.clone(),
            true,
            clock.clone(),
            seed,
            settings.clone(),
            vec![Office::new("main")],
        )
        .await;
        (world, observed)
    };
    [node(1).await, node(2).await]
}

async fn world_on(
    memory: Arc<MemoryStore>,
    store: Arc<dyn RecordStore>,
    shared: bool,
    clock: Arc<FakeClock>,
    seed: u64,
    settings: Settings,
    offices: Vec<Office>,
) -> World {
    let impatient: Arc<dyn Clock> = Arc::new(Impatient(Arc::clone(&clock)));
    let post = Arc::clone(&offices[0].post);
    let hasher = Arc::new(QuickHasher::default());
    let shared: &'static [StorageCapability] = if shared { &[StorageCapability::Shared] } else { &[] };
    let connected = ConnectedStore {
        records: store,
        scan: Arc::clone(&memory) as Arc<_>,
        probe: Arc::clone(&memory) as Arc<_>,
    };
    let connections = Connections::default()
        .with(connection::<Storage>("test", connected).declaring(shared))
        .with(connection::<Keys>("test", Arc::new(PlainKeys)))
        .with(connection::<Passwords>("test", hasher.clone()))
        .with(connection::<Geo>("test", Arc::new(KnowsHome)));
    let dependencies = Dependencies {
        connections: offices
            .into_iter()
            .fold(connections, |all, office| all.with(office.sender())),
        clock: impatient,
        entropy: Arc::new(FakeEntropy::seeded(seed << 32)),
        panel: Some("https://gate.example.com".into()),
        texts: Vec::new(),
    };
    World {
        app: App::open(dependencies, settings).await.unwrap(),
        clock,
        store: memory,
        post,
        hasher,
    }
}

impl World {
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A new account that has just given its password.
    pub(crate) async fn sign_up(&self, email: &str) -> Identified {
        let command = SignUp {
            email: email.parse().unwrap(),
            password: secret(PASSWORD),
            display_name: None,
        };
        match self.app.accounts.sign_up(command, &home()).await.unwrap() {
            SignedUp::Account(token) => self.identified(&token).await,
            SignedUp::VerificationSent { .. } => unreachable!("open sign-up makes an account"),
        }
    }

    pub(crate) async fn identified(&self, token: &AccessToken) -> Identified {
        self.app
            .accounts
            .identify(&Bearer(token.access_token.clone()), None, &home())
            .await
            .unwrap()
    }

    pub(crate) async fn sign_in(&self, email: &str, source: &Source) -> Result<AccessToken> {
        let command = SignIn {
            email: email.parse().unwrap(),
            password: secret(PASSWORD),
        };
        self.app.accounts.sign_in(command, source).await
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
        self.app
            .sessions
            .resume(granted.credential.expose(), None, &home())
            .await
            .unwrap()
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
        self.app.outbox.drain(Lane::Codes).await.unwrap();
        self.app.outbox.drain(Lane::Notices).await.unwrap();
        self.post
            .sent()
            .into_iter()
            .rev()
            .find(|message| message.to.address() == address)
            .unwrap()
    }

    /// The code in the newest message to that address.
    pub(crate) async fn code_to(&self, address: &str) -> String {
        let text = self.newest_to(address).await.text;
        text.split(|c: char| !c.is_ascii_digit())
            .find(|word| word.len() == 6)
            .unwrap()
            .to_owned()
    }
}
