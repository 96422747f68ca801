//! What an operator sets about applications behind a reverse proxy.

use portcullis_ports::Endpoint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::settings::SettingsTable;

/// Applications behind a reverse proxy that asks here who is coming (forward auth).
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Origins to which a browser may be sent after signing in. That of `server.public_url` is always one.
    pub return_origins: Vec<Endpoint>,
}

impl SettingsTable for Settings {
    const NAME: &'static str = "forward_auth";
}
