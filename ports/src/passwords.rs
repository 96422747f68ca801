//! The password hasher: slow on purpose, bounded in memory, and equally slow for accounts that do not exist.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::{Code, Kind, Result};
use crate::plugin::{self, Choice, Connected, Plugin, Port, Readiness};
use crate::probe::Probe;
use crate::secret::Secret;

/// A password hash in PHC string form, parameters and salt included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

/// The result of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is the password.
    Match,
    /// It is the password, but the hash was made with other parameters: hash it again.
    MatchOutdated,
    /// It is not the password.
    Mismatch,
}

/// More passwords wait to be checked than can be served in good time.
pub const HASHER_BUSY: Code = Code::new(
    "hasher-busy",
    Kind::Unavailable,
    "Too many sign-ins at the same time; please try again in a moment.",
);

/// Work on a password that takes so long that it must neither hold up a worker nor run unbounded.
pub type Task = Box<dyn FnOnce() -> Result<()> + Send>;

/// Hashes and checks passwords.
///
/// # Behaviour
/// - At most a configured number of hashes run at once; further ones wait, and beyond a bound fail with [`HASHER_BUSY`].
/// - [`PasswordHasher::decoy`] takes as long as checking a wrong password.
/// - Two hashes of one password differ.
/// - [`PasswordHasher::run`] runs under the same bound as a hash, and off the thread that asks.
#[async_trait]
pub trait PasswordHasher: Send + Sync + 'static {
    /// Hashes with the configured parameters and a fresh salt.
    async fn hash(&self, password: &Secret) -> Result<PasswordHash>;

    /// Checks with the parameters in the hash.
    async fn verify(&self, password: &Secret, hash: &PasswordHash) -> Result<PasswordCheck>;

    /// Does the work of a check that fails, for accounts that do not exist.
    async fn decoy(&self, password: &Secret) -> Result<()>;

    /// Does other work on passwords, such as judging a new one, and answers what it answers.
    async fn run(&self, task: Task) -> Result<()>;
}

/// The port of password hashers.
#[derive(Debug)]
pub struct Passwords;

/// A hasher that is ready.
pub struct ConnectedPasswords {
    /// It.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Whether it is well.
    pub probe: Arc<dyn Probe>,
}

impl Connected<Passwords> for ConnectedPasswords {
    fn probe(&self) -> &Arc<dyn Probe> {
        &self.probe
    }
}

inventory::collect!(Plugin<Passwords>);

// Not guarded: hashing is work for this machine, and the hasher itself bounds how much of it is done at once.
impl Port for Passwords {
    const NAME: &'static str = "passwords";
    const TITLE: &'static str = "Password hasher";
    const CHOICE: Choice = Choice::One;
    const READINESS: Readiness = Readiness::Needed;
    const DEFAULT: Option<&'static str> = Some("argon2id");
    type Connected = ConnectedPasswords;
    type Capability = std::convert::Infallible;
    type Offline = std::convert::Infallible;

    fn plugins() -> Vec<&'static Plugin<Self>> {
        plugin::sorted(inventory::iter::<Plugin<Self>>.into_iter())
    }
}
