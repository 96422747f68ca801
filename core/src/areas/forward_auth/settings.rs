//! What an operator sets about applications behind a reverse proxy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::return_addresses::origin;
use crate::foundation::settings::{Broken, SettingsTable};

/// Applications behind a reverse proxy that asks here who is coming (forward auth).
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where a browser may be sent after signing in, as scheme and host, such as `https://shop.example.com`. That of
    /// `server.public_url` is always one.
    pub return_origins: Vec<String>,
}

impl SettingsTable for Settings {
    const NAME: &'static str = "forward_auth";

    fn errors(&self) -> Vec<Broken> {
        let wrong = self.return_origins.iter().filter(|text| origin(text).is_none());
        wrong
            .map(|text| {
                let text = format!(
                    "\"{text}\" is no origin.\nExpected is scheme and host, with the port where it is not the usual one, such as \
                     https://shop.example.com."
                );
                ("return_origins", text)
            })
            .collect()
    }
}
