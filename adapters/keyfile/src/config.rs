//! The settings of the key file and what they become when checked.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::keys::{ConnectedKeys, Keys};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::Keyfile;

/// Where the key file of `portcullis dev` lies in its data folder.
pub const DEVELOPMENT_PATH: &str = "secrets/keys.toml";

/// Settings of the key file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyfileSettings {
    /// The file that holds the keys. `portcullis keys create` makes it. Only the service's own user may be able to
    /// read it. A relative path starts at the working directory.
    #[schemars(example = "/var/lib/portcullis/keys.toml", extend("x-development-path" = DEVELOPMENT_PATH))]
    pub file: PathBuf,
}

/// A key file that is ready to be read.
#[derive(Debug)]
pub struct KeyfilePlan {
    file: PathBuf,
}

impl Settings<Keys> for KeyfileSettings {
    type Plan = KeyfilePlan;

    fn plan(self) -> std::result::Result<KeyfilePlan, Vec<ConfigError>> {
        if self.file.file_name().is_none() {
            return Err(vec![ConfigError::at(
                "file",
                "the path of a file is expected, such as /var/lib/portcullis/keys.toml",
            )]);
        }
        Ok(KeyfilePlan { file: self.file })
    }
}

#[async_trait]
impl Plan<Keys> for KeyfilePlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedKeys> {
        let keys = Arc::new(Keyfile::open_file(self.file, Arc::clone(&runtime.entropy)).await?);
        Ok(ConnectedKeys {
            keys: Arc::clone(&keys) as Arc<_>,
            probe: keys,
        })
    }
}
