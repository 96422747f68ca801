//! The key manager: seals small secrets so that the store alone is worthless to a thief.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
pub use zeroize::Zeroizing;

use crate::error::{Code, Kind, Result};
use crate::plugin::{self, Choice, Connected, Plugin, Port, Readiness};
use crate::policy::{CallPolicy, Guarded};
use crate::probe::Probe;
use crate::self_test::{self, SelfTest};

/// What a sealed text belongs to. It must be given again to open it, so a sealed text copied to another place stays shut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionContext(BTreeMap<&'static str, String>);

impl EncryptionContext {
    /// A context with its purpose, such as `totp`.
    pub fn new(purpose: &'static str) -> Self {
        Self(BTreeMap::from([("purpose", purpose.to_owned())]))
    }

    /// Binds it to one more thing.
    #[must_use]
    pub fn and(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    /// Names and values in a fixed order.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// An unambiguous byte form: every name and value preceded by its length.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for text in self.pairs().flat_map(|(name, value)| [name, value]) {
            out.extend_from_slice(&(text.len() as u64).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        out
    }
}

/// A sealed secret in text form. Safe to store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

/// The text was not sealed by this key manager for this context, or was altered.
pub const NOT_OURS: Code = Code::new(
    "sealed-text-rejected",
    Kind::Internal,
    "A sealed secret cannot be opened.",
);
/// The key manager does not answer.
pub const KEYS_UNAVAILABLE: Code = Code::new(
    "keys-unavailable",
    Kind::Unavailable,
    "The key manager does not answer at the moment; please try again.",
);

/// The most that is sealed at once, in bytes. What is longer is sealed in parts.
pub const MAX_PLAIN: usize = 4096;

/// Seals and opens secrets of up to 4 KiB.
///
/// # Behaviour
/// - What was sealed opens with the same context, also after a rotation and a restart.
/// - Sealing the same text twice gives different results.
/// - Another context, an altered text or a foreign key fails with [`NOT_OURS`].
/// - An unreachable key manager fails with [`KEYS_UNAVAILABLE`].
#[async_trait]
pub trait KeyManager: Send + Sync + 'static {
    /// Seals `plain`, at most [`MAX_PLAIN`] bytes, for `context`.
    async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed>;

    /// Opens what was sealed for the same context.
    async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>>;

    /// Notes that the store of that name holds what these keys sealed, so that its loss can be told from a first
    /// start. A key manager that has no place for notes does nothing.
    async fn note_store(&self, _store: &str) -> Result<()> {
        Ok(())
    }

    /// Where such a note lies, in words for the operator, who deletes it to begin anew; `None` if there is none.
    async fn store_note(&self, _store: &str) -> Result<Option<String>> {
        Ok(None)
    }
}

/// The port of key managers.
#[derive(Debug)]
pub struct Keys;

/// A key manager that is connected.
pub struct ConnectedKeys {
    /// It.
    pub keys: Arc<dyn KeyManager>,
    /// Whether it is well.
    pub probe: Arc<dyn Probe>,
}

/// What a key manager may offer beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysCapability {
    /// New secrets are sealed with a new key while old ones still open.
    Rotation,
}

#[async_trait]
impl Connected<Keys> for ConnectedKeys {
    fn probe(&self) -> &Arc<dyn Probe> {
        &self.probe
    }

    async fn self_test(&self, with: &SelfTest<'_>) -> Option<Result<String>> {
        Some(self_test::secret_round_trip(self.keys.as_ref(), with).await)
    }
}

inventory::collect!(Plugin<Keys>);

impl Port for Keys {
    const NAME: &'static str = "keys";
    const TITLE: &'static str = "Key manager";
    const CHOICE: Choice = Choice::OneWithFormer;
    const READINESS: Readiness = Readiness::Needed;
    const DEVELOPMENT: Option<&'static str> = Some("keyfile");
    type Connected = ConnectedKeys;
    type Capability = KeysCapability;
    type Offline = std::convert::Infallible;

    fn plugins() -> Vec<&'static Plugin<Self>> {
        plugin::sorted(inventory::iter::<Plugin<Self>>.into_iter())
    }
}

impl Guarded for Keys {
    const POLICY: CallPolicy = CallPolicy::new(Duration::from_secs(5), 64);
}
