//! A password hasher that is quick, and that waits or breaks when the password says so.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::passwords::{PasswordCheck, PasswordHash, PasswordHasher, Task};
use portcullis_ports::testkit::QuickHasher;
use portcullis_ports::{Result, Secret};
use tokio::sync::Semaphore;

/// The part of a password that makes the hasher wait until a test opens the door.
pub(crate) const WAITS: &str = "waits-at-the-door";
/// The part of a password that makes the hasher break.
pub(crate) const BREAKS: &str = "breaks-everything";

/// Hashes at once, except for the passwords above.
pub(crate) struct Moody {
    /// Closed; a test opens it.
    pub(crate) door: Arc<Semaphore>,
    /// Counts who stands before it.
    pub(crate) waiting: Arc<Semaphore>,
    quick: QuickHasher,
}

impl Default for Moody {
    fn default() -> Self {
        Self {
            door: Arc::new(Semaphore::new(0)),
            waiting: Arc::new(Semaphore::new(0)),
            quick: QuickHasher::default(),
        }
    }
}

impl Moody {
    async fn mood(&self, password: &Secret) {
        let text = password.expose();
        assert!(!text.contains(BREAKS), "the hasher broke on purpose");
        if text.contains(WAITS) {
            self.waiting.add_permits(1);
            self.door.acquire().await.unwrap().forget();
        }
    }
}

#[async_trait]
impl PasswordHasher for Moody {
    async fn hash(&self, password: &Secret) -> Result<PasswordHash> {
        self.mood(password).await;
        self.quick.hash(password).await
    }

    async fn verify(&self, password: &Secret, hash: &PasswordHash) -> Result<PasswordCheck> {
        self.quick.verify(password, hash).await
    }

    async fn decoy(&self, password: &Secret) -> Result<()> {
        self.quick.decoy(password).await
    }

    async fn run(&self, task: Task) -> Result<()> {
        self.quick.run(task).await
    }
}
