//! The generated references: every setting and every plugin, as Markdown.

use std::fmt::Write as _;

use portcullis_ports::plugin::{Listed, Maturity};
use serde_json::Value;

use super::path::Path;
use super::schema::document;
use super::shape::Shape;
use super::toml;

const CONFIGURATION: &str = "\
# Configuration reference

Generated from the settings themselves; `config/default.toml` holds the same as a file to start from.

Later wins: defaults, `portcullis.toml` in the working folder (or the file after `--config`), environment variables,
options of the command line. A variable is named `PORTCULLIS_`, the tables and the key in capitals with two underscores
between them; with `_FILE` behind its name it holds the name of a file that holds the value, without its last line
break. Lists are written with commas. Former names are read as well; setting both to different values is a mistake.
`portcullis config check` finds all mistakes without starting anything, `portcullis config show` prints what takes effect
and where it came from.
";

const PROVIDERS: &str = "\
# Plugins

What is linked into the program, by port. A section of the configuration selects instances by name with `use`, and each
instance has its settings in `[port.instance.plugin]`; the references below show an instance called `main`.
`portcullis providers` prints the list for a given program.
";

/// The text of `docs/reference/configuration.md`.
pub fn configuration_reference(linked: &[Listed]) -> String {
    let schema = document(linked);
    let mut out = CONFIGURATION.to_owned();
    for (name, table) in Shape(&schema).properties() {
        section(&mut out, &format!("## `[{name}]`"), &table.description());
        settings(&mut out, table, &Path::of([name]));
        let plugins = table.further().into_iter().flat_map(Shape::properties);
        for (id, plugin) in plugins {
            let title = plugin.text("title").unwrap_or(id);
            let text = format!("{title}. {}", plugin.description());
            section(&mut out, &format!("### `[{name}.main.{id}]`"), &text);
            settings(&mut out, plugin, &Path::of([name, "main", id]));
        }
    }
    out
}

/// The text of `docs/reference/providers.md`.
pub fn providers_reference(linked: &[Listed]) -> String {
    let mut out = PROVIDERS.to_owned();
    let mut port = "";
    for plugin in linked {
        if plugin.port != port {
            port = plugin.port;
            section(&mut out, &format!("## {}: `[{port}]`", plugin.port_title), "");
            write(
                &mut out,
                "\n| id | plugin | state | offers |\n|---|---|---|---|\n",
            );
            for one in linked.iter().filter(|one| one.port == port) {
                let row = format!(
                    "| `{}` | {}: {} | {} | {} |\n",
                    one.meta.id,
                    cell(one.meta.title),
                    cell(one.meta.summary),
                    maturity(one.meta.maturity),
                    if one.capabilities.is_empty() {
                        "–".to_owned()
                    } else {
                        one.capabilities.join(", ")
                    }
                );
                write(&mut out, &row);
            }
        }
        section(
            &mut out,
            &format!("### {} (`{}`)", plugin.meta.title, plugin.meta.id),
            plugin.meta.summary,
        );
        write(
            &mut out,
            &format!("\nSelected by `[{port}.main.{}]`.\n", plugin.meta.id),
        );
        write(&mut out, &format!("\n{}\n", demoted(plugin.meta.docs.trim())));
    }
    out
}

/// How far a plugin has come, for people.
pub fn maturity(maturity: Maturity) -> &'static str {
    match maturity {
        Maturity::Stable => "stable",
        Maturity::Beta => "beta",
        Maturity::DevelopmentOnly => "development only",
    }
}

fn write(out: &mut String, text: &str) {
    out.push_str(text);
}

fn section(out: &mut String, heading: &str, text: &str) {
    write(out, &format!("\n{heading}\n"));
    if !text.is_empty() {
        write(out, &format!("\n{text}\n"));
    }
}

fn settings(out: &mut String, table: Shape<'_>, path: &Path) {
    let mut rows = String::new();
    rows_of(&mut rows, table, path, "", table.defaults().as_ref());
    if rows.is_empty() {
        write(out, "\nNo settings.\n");
    } else {
        write(
            out,
            "\n| key | takes | default | variables | meaning |\n|---|---|---|---|---|\n",
        );
        write(out, &rows);
    }
}

fn rows_of(out: &mut String, table: Shape<'_>, path: &Path, before: &str, defaults: Option<&Value>) {
    let required = table.required();
    for (key, shape) in table.properties() {
        let name = format!("{before}{key}");
        let inner = path.child(key);
        let default = defaults.and_then(|defaults| defaults.get(key));
        if shape.choices().is_empty() && !shape.properties().is_empty() {
            rows_of(out, shape, &inner, &format!("{name}."), default);
            continue;
        }
        let stated = match default {
            Some(value) => format!("`{}`", toml::inline(value)),
            None if required.contains(&key) => "needed".to_owned(),
            None => "–".to_owned(),
        };
        let takes = if shape.is_secret() {
            "a secret".to_owned()
        } else {
            shape.expected()
        };
        let unit = shape
            .text("x-env-unit")
            .map_or_else(String::new, |unit| format!(" ({unit})"));
        let former = shape.aliases().fold(String::new(), |mut text, name| {
            write!(text, "<br>`{name}`{unit}").unwrap_or_default();
            text
        });
        let variables = format!("`{}`{former}", inner.variable());
        let meaning = shape.description().replace('\n', " ");
        let row = [
            format!("`{name}`"),
            cell(&takes),
            cell(&stated),
            variables,
            cell(&meaning),
        ];
        write(out, &format!("| {} |\n", row.join(" | ")));
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A manual two levels further down, so that its headings fit below ours; its title is ours already.
fn demoted(text: &str) -> String {
    let mut fenced = false;
    let mut lines: Vec<String> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        let heading = line.starts_with('#') && !fenced;
        if heading && at == 0 {
            continue;
        }
        lines.push(if heading {
            format!("##{line}")
        } else {
            line.to_owned()
        });
    }
    lines.join("\n").trim().to_owned()
}
