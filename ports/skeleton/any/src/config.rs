//! The settings of Acme and what they become when checked.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::notification::{ConnectedSender, Senders};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Endpoint, Result, Secret, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::Client;
use crate::senders;

/// How long a request may take, in seconds.
const TIMEOUT: RangeInclusive<u64> = 1..=60;

/// Settings of Acme.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcmeSettings {
    /// The API key of the account.
    pub api_key: Secret,
    /// The longest a request may take. From 1s to 60s.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Where the API is. Another address is of use with a simulator only.
    #[serde(default = "endpoint")]
    pub endpoint: String,
}

fn timeout() -> Span {
    Span::seconds(10)
}

fn endpoint() -> String {
    "https://api.acme.example".to_owned()
}

/// An account that is ready to be used.
pub struct AcmePlan(AcmeSettings);

impl Settings<Senders> for AcmeSettings {
    type Plan = AcmePlan;

    fn plan(self) -> std::result::Result<AcmePlan, Vec<ConfigError>> {
        let mut mistakes = Vec::new();
        if self.api_key.expose().trim().is_empty() {
            mistakes.push(ConfigError::at("api_key", "the API key of the account is expected"));
        }
        if !TIMEOUT.contains(&self.timeout.get().as_secs()) {
            mistakes.push(ConfigError::at(
                "timeout",
                "a length of time from 1s to 60s is expected",
            ));
        }
        if self.endpoint.parse::<Endpoint>().is_err() {
            mistakes.push(ConfigError::at(
                "endpoint",
                "an address that begins with https:// is expected, without a path",
            ));
        }
        if mistakes.is_empty() {
            Ok(AcmePlan(self))
        } else {
            Err(mistakes)
        }
    }
}

#[async_trait]
impl Plan<Senders> for AcmePlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedSender> {
        let settings = self.0;
        Ok(senders::connected(Arc::new(Client {
            http: Arc::clone(&runtime.http),
            endpoint: settings.endpoint.trim_end_matches('/').to_owned(),
            api_key: settings.api_key,
            limit: settings.timeout.get(),
        })))
    }
}
