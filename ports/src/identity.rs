//! Who is asking: turns what a request presents into a subject.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::error::{Code, Kind, Result};
use crate::plugin::{self, Choice, Connected, Plugin, Port, Readiness};
use crate::policy::{CallPolicy, Guarded};
use crate::probe::Probe;
use crate::text;

text!(
    /// The stable name of a person: ours for local accounts, the identity provider's for others.
    /// 1 to 128 visible ASCII characters.
    Subject, "subject", "usr_01h2xcejqtf2nbrexx3vqjhp41", |text| {
        if (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic()) {
            Ok(text.to_owned())
        } else {
            Err("a subject of 1 to 128 visible ASCII characters is expected")
        }
    }
);

/// Nobody we know is asking.
pub const UNAUTHENTICATED: Code = Code::new(
    "unauthenticated",
    Kind::Unauthenticated,
    "Sign in first: a valid access token is required.",
);

/// What a request presents.
pub trait Presented: Send + Sync {
    /// The token of an `Authorization: Bearer` header.
    fn bearer(&self) -> Option<&str>;

    /// Any other header, by lower-case name.
    fn header(&self, name: &str) -> Option<&str>;
}

/// A subject that proved its first factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Who.
    pub subject: Subject,
    /// When the proof was given.
    pub at: Timestamp,
}

/// Recognises first-factor credentials.
///
/// # Behaviour
/// - `None` when the request presents nothing this provider recognises, so that the next one is asked.
/// - [`UNAUTHENTICATED`] when it presents something wrong, expired or revoked.
/// - Unavailable when that cannot be decided now: never a guess.
#[async_trait]
pub trait IdentityProvider: Send + Sync + 'static {
    /// Who is asking?
    async fn authenticate(&self, presented: &dyn Presented) -> Result<Option<Authenticated>>;
}

/// The port of identity providers other than our own accounts.
#[derive(Debug)]
pub struct Identity;

/// An identity provider that is ready.
pub struct ConnectedIdentity {
    /// It.
    pub provider: Arc<dyn IdentityProvider>,
    /// Whether it is well.
    pub probe: Arc<dyn Probe>,
}

impl Connected<Identity> for ConnectedIdentity {
    fn probe(&self) -> &Arc<dyn Probe> {
        &self.probe
    }
}

inventory::collect!(Plugin<Identity>);

impl Port for Identity {
    const NAME: &'static str = "identity";
    const TITLE: &'static str = "Identity provider";
    const CHOICE: Choice = Choice::Several;
    const READINESS: Readiness = Readiness::Needed;
    type Connected = ConnectedIdentity;
    type Capability = std::convert::Infallible;
    type Offline = std::convert::Infallible;

    fn plugins() -> Vec<&'static Plugin<Self>> {
        plugin::sorted(inventory::iter::<Plugin<Self>>.into_iter())
    }
}

impl Guarded for Identity {
    const POLICY: CallPolicy = CallPolicy::new(Duration::from_secs(5), 64);
}
