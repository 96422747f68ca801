//! The port: hashing and checking, bounded in memory and off the thread that asks.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::passwords::{
    ConnectedPasswords, PasswordCheck, PasswordHash, PasswordHasher, Task,
};
use portcullis_ports::probe::Probe;
use portcullis_ports::{Code, Entropy, Error, Kind, Result, Secret};

const NOT_WRITTEN: Code = Code::new("not-written", Kind::Config, "This plugin is not finished.");

/// Hashes with one cost.
struct AcmeHasher {
    cost: u32,
    entropy: Arc<dyn Entropy>,
}

pub(crate) fn connected(cost: u32, entropy: Arc<dyn Entropy>) -> ConnectedPasswords {
    let hasher = Arc::new(AcmeHasher { cost, entropy });
    ConnectedPasswords {
        hasher: Arc::clone(&hasher) as Arc<_>,
        probe: hasher,
    }
}

fn not_written(what: &str) -> Error {
    NOT_WRITTEN.with_detail(format!("{what} is not written yet: providers/acme/src/passwords.rs"))
}

#[async_trait]
impl PasswordHasher for AcmeHasher {
    async fn hash(&self, _password: &Secret) -> Result<PasswordHash> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt)?;
        Err(not_written("hash"))
    }

    async fn verify(&self, _password: &Secret, _hash: &PasswordHash) -> Result<PasswordCheck> {
        Err(not_written("verify"))
    }

    async fn decoy(&self, _password: &Secret) -> Result<()> {
        Err(not_written("decoy"))
    }

    async fn run(&self, _task: Task) -> Result<()> {
        Err(not_written("run"))
    }
}

#[async_trait]
impl Probe for AcmeHasher {
    async fn check(&self) -> Result<String> {
        Ok(format!("cost {}", self.cost))
    }
}
