//! The product's own plugins, connected as the server connects them: by id, with settings.

// The facade links the adapters; without this line the linker drops them.
use portcullis_adapters as _;
use portcullis_ports::plugin::Port;
use portcullis_server::system;
use serde_json::Value;

use crate::Result;

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
    let runtime = system::runtime().map_err(|error| format!("{error:?}"))?;
    Ok(plan
        .connect(&runtime)
        .await
        .map_err(|error| format!("connecting {id}: {error:?}"))?)
}
