//! `portcullis keys`: the key file, the signing keys, and sealing secrets anew.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use portcullis_adapters::keyfile::{create, rotate};
use portcullis_core::key_rotation::{KeyState, KeyView, Retired, Rotated};
use portcullis_ports::{Clock as _, Timestamp};

use super::moment::moment;
use super::reencrypt::ReencryptArguments;
use super::{confirm, reencrypt, with_deployment};
use crate::cli::SettingsArguments;
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::system::{SystemClock, SystemEntropy};

/// The key is needed.
const NEEDED: u8 = 1;

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Create a key file with one random key; an existing file is never touched
    Create(KeyFileArgument),
    /// Make a new signing key, also while the service runs; or, with --file, add a key to a key file
    Rotate(RotateArguments),
    /// List the signing keys: what they are good for, and until when former ones are needed
    List(ListKeysArguments),
    /// Give up a former signing key that nothing needs any more
    Retire(RetireArguments),
    /// Seal all that former key managers sealed anew with the one in use
    Reencrypt(ReencryptArguments),
}

/// Options of `portcullis keys rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis keys rotate                         once a year: a new signing key, and nobody notices
  portcullis keys rotate --revoke                a key leaked: what it signed is refused, everybody signs in again
  portcullis keys rotate --file keys.toml        a new key in the key file, for what is sealed from now on

Signing keys sign access tokens, codes, handles and the heads of histories, which name the key. On a store that several
processes share the service goes on, and every node signs with the new key within 15 seconds; with the embedded store
stop it first.")]
pub(crate) struct RotateArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Refuse from now on what the former keys signed, except histories, and end the sessions of everybody
    #[arg(long)]
    revoke: bool,
    /// With --revoke: do not ask
    #[arg(long, requires = "revoke")]
    yes: bool,
    /// Add a key to this key file, and use it from now on; what was sealed with older ones still opens
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "data", "revoke"])]
    file: Option<PathBuf>,
}

/// Options of `portcullis keys list`.
#[derive(Debug, Args)]
pub(crate) struct ListKeysArguments {
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Options of `portcullis keys retire`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  portcullis keys retire 1                       `portcullis keys list` names the keys

Signs the histories anew that the key signed, and removes the key. Refused as long as anything else is in use that it
signed; then the reasons are told and the exit code is 1. It may be repeated.")]
pub(crate) struct RetireArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The key
    #[arg(value_name = "ID")]
    id: String,
}

/// The key file.
#[derive(Debug, Args)]
pub(crate) struct KeyFileArgument {
    /// The key file
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

pub(crate) fn run(
    command: KeysCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        KeysCommand::Reencrypt(arguments) => reencrypt::run(arguments, environment, out),
        KeysCommand::Create(arguments) => create_file(&arguments.file, out),
        KeysCommand::Rotate(RotateArguments { file: Some(file), .. }) => rotate_file(&file, out),
        KeysCommand::Rotate(arguments) => rotate_signing_key(arguments, environment, out),
        KeysCommand::List(arguments) => list(arguments, environment, out),
        KeysCommand::Retire(arguments) => retire(arguments, environment, out),
    }
}

fn create_file(file: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let created = create(file, &SystemEntropy, SystemClock.now());
    created.map_err(|error| Failure::Other(in_full(&error)))?;
    let file = file.display();
    writeln!(
        out,
        "Created {file}.\n\nName it in the configuration:\n\n  [keys]\n  use = \"main\"\n  [keys.main.keyfile]\n  \
         file = \"{file}\"\n\nKeep a copy apart from the backups of the store: without it nothing that was sealed \
         can be opened,\nand whoever has both can open everything."
    )?;
    Ok(())
}

fn rotate_file(file: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let rotated = rotate(file, &SystemEntropy, SystemClock.now());
    rotated.map_err(|error| Failure::Other(in_full(&error)))?;
    writeln!(
        out,
        "Added a key to {}. Restart the service to use it, and renew the copy you keep.",
        file.display()
    )?;
    Ok(())
}

fn rotate_signing_key(
    arguments: RotateArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let RotateArguments {
        settings,
        revoke,
        yes,
        file: _,
    } = arguments;
    if revoke && !yes {
        confirm(
            "Refuse all that was signed until now, and end the sessions of everybody? Type yes to go on: ",
        )?;
    }
    let rotated = with_deployment(settings, environment, async |app, _| {
        Ok(app.rotate_signing_key(revoke).await?)
    })?;
    let Rotated::By(KeyView { id, state, .. }) = rotated else {
        return Err(Failure::Other(
            "there are as many signing keys as there may be: give up former ones with `portcullis keys retire ID` first"
                .to_owned(),
        ));
    };
    match state {
        KeyState::Current { from } if !revoke => {
            writeln!(out, "The new signing key {id} signs from {} on.", moment(from))?;
        }
        _ => writeln!(
            out,
            "The new signing key {id} signs. What the former ones signed is refused, histories excepted; every session, \
             access token and open sign-in has ended.\nIn a minute, give up each of the others with `portcullis keys \
             retire ID`: until then whoever has the leaked key and can write to the store can forge histories."
        )?,
    }
    Ok(())
}

fn list(arguments: ListKeysArguments, environment: &Environment, out: &mut dyn Write) -> Result<(), Failure> {
    let keys = with_deployment(arguments.settings, environment, async |app, _| {
        Ok(app.signing_keys().await?)
    })?;
    for KeyView { id, made_at, state } in keys {
        let made = made_at.map_or_else(|| "with the deployment".to_owned(), moment);
        let state = match state {
            KeyState::Current { from } if SystemClock.now() < from => {
                format!("signs from {} on", moment(from))
            }
            KeyState::Current { .. } => "signs".to_owned(),
            KeyState::Revoked { .. } => "revoked; histories are verified with it".to_owned(),
            KeyState::Former { needed } => match needed.iter().max_by_key(|(_, until)| *until) {
                Some((_, until)) => format!("verifies; needed until {}", moment(*until)),
                None => "verifies; can be retired".to_owned(),
            },
        };
        writeln!(out, "{id:<10}made {made:<22}{state}")?;
    }
    Ok(())
}

fn retire(arguments: RetireArguments, environment: &Environment, out: &mut dyn Write) -> Result<(), Failure> {
    let id = arguments.id;
    let retired = with_deployment(arguments.settings, environment, async |app, store| {
        Ok(app.retire_signing_key(&id, store).await?)
    })?;
    let needed = |what: &str, until: Timestamp| format!("{id} is needed until {}: {what}", moment(until));
    match retired {
        Retired::Gone(histories) => {
            writeln!(
                out,
                "Signed {histories} histories anew, and removed the key {id}."
            )?;
            Ok(())
        }
        Retired::Unknown => Err(Failure::Usage(format!(
            "there is no signing key {id}; `portcullis keys list` names them"
        ))),
        Retired::InUse => Err(Failure::Usage(format!(
            "{id} is the key that signs: `portcullis keys rotate` first"
        ))),
        Retired::Settling(until) => {
            writeln!(out, "{}", needed("a node may still sign with it", until))?;
            Err(Failure::Ended(NEEDED))
        }
        Retired::Needed(reasons) => {
            for (what, until) in reasons {
                writeln!(out, "{}", needed(what, until))?;
            }
            Err(Failure::Ended(NEEDED))
        }
    }
}
