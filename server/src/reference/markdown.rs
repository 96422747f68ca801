//! The generated references: every setting and every plugin, as Markdown.

use portcullis_ports::plugin::{Listed, Maturity};

use super::description;
use crate::config::{Field, Path, Shape, document, toml};

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
        section(&mut out, &format!("## `[{name}]`"), &description(table));
        settings(&mut out, table, &Path::of([name]));
        let plugins = table.further().into_iter().flat_map(Shape::properties);
        for (id, plugin) in plugins {
            let title = plugin.text("title").unwrap_or(id);
            let text = format!("{title}. {}", description(plugin));
            section(&mut out, &format!("### `[{name}.main.{id}]`"), &text);
            settings(&mut out, plugin, &Path::of([name, "main", id]));
        }
    }
    out
}

/// The text of `docs/reference/providers.md`.
pub fn providers_reference(linked: &[Listed]) -> String {
    let mut out = PROVIDERS.to_owned();
    for of_port in linked.chunk_by(|one, next| one.port == next.port) {
        let Some(Listed { port, port_title, .. }) = of_port.first() else {
            continue;
        };
        section(&mut out, &format!("## {port_title}: `[{port}]`"), "");
        out.push_str("\n| id | plugin | state | offers |\n|---|---|---|---|\n");
        for one in of_port {
            let meta = one.meta;
            let offers = if one.capabilities.is_empty() {
                "–".to_owned()
            } else {
                one.capabilities.join(", ")
            };
            let (title, summary, state) = (cell(meta.title), cell(meta.summary), maturity(meta.maturity));
            write(
                &mut out,
                &format!("| `{}` | {title}: {summary} | {state} | {offers} |\n", meta.id),
            );
        }
        for Listed { meta, .. } in of_port {
            section(
                &mut out,
                &format!("### {} (`{}`)", meta.title, meta.id),
                meta.summary,
            );
            let manual = demoted(meta.docs.trim());
            write(
                &mut out,
                &format!("\nSelected by `[{port}.main.{}]`.\n\n{manual}\n", meta.id),
            );
        }
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
    let fields = table.fields(&|_| None);
    if fields.is_empty() {
        return out.push_str("\nNo settings.\n");
    }
    out.push_str("\n| key | takes | default | variables | meaning |\n|---|---|---|---|---|\n");
    let defaults = table.defaults().unwrap_or_default();
    for Field {
        path: inner,
        shape,
        required,
    } in fields
    {
        let stated = match inner.find(&defaults) {
            Some(value) => format!("`{}`", toml(value)),
            None if required => "needed".to_owned(),
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
        let own = format!("`{}`", path.join(&inner).variable());
        let former = shape.aliases().map(|name| format!("<br>`{name}`{unit}"));
        let variables: String = std::iter::once(own).chain(former).collect();
        let row = [
            format!("`{inner}`"),
            cell(&takes),
            cell(&stated),
            variables,
            cell(&description(shape)),
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
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        let heading = line.starts_with('#') && !fenced;
        if !(heading && at == 0) {
            write(&mut out, &format!("{}{line}\n", if heading { "##" } else { "" }));
        }
    }
    out.trim().to_owned()
}
