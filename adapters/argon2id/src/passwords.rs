//! The password hasher: every call waits for its turn, takes memory, and computes on a thread of its own.

use std::sync::Arc;

use argon2::Block;
use async_trait::async_trait;
use portcullis_ports::passwords::{PasswordCheck, PasswordHash, PasswordHasher, Task};
use portcullis_ports::plugin::Runtime;
use portcullis_ports::probe::Probe;
use portcullis_ports::{Entropy, Error, Result, Secret};

use crate::admission::Admission;
use crate::cost::Cost;
use crate::memory::Pool;
use crate::stored::{OUTPUT, Recipe, Stored};

/// Hashes passwords with Argon2id.
pub struct Argon2id {
    cost: Cost,
    /// What an ordinary hash takes.
    blocks: usize,
    entropy: Arc<dyn Entropy>,
    admission: Admission,
    pool: Arc<Pool>,
    /// The hash of nothing, for accounts that do not exist.
    decoy: PasswordHash,
}

impl Argon2id {
    pub(crate) fn new(cost: Cost, concurrent: u32, waiting: u32, runtime: &Runtime) -> Result<Self> {
        let recipe = Recipe::fresh(cost, &*runtime.entropy)?;
        let mut output = [0; OUTPUT];
        runtime.entropy.fill(&mut output)?;
        let blocks = recipe.blocks()?;
        Ok(Self {
            cost,
            blocks,
            entropy: Arc::clone(&runtime.entropy),
            admission: Admission::new(concurrent, waiting),
            pool: Pool::new(blocks, Arc::clone(&runtime.clock)),
            decoy: recipe.written(&output)?,
        })
    }

    /// Runs `work` with `blocks` of memory when its turn has come.
    ///
    /// If the caller gives up meanwhile the work is finished all the same, and only then is the turn free again: the
    /// memory is in use until then.
    async fn compute<T: Send + 'static>(
        &self,
        blocks: usize,
        work: impl FnOnce(&mut [Block]) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shares = u32::try_from(blocks.div_ceil(self.blocks)).unwrap_or(u32::MAX);
        let turn = self.admission.enter(shares).await?;
        let pool = Arc::clone(&self.pool);
        let done = tokio::task::spawn_blocking(move || {
            let mut memory = pool.lend(blocks)?;
            let result = work(&mut memory.blocks);
            drop(memory);
            drop(turn);
            result
        });
        done.await
            .map_err(|error| Error::internal("hashing a password was cut short").with_source(error))?
    }
}

#[async_trait]
impl PasswordHasher for Argon2id {
    async fn hash(&self, password: &Secret) -> Result<PasswordHash> {
        let recipe = Recipe::fresh(self.cost, &*self.entropy)?;
        let password = password.clone();
        self.compute(self.blocks, move |memory| {
            let output = recipe.compute(password.expose(), memory)?;
            recipe.written(output.as_bytes())
        })
        .await
    }

    async fn verify(&self, password: &Secret, hash: &PasswordHash) -> Result<PasswordCheck> {
        let stored = Stored::read(hash)?;
        let blocks = stored.recipe.blocks()?;
        let password = password.clone();
        let cost = self.cost;
        self.compute(blocks, move |memory| {
            let computed = stored.recipe.compute(password.expose(), memory)?;
            Ok(match (stored.is(&computed), stored.recipe.is_current(cost)) {
                (false, _) => PasswordCheck::Mismatch,
                (true, true) => PasswordCheck::Match,
                (true, false) => PasswordCheck::MatchOutdated,
            })
        })
        .await
    }

    async fn decoy(&self, password: &Secret) -> Result<()> {
        self.verify(password, &self.decoy).await.map(|_| ())
    }

    async fn run(&self, task: Task) -> Result<()> {
        self.compute(1, |_| task()).await
    }
}

#[async_trait]
impl Probe for Argon2id {
    async fn check(&self) -> Result<String> {
        Ok(format!(
            "{}, {} iterations, {} lanes; {}",
            self.cost.memory,
            self.cost.iterations,
            self.cost.parallelism,
            self.admission.describe()
        ))
    }
}
