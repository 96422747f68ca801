//! What a module can write into a history, count, hold to a step-up or let an API key do stands in the constant of its area, or nothing tells of it.

use std::collections::BTreeSet;

use super::assert_no_complaints;
use super::code::without_comments;
use super::project::{File, files};

/// The types whose constants are declared, and what begins a list of them.
const DECLARED: [(&str, [&str; 2]); 4] = [
    ("EventKind", ["events: &[", "ALL: &[EventKind] = &["]),
    ("Meter", ["meters: &[", "ALL: &[Meter] = &["]),
    ("StepUpAction", ["actions: &[", "ALL: &[StepUpAction] = &["]),
    ("Scope", ["scopes: &[", "ALL: &[Scope] = &["]),
];

/// The names of the constants of a type.
fn constants(code: &str, of: &str) -> Vec<String> {
    let places = code.split("const ").skip(1);
    let named = places.filter_map(|rest| rest.split_once(": "));
    let typed = named.filter(|(_, rest)| rest.strip_prefix(of).is_some_and(|rest| rest.starts_with(" =")));
    typed.map(|(name, _)| name.to_owned()).collect()
}

/// The names in the lists that begin so, without the paths before them.
fn listed(code: &str, beginnings: [&str; 2]) -> BTreeSet<String> {
    let lists = beginnings
        .into_iter()
        .flat_map(|beginning| code.split(beginning).skip(1));
    let names = lists
        .filter_map(|rest| rest.split(']').next())
        .flat_map(|list| list.split(','));
    let names = names.filter_map(|name| name.trim().rsplit("::").next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn complaints(sources: &[File]) -> Vec<String> {
    let is_product = |file: &&File| {
        file.path.starts_with("core/src/") && file.is(&["rs"]) && !file.path.ends_with("tests.rs")
    };
    let product: Vec<(&str, String)> = sources
        .iter()
        .filter(is_product)
        .map(|file| {
            let code = file.text().split("#[cfg(test)]\nmod tests {").next();
            (file.path.as_str(), without_comments(code.unwrap_or_default()))
        })
        .collect();
    let mut complaints = Vec::new();
    for (of, beginnings) in DECLARED {
        let listed: BTreeSet<String> = product
            .iter()
            .flat_map(|(_, code)| listed(code, beginnings))
            .collect();
        for (path, code) in &product {
            for name in constants(code, of) {
                if !listed.contains(&name) {
                    complaints.push(format!("{path}: {name} is in no list of an area"));
                }
            }
        }
    }
    complaints
}

#[test]
fn every_event_meter_action_and_scope_is_declared_by_an_area() {
    assert_no_complaints(
        "events, meters, actions and scopes are declared",
        &complaints(&files()),
    );
}

#[test]
fn one_that_is_not_declared_is_noticed() {
    let made_up = |code: &str| complaints(&[File::new("core/src/areas/a/events.rs", code)]);
    let known = "const A: EventKind = EventKind::new(\"a\", \"\");\nconst ALL: &[EventKind] = &[\n    A,\n];";
    assert_eq!(made_up(known), Vec::<String>::new());
    let unknown = format!(
        "{known}\nconst B: EventKind = EventKind::new(\"b\", \"\");\nconst C: Meter = Meter::counter(\"c\", \"\");"
    );
    assert_eq!(made_up(&unknown).len(), 2);
}
