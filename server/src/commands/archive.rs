//! `portcullis backup`, `portcullis restore`, `portcullis store compact` and `portcullis store mark-restored`.

use std::io::{self, Write};
use std::sync::Arc;

use portcullis_core::restoring::{Knowledge, RestoreTool};
use portcullis_ports::plugin::Maturity;
use portcullis_ports::plugin::Port as _;
use portcullis_ports::storage::{Archive, Storage, StorageCapability};

use super::{confirm, existing, look, request, wait, with_deployment};
use crate::cli::{BackupArguments, MarkRestoredArguments, RestoreArguments, SettingsArguments};
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::system;

/// What a backup does not hold.
const REMINDER: &str = "\
The key file is not in the copy. Keep it separately: without it the sealed secrets in the copy cannot be opened.";

/// The way past a replaced store that makes a restore fail.
const WITHOUT_CURRENT: &str = "\
If a record of the store that is to be replaced is the reason: --ignore-current leaves out what that store knows.";

const ENDED: &str = "Every session, access token and pending code of before has ended.";
/// What a backup cannot tell.
const UNCERTAIN: &str = "\
What was used, changed or removed after the backup is not known: the next use of an older recovery code uses up its whole
set. docs/operating.md says what to tell people.";

/// What a backup brings back.
const REVOKE_AGAIN: &str = "\
If a signing key leaked since the backup was made, it signs again: revoke it with `portcullis keys rotate --revoke`.";

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
    let runtime = system::runtime()?;
    let restoring = RestoreTool::new(&runtime.clock, &runtime.entropy, arguments.ignore_current);
    if !arguments.yes {
        confirm(&format!(
            "Replace the record store by {}? Type yes to go on: ",
            from.display()
        ))?;
    }
    let report = wait(async {
        archive
            .restore(&from, &restoring)
            .await
            .map_err(|error| Failure::Other(format!("{}\n{WITHOUT_CURRENT}", in_full(&error))))
    })?;
    writeln!(
        out,
        "Restored {} records, {} bytes, from {}.",
        report.records,
        report.bytes,
        from.display()
    )?;
    writeln!(out, "{ENDED}")?;
    let knowledge = restoring.knowledge().unwrap_or(&Knowledge::NothingThere);
    write!(out, "{}", told(knowledge))?;
    Ok(())
}

/// What became of what the replaced store knew.
fn told(knowledge: &Knowledge) -> String {
    let why = match knowledge {
        Knowledge::CarriedOver => {
            return "Passwords, factors, recovery codes and suppressions are as they were in the store that was replaced.\n"
                .to_owned();
        }
        Knowledge::NothingThere => "there was no store to replace".to_owned(),
        Knowledge::Unreadable(why) => format!("the store that was replaced cannot be read: {why}"),
        Knowledge::OtherDeployment => "the store that was replaced has another root secret".to_owned(),
        Knowledge::Ignored => "--ignore-current was given".to_owned(),
    };
    format!(
        "Passwords, factors, recovery codes, suppressions and signing keys are those of the backup ({}).\n{UNCERTAIN}\n{REVOKE_AGAIN}\n",
        why.trim_end_matches('.')
    )
}

pub(crate) fn mark_restored(
    arguments: MarkRestoredArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if !arguments.yes {
        confirm(
            "End every session, and treat what was issued before as if it may have been used? Type yes to go on: ",
        )?;
    }
    with_deployment(arguments.settings, environment, async |app, store| {
        let marked = app.mark_restored(store).await;
        marked.map_err(|error| Failure::Unavailable(in_full(&error)))
    })?;
    writeln!(out, "{ENDED}\n{UNCERTAIN}")?;
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
