//! The lines that a new plugin needs in its facade: the manifest, the list of crates, the set-up of its test.

use std::fs;
use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Table, Value};

use super::Place;

/// How a plugin becomes an entry in the list of the facade's test.
const ENTRY: &str = "    (Senders::NAME, \"acme\", cfg!(feature = \"acme\")),\n";
/// How the facade's test sets a sender up.
const ARM: &str = "            #[cfg(feature = \"acme\")]\n            \
                   \"acme\" => portcullis_provider_acme::simulator::set_up(),\n";
/// The arm in front of which the new one belongs.
const LAST_ARM: &str = "            other => no_set_up(Senders::NAME, other),\n";

/// The facade's files with the new lines, and what could not be added without a person.
pub(super) struct Edits {
    pub(super) files: Vec<(&'static str, String)>,
    pub(super) by_hand: Vec<String>,
}

/// Works out the edits of the facade in `folder`, without writing anything.
pub(super) fn edits(folder: &Path, place: &Place) -> Result<Edits, String> {
    let read = |path: &str| {
        let file = folder.join(path);
        fs::read_to_string(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))
    };
    let mut edits = Edits {
        files: vec![
            ("Cargo.toml", manifest(&read("Cargo.toml")?, place)?),
            ("src/lib.rs", list(&read("src/lib.rs")?, place)),
        ],
        by_hand: Vec::new(),
    };
    let kind = place.folder.as_str();
    match test(&read("tests/it.rs")?, place) {
        Some(text) => edits.files.push(("tests/it.rs", text)),
        None => edits.by_hand.push(format!(
            "{kind}/tests/it.rs, in the list {}:\n\n{ENTRY}\nand where senders are set up:\n\n{ARM}",
            kind.to_uppercase()
        )),
    }
    Ok(edits)
}

/// The manifest with the feature, the dependency, and its simulator for the test.
fn manifest(text: &str, place: &Place) -> Result<String, String> {
    let broken = |what: &str| format!("{}/Cargo.toml has no {what}", place.folder.as_str());
    let name = &place.name.snake;
    let package = place.fill("portcullis-provider-acme");
    let mut manifest: DocumentMut = text
        .parse()
        .map_err(|error| format!("the facade's Cargo.toml: {error}"))?;
    let features = table(&mut manifest, "features").ok_or_else(|| broken("[features]"))?;
    let default = features.get("default").and_then(Item::as_array);
    let mut names: Vec<String> = default
        .ok_or_else(|| broken("default features"))?
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    names.push(name.clone());
    names.sort();
    // Put in its place, so that the comment above it stays.
    if let Some(default) = features.get_mut("default") {
        *default = Item::Value(Value::Array(names.into_iter().collect()));
    }
    let feature: Array = std::iter::once(format!("dep:{package}")).collect();
    features.insert(name, Item::Value(Value::Array(feature)));
    features
        .sort_values_by(|a, _, b, _| (a.get() != "default", a.get()).cmp(&(b.get() != "default", b.get())));
    for (section, rest) in [
        ("dependencies", "optional = true"),
        ("dev-dependencies", "features = [\"simulator\"]"),
    ] {
        let value: Value = format!("{{ path = \"{name}\", {rest} }}")
            .parse()
            .map_err(|error| format!("the line of {package}: {error}"))?;
        let dependencies = table(&mut manifest, section).ok_or_else(|| broken(section))?;
        dependencies.insert(&package, Item::Value(value));
        dependencies.sort_values();
    }
    Ok(manifest.to_string())
}

fn table<'a>(manifest: &'a mut DocumentMut, name: &str) -> Option<&'a mut Table> {
    manifest.get_mut(name).and_then(Item::as_table_mut)
}

