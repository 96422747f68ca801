//! The product's own plugins, connected as the server connects them: by id, with settings.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
// The facade links the adapters; without this line the linker drops them.
use portcullis_adapters as _;
use portcullis_ports::plugin::{Port, Runtime};
use portcullis_ports::{Clock, Entropy, Error, Timestamp};
use serde_json::Value;

use crate::Result;

struct WallClock;

#[async_trait]
impl Clock for WallClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this program is its own composition root"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> portcullis_ports::Result<()> {
        getrandom::fill(bytes).map_err(|error| Error::internal(error.to_string()))
    }
}

/// Connects the plugin of that id.
pub(crate) async fn connect<P: Port>(id: &str, settings: Value) -> Result<P::Connected> {
    let plugins = P::plugins();
    let plugin = plugins
        .iter()
        .find(|plugin| plugin.meta.id == id)
        .ok_or_else(|| {
            let linked: Vec<_> = plugins.iter().map(|plugin| plugin.meta.id).collect();
            format!("no {} is called {id}; linked are {linked:?}", P::TITLE)
        })?;
    let plan = plugin
        .plan(settings)
        .map_err(|mistakes| format!("settings of {id}: {mistakes:?}"))?;
    let runtime = Runtime {
        clock: Arc::new(WallClock),
        entropy: Arc::new(SystemEntropy),
    };
    Ok(plan
        .connect(&runtime)
        .await
        .map_err(|error| format!("connecting {id}: {error:?}"))?)
}
