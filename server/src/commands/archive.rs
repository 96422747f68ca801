//! `portcullis backup`, `portcullis restore` and `portcullis store compact`: the file of the record store.

use std::io::{self, Write};
use std::sync::Arc;

use portcullis_ports::plugin::Maturity;
use portcullis_ports::plugin::Port as _;
use portcullis_ports::storage::{Archive, Storage, StorageCapability};

use super::{confirm, existing, look, request, wait};
use crate::cli::{BackupArguments, RestoreArguments, SettingsArguments};
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::system;

/// What a backup does not hold.
const REMINDER: &str = "\
The key file is not in the copy. Keep it separately: without it the sealed secrets in the copy cannot be opened.";

pub(crate) fn backup(
    arguments: BackupArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let archive = archive(arguments.settings, environment)?;
    let to = arguments.to;
    let report = wait(async {
        archive
            .backup(&to)
            .await
            .map_err(|error| Failure::Other(in_full(&error)))
    })?;
    writeln!(
        out,
        "Wrote {} records, {} bytes, to {}.",
        report.records,
        report.bytes,
        to.display()
    )?;
    writeln!(io::stderr(), "{REMINDER}")?;
    Ok(())
}

pub(crate) fn restore(
    arguments: RestoreArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let archive = archive(arguments.settings, environment)?;
    let from = arguments.from;
    if !arguments.yes {
        confirm(&format!(
            "Replace the record store by {}? Type yes to go on: ",
            from.display()
        ))?;
    }
    let report = wait(async {
        archive
            .restore(&from)
            .await
            .map_err(|error| Failure::Other(in_full(&error)))
    })?;
    writeln!(
        out,
        "Restored {} records, {} bytes, from {}.",
        report.records,
        report.bytes,
        from.display()
    )?;
    Ok(())
}

pub(crate) fn compact(
    arguments: SettingsArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let archive = archive(arguments, environment)?;
    let report = wait(async {
        archive
            .compact()
            .await
            .map_err(|error| Failure::Other(in_full(&error)))
    })?;
    writeln!(out, "{} bytes before, {} now.", report.before, report.after)?;
    Ok(())
}

/// The archive of the store that is selected. Mistakes in other sections do not matter to it.
fn archive(arguments: SettingsArguments, environment: &Environment) -> Result<Arc<dyn Archive>, Failure> {
    existing(arguments.data.as_deref())?;
    let store = look(&request(arguments.file, arguments.data.as_deref())?, environment)?.plan_store()?;
    let runtime = system::runtime()?;
    let tools = store.plan.offline(&runtime).unwrap_or_default();
    tools.archive.ok_or_else(|| {
        let able = Storage::plugins().into_iter().filter(|plugin| {
            plugin.capabilities.contains(&StorageCapability::Archive)
                && plugin.meta.maturity != Maturity::DevelopmentOnly
        });
        let able: Vec<&str> = able.map(|plugin| plugin.meta.id).collect();
        Failure::Usage(format!(
            "{} is copied with the means of its vendor; this command works for: {}",
            store.name(),
            able.join(", ")
        ))
    })
}
