//! The settings of Acme and what they become when checked.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::passwords::{ConnectedPasswords, Passwords};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::passwords;

const COST: RangeInclusive<u32> = 4..=31;

/// Settings of Acme.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcmeSettings {
    /// How much work a hash is, as a power of two. From 4 to 31.
    #[serde(default = "cost")]
    pub cost: u32,
}

fn cost() -> u32 {
    12
}

/// A hasher that is ready to be used.
pub struct AcmePlan(AcmeSettings);

impl Settings<Passwords> for AcmeSettings {
    type Plan = AcmePlan;

    fn plan(self) -> std::result::Result<AcmePlan, Vec<ConfigError>> {
        if COST.contains(&self.cost) {
            Ok(AcmePlan(self))
        } else {
            Err(vec![ConfigError::at("cost", "a number from 4 to 31 is expected")])
        }
    }
}

#[async_trait]
impl Plan<Passwords> for AcmePlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedPasswords> {
        Ok(passwords::connected(self.0.cost, Arc::clone(&runtime.entropy)))
    }
}
