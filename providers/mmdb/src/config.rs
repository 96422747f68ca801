//! The settings of the database file and what they become when checked.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::geo::{ConnectedGeo, Geo};
use portcullis_ports::plugin::{ConfigError, Plan, Runtime, Settings};
use portcullis_ports::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::database::Database;

/// Settings of the database file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MmdbSettings {
    /// The database file. A relative path starts at the working directory.
    #[schemars(example = "/var/lib/portcullis/GeoLite2-City.mmdb")]
    pub file: PathBuf,
    /// The language of the names of cities, as the file writes it, such as `en`, `de` or `pt-BR`.
    #[serde(default = "english")]
    #[schemars(length(min = 2, max = 16))]
    pub language: String,
}

fn english() -> String {
    "en".to_owned()
}

/// A database file that is ready to be read.
#[derive(Debug)]
pub struct MmdbPlan(MmdbSettings);

impl Settings<Geo> for MmdbSettings {
    type Plan = MmdbPlan;

    fn plan(self) -> std::result::Result<MmdbPlan, Vec<ConfigError>> {
        if self.file.as_os_str().is_empty() {
            return Err(vec![ConfigError::at(
                "file",
                "the path of a .mmdb file is expected, such as /var/lib/portcullis/GeoLite2-City.mmdb",
            )]);
        }
        Ok(MmdbPlan(self))
    }
}

#[async_trait]
impl Plan<Geo> for MmdbPlan {
    async fn connect(self: Box<Self>, runtime: &Runtime) -> Result<ConnectedGeo> {
        let MmdbSettings { file, language } = self.0;
        let clock = Arc::clone(&runtime.clock);
        let opening = tokio::task::spawn_blocking(move || Database::open(&file, language, clock));
        let database = opening.await.map_err(|error| {
            Error::internal("opening the database file ended in a defect").with_source(error)
        })?;
        let database = Arc::new(database?);
        Ok(ConnectedGeo {
            locator: Arc::clone(&database) as Arc<_>,
            probe: database,
        })
    }
}
