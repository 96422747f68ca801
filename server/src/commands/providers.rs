//! `portcullis providers`: what is linked, and what of it is selected.

use std::io::Write;

use portcullis_ports::plugin::Listed;
use serde_json::{Value, json};

use super::{look, request, skeleton};
use crate::cli::{ProvidersArguments, ProvidersCommand};
use crate::config::Chosen;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::plugins;
use crate::reference::maturity;

pub(crate) fn run(
    arguments: ProvidersArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if let Some(ProvidersCommand::New(new)) = &arguments.command {
        return skeleton::run(new, out);
    }
    let linked = plugins::linked().map_err(Failure::Other)?;
    // The list is of use above all while the configuration is not in order yet.
    let chosen = match look(&request(arguments.file, None)?, environment) {
        Ok(loaded) => loaded.chosen,
        Err(Failure::Configuration(errors)) => {
            writeln!(std::io::stderr(), "{errors}\n")?;
            Vec::new()
        }
        Err(failure) => return Err(failure),
    };
    if arguments.json {
        let list: Vec<Value> = linked.iter().map(|plugin| in_json(plugin, &chosen)).collect();
        let text = serde_json::to_string_pretty(&list).map_err(|error| Failure::Other(error.to_string()))?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    let head = ["PORT", "ID", "TITLE", "STATE", "CAPABILITIES", "SELECTED AS"].map(str::to_owned);
    let rows: Vec<[String; 6]> = linked.iter().map(|plugin| row(plugin, &chosen)).collect();
    write_table(out, &head, &rows)
}

fn instances<'a>(plugin: &Listed, chosen: &'a [Chosen]) -> Vec<&'a str> {
    let same = |one: &&Chosen| one.port == plugin.port && one.plugin == plugin.meta.id;
    chosen
        .iter()
        .filter(same)
        .map(|one| one.instance.as_str())
        .collect()
}

fn row(plugin: &Listed, chosen: &[Chosen]) -> [String; 6] {
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    [
        plugin.port.to_owned(),
        plugin.meta.id.to_owned(),
        plugin.meta.title.to_owned(),
        maturity(plugin.meta.maturity).to_owned(),
        or_dash(plugin.capabilities.join(", ")),
        or_dash(instances(plugin, chosen).join(", ")),
    ]
}

fn in_json(plugin: &Listed, chosen: &[Chosen]) -> Value {
    json!({
        "port": plugin.port,
        "id": plugin.meta.id,
        "title": plugin.meta.title,
        "summary": plugin.meta.summary,
        "maturity": maturity(plugin.meta.maturity),
        "capabilities": plugin.capabilities,
        "section": format!("[{}.main.{}]", plugin.port, plugin.meta.id),
        "selected_as": instances(plugin, chosen),
    })
}

fn write_table(out: &mut dyn Write, head: &[String; 6], rows: &[[String; 6]]) -> Result<(), Failure> {
    let lines = || [head].into_iter().chain(rows);
    let width = |column: usize| lines().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for row in lines() {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
