//! `portcullis keys reencrypt`: seals all secrets in the store with the key manager in use.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use portcullis_core::reencryption::{Extent, Heard, Reencryption, Tally};
use portcullis_ports::connections::Connections;
use portcullis_ports::keys::Keys;
use portcullis_ports::plugin::{Port as _, Runtime};
use portcullis_ports::selection::{Selected, Selection};
use portcullis_ports::storage::{Storage, StorageCapability};

use super::{existing, load_any, wait};
use crate::cli::SettingsArguments;
use crate::compose::connect_each;
use crate::config::ValidatedConfig;
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::system;

/// After so many secrets, the operator hears how far it is.
const STEP: u64 = 1000;
/// Some secrets are opened by nobody.
const SHUT: u8 = 1;

/// Options of `portcullis keys reencrypt`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis keys reencrypt --config /etc/portcullis/portcullis.toml --dry-run
  portcullis keys reencrypt --config /etc/portcullis/portcullis.toml
  portcullis keys reencrypt --all                after `keys rotate --file`, to give up the older keys

Name the former key manager in keys.previous and restart every node before, so that nothing new is sealed with it. The
command may be interrupted and started again at any time. On a store that several processes share, the service goes on
meanwhile; otherwise stop it first. Exit code 1 means that some secrets are opened by nobody; they are named and left as
they are.")]
pub(crate) struct ReencryptArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Count what would be sealed anew, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Seal anew what the key manager in use sealed itself as well
    #[arg(long)]
    all: bool,
}

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
    let config = load_any(arguments.settings, environment)?;
    wait(reencrypt(config, extent, out))
}

async fn reencrypt(config: ValidatedConfig, extent: Extent, out: &mut dyn Write) -> Result<(), Failure> {
    let runtime = system::runtime()?;
    let limit = config.server.connect_timeout.get();
    let in_use = config
        .plugins
        .one::<Keys>()
        .map(Selected::name)
        .unwrap_or_default();
    let reencryption = connect(config.plugins, &runtime, limit, extent).await?;
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
    mut plugins: Selection,
    runtime: &Runtime,
    limit: Duration,
    extent: Extent,
) -> Result<Reencryption, Failure> {
    plugins.retain(|one| [Storage::NAME, Keys::NAME].contains(&one.port()));
    let shared = plugins
        .one::<Storage>()
        .is_some_and(|store| store.declares(StorageCapability::Shared));
    let mut connected = Vec::new();
    for result in connect_each(plugins, None, runtime, limit).await {
        connected.push(result.map_err(|why| {
            let hint = if shared || why.port != Storage::NAME {
                ""
            } else {
                "\nOne process at a time can use this store: stop the service while this command runs."
            };
            Failure::Unavailable(format!("{why}{hint}"))
        })?);
    }
    let connections: Connections = connected.into_iter().collect();
    let missing = |error| Failure::Unavailable(in_full(&error));
    let former = connections.former::<Keys>().into_iter();
    Ok(Reencryption::new(
        connections.one::<Storage>().map_err(missing)?,
        Arc::clone(&connections.one::<Keys>().map_err(missing)?.keys),
        former.map(|one| Arc::clone(&one.keys)).collect(),
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
