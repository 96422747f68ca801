//! A password hasher that costs no time.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::error::Result;
use crate::passwords::{PasswordCheck, PasswordHash, PasswordHasher, Task};
use crate::secret::Secret;

/// Hashes at once, and counts what it does.
#[derive(Default)]
pub struct QuickHasher {
    /// Passwords that were hashed.
    pub hashes: AtomicUsize,
    /// Passwords that were compared with the hash of an account.
    pub checks: AtomicUsize,
    /// The same for accounts that do not exist.
    pub decoys: AtomicUsize,
    /// Other work on passwords.
    pub tasks: AtomicUsize,
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
