//! `portcullis keys reencrypt`: seals all secrets in the store with the key manager in use.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::reencryption::{Extent, Heard, Reencryption, Tally};
use portcullis_ports::keys::KeyManager;
use portcullis_ports::plugin::Runtime;
use portcullis_ports::storage::{ConnectedStore, StorageCapability};

use super::{existing, load_any, wait};
use crate::cli::ReencryptArguments;
use crate::compose::{NotConnected, connect_keys, connect_store};
use crate::config::{Effective, Selection};
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::system;

/// After so many secrets, the operator hears how far it is.
const STEP: u64 = 1000;
/// Some secrets are opened by nobody.
const SHUT: u8 = 1;

pub(crate) fn run(
    arguments: ReencryptArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let extent = Extent {
        all: arguments.all,
        dry: arguments.dry_run,
    };
    existing(arguments.settings.data.as_deref())?;
    let effective = load_any(arguments.settings, environment)?;
    wait(reencrypt(effective, extent, out))
}

async fn reencrypt(effective: Effective, extent: Extent, out: &mut dyn Write) -> Result<(), Failure> {
    let runtime = system::runtime()?;
    let limit = effective.server.connect_timeout.get();
    let in_use = effective.plugins.keys.name();
    let reencryption = connect(effective.plugins, &runtime, limit, extent).await?;
    let mut total = Tally::default();
    for collection in Reencryption::collections() {
        let mut said = Ok(());
        let mut heard_of = 0;
        let mut told = |heard: Heard<'_>| {
            if said.is_err() {
                return;
            }
            match heard {
                Heard::Shut(key, why) => {
                    said = writeln!(io::stderr(), "nobody opens {key}: {}", in_full(why));
                }
                Heard::Progress(tally) if tally.texts() >= heard_of + STEP => {
                    heard_of = tally.texts();
                    said = writeln!(io::stderr(), "{}: {heard_of} so far", collection.name);
                }
                Heard::Progress(_) => {}
            }
        };
        let tally = reencryption
            .reseal(&collection, &mut told)
            .await
            .map_err(|error| stopped(&error))?;
        said?;
        writeln!(io::stderr(), "{}: {} looked at", collection.name, tally.texts())?;
        total += tally;
    }
    let Tally {
        resealed,
        current,
        shut,
    } = total;
    let anew = if extent.dry {
        "would be sealed anew"
    } else {
        "sealed anew"
    };
    writeln!(
        out,
        "{} secrets: {resealed} {anew} with {in_use}, {current} sealed with it already, {shut} opened by nobody.",
        total.texts()
    )?;
    if shut > 0 {
        return Err(Failure::Ended(SHUT));
    }
    Ok(())
}

/// Connects the store and the key managers, and nothing else.
async fn connect(
    plugins: Selection,
    runtime: &Runtime,
    limit: Duration,
    extent: Extent,
) -> Result<Reencryption, Failure> {
    let shared = plugins
        .store
        .plugin
        .capabilities
        .contains(&StorageCapability::Shared);
    let unavailable = |why: NotConnected| Failure::Unavailable(why.to_string());
    let hint = if shared {
        ""
    } else {
        "\nOne process at a time can use this store: stop the service while this command runs."
    };
    let store: ConnectedStore = connect_store(plugins.store, runtime, limit)
        .await
        .map_err(|why| Failure::Unavailable(format!("{why}{hint}")))?;
    let current = connect_keys(plugins.keys, runtime, limit)
        .await
        .map_err(unavailable)?;
    let mut former: Vec<Arc<dyn KeyManager>> = Vec::new();
    for keys in plugins.former_keys {
        former.push(
            connect_keys(keys, runtime, limit)
                .await
                .map_err(unavailable)?
                .keys,
        );
    }
    Ok(Reencryption::new(
        &store,
        current.keys,
        former,
        &runtime.clock,
        extent,
    ))
}

/// Why it ended early; what was done stays done.
fn stopped(error: &portcullis_ports::Error) -> Failure {
    Failure::with_advice(
        error,
        "What was sealed anew stays so; start the command again to do the rest.",
    )
}
