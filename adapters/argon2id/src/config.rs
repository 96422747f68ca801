//! The settings of the hasher and what they become when checked.

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::passwords::{ConnectedPasswords, Passwords};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::cost::{Cost, Memory};
use crate::passwords::Argon2id;

/// The most hashes that may run at once, whatever the machine.
const MAX_CONCURRENT: u32 = 256;
/// The most calls that may wait.
const MAX_WAITING: u32 = 100_000;

/// Settings of Argon2id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Argon2idSettings {
    /// The memory of one hash, from 8KiB to 1GiB; a bare number means KiB. More makes a stolen database harder to
    /// attack. Stay at 19MiB or more in production.
    pub memory: Memory,
    /// How often a hash goes over its memory. More makes it slower.
    #[schemars(range(min = 1, max = 64), example = 2)]
    pub iterations: u32,
    /// The lanes of a hash. More than one is of use only to match hashes made elsewhere.
    #[schemars(range(min = 1, max = 16), example = 1)]
    pub parallelism: u32,
    /// How many hashes may run at once; each takes `memory`. Not set: one for every processor core.
    #[schemars(range(min = 1, max = 256), example = 2)]
    pub concurrent: Option<u32>,
    /// How many more may wait for their turn. Whoever comes when that many wait is told to try again later.
    #[schemars(range(max = 100_000), example = 256)]
    pub waiting: u32,
}

impl Default for Argon2idSettings {
    fn default() -> Self {
        Self {
            memory: Memory::mib(19),
            iterations: 2,
            parallelism: 1,
            concurrent: None,
            waiting: 256,
        }
    }
}

/// A hasher that is ready to be built.
#[derive(Debug)]
pub struct Argon2idPlan {
    cost: Cost,
    concurrent: u32,
    waiting: u32,
}

impl Settings<Passwords> for Argon2idSettings {
    type Plan = Argon2idPlan;

    fn plan(self) -> std::result::Result<Argon2idPlan, Vec<ConfigError>> {
        let cost = Cost {
            memory: self.memory,
            iterations: self.iterations,
            parallelism: self.parallelism,
        };
        let mut mistakes = cost.mistakes();
        let concurrent = self.concurrent.unwrap_or_else(cores);
        if !(1..=MAX_CONCURRENT).contains(&concurrent) {
            mistakes.push(ConfigError::at(
                "concurrent",
                format!("1 to {MAX_CONCURRENT} is expected, not {concurrent}"),
            ));
        }
        if self.waiting > MAX_WAITING {
            mistakes.push(ConfigError::at(
                "waiting",
                format!("0 to {MAX_WAITING} is expected, not {}", self.waiting),
            ));
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Argon2idPlan {
            cost,
            concurrent,
            waiting: self.waiting,
        })
    }
}

fn cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    u32::try_from(cores).unwrap_or(MAX_CONCURRENT).min(MAX_CONCURRENT)
}

#[async_trait]
impl Plan<Passwords> for Argon2idPlan {
    fn notes(&self) -> Vec<String> {
        let note = "`memory` and `iterations` make hashes so cheap that a stolen database is soon guessed: stay at \
                    19MiB and 2, or at as much work";
        self.cost.is_weak().then(|| note.to_owned()).into_iter().collect()
    }

    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedPasswords> {
        let hasher = Arc::new(Argon2id::new(self.cost, self.concurrent, self.waiting, runtime)?);
        Ok(ConnectedPasswords {
            hasher: Arc::clone(&hasher) as Arc<_>,
            probe: hasher,
        })
    }
}
