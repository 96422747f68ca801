//! What an area or a service stores is its own: nobody else compiles against the type.

use std::collections::BTreeMap;

use super::assert_no_complaints;
use super::code::without_comments;
use super::project::{File, files};

/// Stored types that are the model of their area as well; its documentation says why.
const MODELS: [&str; 2] = ["Account", "Session"];

/// Area or service of a file of the core, such as `areas::sessions`.
fn owner(path: &str) -> Option<String> {
    let (floor, rest) = path.strip_prefix("core/src/")?.split_once('/')?;
    let folder = rest.split('/').next()?.trim_end_matches(".rs");
    ["areas", "services", "tools"]
        .contains(&floor)
        .then(|| format!("{floor}::{folder}"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// The paths that lead through the crate, imports with all names in their lists.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let mut before = "";
    text.split("crate::").enumerate().filter_map(move |(at, rest)| {
        let is_import = std::mem::replace(&mut before, rest).ends_with("use ");
        let in_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let path = if is_import {
            rest.split(';').next()
        } else {
            rest.split(|c: char| !in_path(c)).next()
        };
        path.filter(|_| at > 0)
    })
}

fn complaints(sources: &[File]) -> Vec<String> {
    let code: Vec<(&File, String, String)> = sources
        .iter()
        .filter(|file| file.is(&["rs"]))
        .filter_map(|file| Some((file, owner(&file.path)?, without_comments(file.text()))))
        .collect();
    let mut stored: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, owner, text) in &code {
        let types = text.split("Stored for ").skip(1);
        let names = types.filter_map(|rest| words(rest).next());
        stored.extend(names.map(|name| (name, owner.as_str())));
    }
    let mut complaints = Vec::new();
    for (file, owner, text) in &code {
        for import in paths(text) {
            for name in words(import).filter(|name| !MODELS.contains(name)) {
                let foreign = stored
                    .get(name)
                    .filter(|of| *of != owner && import.starts_with(**of));
                complaints.extend(foreign.map(|of| format!("{} uses {name}, which {of} stores", file.path)));
            }
        }
    }
    complaints
}

#[test]
fn a_stored_type_is_used_by_its_area_alone() {
    assert_no_complaints("stored types", &complaints(&files()));
}

#[test]
fn a_stored_type_of_somebody_else_is_found() {
    let record = File::new("core/src/areas/factors/records.rs", "impl Stored for Apps {}\n");
    let found = |path: &str, text: &str| {
        let user = File::new(path, text);
        complaints(&[File::new(&record.path, record.text()), user]).len()
    };
    let import = "use crate::areas::factors::{Apps, Factors};\n";
    assert_eq!(found("core/src/areas/factors/mod.rs", import), 0);
    assert_eq!(found("core/src/areas/step_up/mod.rs", import), 1);
    assert_eq!(found("core/src/tools/restoring/mod.rs", import), 1);
    let inline = "fn f() -> crate::areas::factors::Apps {}\n";
    assert_eq!(found("core/src/areas/step_up/mod.rs", inline), 1);
    assert_eq!(found("core/src/areas/factors/mod.rs", inline), 0);
    let another = "use crate::areas::challenges::Apps;\n";
    assert_eq!(
        found("core/src/areas/step_up/mod.rs", another),
        0,
        "another type of that name"
    );
}
