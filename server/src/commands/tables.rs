//! `portcullis tables`: creates, checks and deletes the tables of the record store at its vendor.

use std::io::Write;
use std::sync::Arc;

use portcullis_core::collections;
use portcullis_ports::plugin::{Maturity, Port as _};
use portcullis_ports::selection::Selected;
use portcullis_ports::storage::{Storage, StorageCapability, TableReport, TableState, Tables};
use serde_json::{Value, json};

use super::{confirm, development, existing, look, request, wait};
use crate::cli::{TablesArguments, TablesCommand};
use crate::config::Request;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::system;

/// Tables are missing or not as they must be.
const NOT_READY: u8 = 1;

pub(crate) fn run(
    command: TablesCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let families = collections();
    let (reports, in_json) = match command {
        TablesCommand::Create(arguments) => {
            let tables = tables(arguments, environment)?;
            (told(tables.create(&families))?, false)
        }
        TablesCommand::Check(arguments) => {
            let tables = tables(arguments.tables, environment)?;
            (told(tables.check(&families))?, arguments.json)
        }
        TablesCommand::Delete(arguments) => {
            let tables = tables(arguments.tables, environment)?;
            if !arguments.yes {
                let found = told(tables.check(&families))?;
                let there = found.iter().filter(|report| report.state != TableState::Missing);
                let names: Vec<&str> = there.map(|report| report.table.as_str()).collect();
                if names.is_empty() {
                    return Ok(writeln!(out, "There are no tables to delete.")?);
                }
                confirm(&format!(
                    "Delete with all that they hold: {}. Type yes to go on: ",
                    names.join(", ")
                ))?;
            }
            let reports = told(tables.delete(&families))?;
            print(&reports, out)?;
            return Ok(());
        }
        TablesCommand::Policy(arguments) => {
            let policy = tables(arguments, environment)?.policy(&families);
            return Ok(writeln!(out, "{}", policy.trim_end())?);
        }
    };
    let ready = reports.iter().all(is_ready);
    if in_json {
        let list: Vec<Value> = reports.iter().map(described).collect();
        let text = serde_json::to_string_pretty(&json!({ "ok": ready, "tables": list }));
        writeln!(
            out,
            "{}",
            text.map_err(|error| Failure::Other(error.to_string()))?
        )?;
    } else {
        print(&reports, out)?;
    }
    if ready {
        Ok(())
    } else {
        Err(Failure::Ended(NOT_READY))
    }
}

fn told(
    asked: impl Future<Output = portcullis_ports::Result<Vec<TableReport>>>,
) -> Result<Vec<TableReport>, Failure> {
    wait(async { Ok(asked.await?) })
}

/// The tables of the store that is meant. Mistakes in other sections do not matter to them.
fn tables(arguments: TablesArguments, environment: &Environment) -> Result<Arc<dyn Tables>, Failure> {
    let store = store(arguments, environment)?;
    let runtime = system::runtime()?;
    let tools = store.plan.offline(&runtime).unwrap_or_default();
    tools.tables.ok_or_else(|| {
        let able = Storage::plugins().into_iter().filter(|plugin| {
            plugin.capabilities.contains(&StorageCapability::Tables)
                && plugin.meta.maturity != Maturity::DevelopmentOnly
        });
        let able: Vec<&str> = able.map(|plugin| plugin.meta.id).collect();
        Failure::Usage(format!(
            "{} keeps no tables at a vendor and needs nothing of the kind; this command works for: {}",
            store.name(),
            able.join(", ")
        ))
    })
}

fn store(arguments: TablesArguments, environment: &Environment) -> Result<Selected<Storage>, Failure> {
    let TablesArguments { settings, store } = arguments;
    existing(settings.data.as_deref())?;
    match (&settings.data, store) {
        (Some(data), Some(plugin)) => {
            let development = development(data, Some(plugin), Vec::new())?;
            let request = Request {
                file: settings.file.config,
                development: Some(development),
                ..Request::default()
            };
            Ok(look(&request, environment)?.plan_store()?)
        }
        (None, Some(instance)) => {
            let request = Request {
                stores: vec![("--store", instance.clone())],
                ..request(settings.file, None)?
            };
            let planned = look(&request, environment)?.plan_stores(&[&instance])?;
            let only = planned.into_iter().next();
            only.map(|store| store.selected)
                .ok_or_else(|| Failure::Usage(format!("there is no store {instance}")))
        }
        (data, None) => Ok(look(&request(settings.file, data.as_deref())?, environment)?.plan_store()?),
    }
}

fn is_ready(report: &TableReport) -> bool {
    matches!(
        report.state,
        TableState::Ready | TableState::Created | TableState::Changed
    )
}

fn word(state: TableState) -> &'static str {
    match state {
        TableState::Ready => "ready",
        TableState::Created => "created",
        TableState::Changed => "changed",
        TableState::Incomplete => "incomplete",
        TableState::Missing => "missing",
        TableState::Deleted => "deleted",
    }
}

fn described(report: &TableReport) -> Value {
    json!({ "table": report.table, "state": word(report.state), "notes": report.notes })
}

fn print(reports: &[TableReport], out: &mut dyn Write) -> Result<(), Failure> {
    for report in reports {
        let word = word(report.state);
        let word = if matches!(report.state, TableState::Incomplete | TableState::Missing) {
            word.to_uppercase()
        } else {
            word.to_owned()
        };
        writeln!(out, "{word:10} {}", report.table)?;
        for note in &report.notes {
            writeln!(out, "{:10} - {note}", "")?;
        }
    }
    Ok(())
}
