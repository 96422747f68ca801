//! The settings of the header identity: none.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::{ConnectedIdentity, Identity};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::identity::Header;

/// The header identity has nothing to set.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderSettings {}

/// Ready from the start.
#[derive(Debug)]
pub struct HeaderPlan;

impl Settings<Identity> for HeaderSettings {
    type Plan = HeaderPlan;

    fn plan(self) -> std::result::Result<HeaderPlan, Vec<ConfigError>> {
        Ok(HeaderPlan)
    }
}

#[async_trait]
impl Plan<Identity> for HeaderPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedIdentity> {
        let header = Arc::new(Header::new(Arc::clone(&runtime.clock)));
        Ok(ConnectedIdentity {
            provider: Arc::clone(&header) as Arc<_>,
            probe: header,
        })
    }
}
