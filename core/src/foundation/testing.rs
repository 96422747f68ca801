//! The test bed of the foundation: a context on a fake clock, seeded randomness and a store in memory.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use minijinja::context;
use portcullis_ports::connections::Connections;
use portcullis_ports::geo::{Geo, GeoLocator, Location};
use portcullis_ports::identity::{Authenticated, IdentityProvider, Presented, Subject};
use portcullis_ports::keys::{EncryptionContext, KeyManager, Keys, MAX_PLAIN, NOT_OURS, Sealed};
use portcullis_ports::passwords::Passwords;
use portcullis_ports::storage::{ConnectedStore, RecordStore, Storage, StorageCapability};
use portcullis_ports::testkit::{FakeClock, FakeEntropy, MemoryStore, QuickHasher, connection};
use portcullis_ports::{Clock, Result, Timestamp};
use zeroize::Zeroizing;

use super::area::Area;
use super::context::{Context, ContextParts};
use super::input::SecretInput;
pub(crate) use super::observed_store::Observed;
use super::source::Source;
use super::texts::{Language, Template, Texts};

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
        assert!(plain.len() <= MAX_PLAIN, "key managers seal no more at once");
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

/// Another identity provider that has seen everybody at one moment, whoever asks: the subject is the token.
pub(crate) struct Elsewhere(pub(crate) Timestamp);

#[async_trait]
impl IdentityProvider for Elsewhere {
    async fn authenticate(&self, presented: &dyn Presented) -> Result<Option<Authenticated>> {
        let subject = presented.bearer().and_then(|token| Subject::parse(token).ok());
        Ok(subject.map(|subject| Authenticated { subject, at: self.0 }))
    }
}

/// The store of a bed, and how a context sees it.
pub(crate) struct Node {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) memory: Arc<MemoryStore>,
    /// What the context asks: the memory, or what counts and disturbs on the way to it.
    pub(crate) store: Arc<dyn RecordStore>,
    /// Whether several nodes use it.
    pub(crate) shared: bool,
    pub(crate) seed: u64,
    /// What stands on the services.
    pub(crate) areas: &'static [&'static Area],
}

impl Default for Node {
    fn default() -> Self {
        let clock = Arc::new(FakeClock::default());
        let memory = Arc::new(MemoryStore::new(clock.clone()));
        Self::over(memory, clock)
    }
}

impl Node {
    /// A node alone on a store.
    pub(crate) fn over(memory: Arc<MemoryStore>, clock: Arc<FakeClock>) -> Self {
        Self {
            clock,
            store: memory.clone(),
            memory,
            shared: false,
            seed: 1,
            areas: &[],
        }
    }

    /// The same, and what it asks the store.
    pub(crate) fn observed() -> (Self, Arc<Observed>) {
        let node = Self::default();
        let observed = Arc::new(Observed::new(node.memory.clone()));
        let store = observed.clone();
        (Self { store, ..node }, observed)
    }

    /// A clock on which nobody waits.
    pub(crate) fn impatient(&self) -> Arc<dyn Clock> {
        Arc::new(Impatient(Arc::clone(&self.clock)))
    }

    pub(crate) fn entropy(&self) -> Arc<FakeEntropy> {
        Arc::new(FakeEntropy::seeded(self.seed << 32))
    }

    /// The fakes of every port that a context needs.
    pub(crate) fn connections(&self, hasher: &Arc<QuickHasher>) -> Connections {
        let shared: &'static [StorageCapability] = if self.shared {
            &[StorageCapability::Shared]
        } else {
            &[]
        };
        let connected = ConnectedStore {
            records: Arc::clone(&self.store),
            scan: Arc::clone(&self.memory) as Arc<_>,
            probe: Arc::clone(&self.memory) as Arc<_>,
        };
        Connections::default()
            .with(connection::<Storage>("test", connected).declaring(shared))
            .with(connection::<Keys>("test", Arc::new(PlainKeys)))
            .with(connection::<Passwords>("test", Arc::clone(hasher) as Arc<_>))
            .with(connection::<Geo>("test", Arc::new(KnowsHome)))
    }

    /// A context for the records and texts of these areas.
    pub(crate) async fn context(
        &self,
        clock: Arc<dyn Clock>,
        connections: &Connections,
        areas: impl Iterator<Item = &'static Area> + Clone,
    ) -> Arc<Context> {
        let texts = areas.clone().flat_map(|area| area.texts).chain([&ANY_TEXT]);
        let families = areas.flat_map(|area| area.families);
        let parts = ContextParts {
            connections,
            clock,
            entropy: self.entropy(),
            panel: Some("https://gate.example.com".into()),
            public_url: Some("https://gate.example.com".into()),
            texts: Texts::compile(texts, &[], Language::EN, "Portcullis").unwrap(),
            cached: 8192,
            collections: families.map(|family| family.collection).collect(),
        };
        Context::open(parts).await.unwrap()
    }
}

/// A text, so that there are texts in the default language.
const ANY_TEXT: Template = Template {
    name: "test.sms",
    built_in: &[(Language::EN, "{{ word }}"), (Language::DE, "{{ word }}")],
    samples: || vec![context! { word => "test" }],
};
