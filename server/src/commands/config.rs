//! `portcullis config`: check, show, schema, default.

use std::io::{self, Write};

use super::{load_any, look, request};
use crate::cli::{ConfigCommand, SettingsArguments};
use crate::config::document;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::plugins;
use crate::reference::default_file;

pub(crate) fn run(
    command: ConfigCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check(arguments) => check(arguments, environment, out),
        ConfigCommand::Show(arguments) => {
            let config = load_any(arguments, environment)?;
            write!(out, "{}", config.shown)?;
            Ok(())
        }
        ConfigCommand::Schema => {
            let linked = plugins::linked().map_err(Failure::Other)?;
            let text = serde_json::to_string_pretty(&document(&linked));
            writeln!(
                out,
                "{}",
                text.map_err(|error| Failure::Other(error.to_string()))?
            )?;
            Ok(())
        }
        ConfigCommand::Default => {
            let linked = plugins::linked().map_err(Failure::Other)?;
            write!(out, "{}", default_file(&linked))?;
            Ok(())
        }
    }
}

fn check(
    arguments: SettingsArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let loaded = look(&request(arguments.file, arguments.data.as_deref())?, environment)?;
    let file = loaded.file.clone();
    for note in loaded.plan()?.notes {
        writeln!(io::stderr(), "note: {note}")?;
    }
    match file {
        Some(file) => writeln!(out, "{} and the environment are in order.", file.display())?,
        None => writeln!(
            out,
            "The environment and the defaults are in order; no file was read."
        )?,
    }
    Ok(())
}