/// The list of crates with the new one, in order.
fn list(text: &str, place: &Place) -> String {
    let line = place.fill("use portcullis_provider_acme as _;");
    let new = place.fill(&format!("#[cfg(feature = \"acme\")]\n{line}\n"));
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let named = |line: &str| line.trim_start_matches("pub ").starts_with("use portcullis_");
    let later = lines
        .iter()
        .position(|other| named(other) && other.trim_start_matches("pub ") > line.as_str());
    // The feature stands on the line above.
    let at = later.map_or(lines.len(), |at| at.saturating_sub(1));
    let (before, after) = lines.split_at(at);
    format!("{}{new}{}", before.concat(), after.concat())
}

/// The facade's test with the new plugin, unless it looks different from what is known here.
fn test(text: &str, place: &Place) -> Option<String> {
    let list = format!("const {}: ", place.folder.as_str().to_uppercase());
    let (head, rest) = text.split_once(&list)?;
    let (entries, tail) = rest.split_once("\n];")?;
    let (before, after) = tail.split_once(LAST_ARM)?;
    Some(format!(
        "{head}{list}{entries}\n{}];{before}{}{LAST_ARM}{after}",
        place.fill(ENTRY),
        place.fill(ARM)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Name;
    use super::*;
    use crate::cli::PluginFolder;

    fn place(name: &str) -> Place {
        Place {
            name: Name::parse(name).unwrap(),
            folder: PluginFolder::Providers,
        }
    }

    #[test]
    fn the_manifest_stays_in_order_and_keeps_its_comments() {
        let before = "[features]\n# All.\ndefault = [\"a\", \"z\"]\na = [\"dep:portcullis-provider-a\"]\n\
                      z = [\"dep:portcullis-provider-z\"]\n\n[dependencies]\n\
                      portcullis-provider-a = { path = \"a\", optional = true }\n\
                      portcullis-provider-z = { path = \"z\", optional = true }\n\n\
                      [dev-dependencies]\ntokio.workspace = true\n";
        let after = "[features]\n# All.\ndefault = [\"a\", \"m\", \"z\"]\na = [\"dep:portcullis-provider-a\"]\n\
                     m = [\"dep:portcullis-provider-m\"]\nz = [\"dep:portcullis-provider-z\"]\n\n[dependencies]\n\
                     portcullis-provider-a = { path = \"a\", optional = true }\n\
                     portcullis-provider-m = { path = \"m\", optional = true }\n\
                     portcullis-provider-z = { path = \"z\", optional = true }\n\n\
                     [dev-dependencies]\nportcullis-provider-m = { path = \"m\", features = [\"simulator\"] }\n\
                     tokio.workspace = true\n";
        assert_eq!(manifest(before, &place("m")).as_deref(), Ok(after));
        assert!(
            manifest("[package]\n", &place("m"))
                .unwrap_err()
                .contains("[features]")
        );
    }

    #[test]
    fn the_list_stays_in_order() {
        let line =
            |name: &str| format!("#[cfg(feature = \"{name}\")]\nuse portcullis_provider_{name} as _;\n");
        let before = format!("//! The list.\n\n{}{}", line("b"), line("d"));
        for (name, order) in [
            ("a", ["a", "b", "d"]),
            ("c", ["b", "c", "d"]),
            ("e", ["b", "d", "e"]),
        ] {
            let expected = format!("//! The list.\n\n{}", order.map(line).concat());
            assert_eq!(list(&before, &place(name)), expected);
        }
    }

    #[test]
    fn the_test_gets_an_entry_and_a_set_up_or_is_left_alone() {
        let text = format!("const PROVIDERS: &[X] = &[\n    (1),\n];\nmatch {{\n{LAST_ARM}}}\n");
        let changed = test(&text, &place("m")).unwrap();
        assert!(
            changed.contains("    (1),\n    (Senders::NAME, \"m\", cfg!(feature = \"m\")),\n];"),
            "{changed}"
        );
        assert!(
            changed.contains("\"m\" => portcullis_provider_m::simulator::set_up(),\n            other =>"),
            "{changed}"
        );
        assert_eq!(test("const PROVIDERS: &[X] = &[];", &place("m")), None);
    }
}
