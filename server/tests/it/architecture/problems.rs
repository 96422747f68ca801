//! Problem codes: each is declared once, and whoever meets one finds it in the reference.

use std::collections::{BTreeMap, BTreeSet};

use super::assert_no_complaints;
use super::code::without_comments;
use super::project::{File, files};

/// Codes that no client meets although a port declares them: an operator reads them, or a defect has them.
const FOR_OPERATORS: [&str; 8] = [
    "amount-not-positive",
    "amount-overflow",
    "currency-mismatch",
    "dispute-unknown",
    "payment-method-unknown",
    "payments-unavailable",
    "self-test-failed",
    "store-lost",
];

/// Where codes are declared that no client meets: an operator reads them when a plugin is set up, connects or is probed, or
/// a store is looked after. Should one of them end a request after all, the answer says `unavailable` or `internal`.
const PLUGINS: [&str; 3] = ["adapters/", "providers/", "ports/skeleton/"];

/// The names that a source declares.
fn declared(source: &str) -> Vec<String> {
    let code = without_comments(source);
    let places = code.split("Code::new(").skip(1);
    places
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .map(str::to_owned)
        .collect()
}

fn is_product(file: &File) -> bool {
    let beds = ["/tests/", "/testing", "/scenarios/"];
    let test = beds.iter().any(|bed| file.path.contains(bed)) || file.path.ends_with("tests.rs");
    file.is(&["rs"]) && !test
}

/// The part of a source before its tests.
fn without_tests(source: &str) -> &str {
    source
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
}

fn complaints(
    declared: &BTreeMap<String, Vec<String>>,
    reference: &BTreeSet<&str>,
    for_operators: &[&str],
) -> Vec<String> {
    let mut found = Vec::new();
    for (name, places) in declared {
        if places.len() > 1 {
            found.push(format!("{name} means two things: {}", places.join(", ")));
        }
        let answered = reference.contains(name.as_str());
        if answered == for_operators.contains(&name.as_str()) {
            found.push(format!(
                "{name} ({}) must stand in the reference, through `problems()` of the core, or among the codes that no \
                 client meets, as all of a plugin do, and not in both",
                places.join(", ")
            ));
        }
    }
    let known = reference.iter().chain(for_operators);
    for name in known.filter(|name| !declared.contains_key(**name)) {
        found.push(format!("{name} is listed and declared nowhere"));
    }
    found
}

#[test]
fn every_code_is_declared_once_and_stands_in_the_reference() {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut for_operators = BTreeSet::from(FOR_OPERATORS.map(str::to_owned));
    for file in files().iter().filter(|file| is_product(file)) {
        for name in declared(without_tests(file.text())) {
            if PLUGINS.iter().any(|place| file.path.starts_with(place)) {
                for_operators.insert(name.clone());
            }
            all.entry(name).or_default().push(file.path.clone());
        }
    }
    let for_operators: Vec<&str> = for_operators.iter().map(String::as_str).collect();
    let codes = portcullis_openapi::codes();
    let reference: BTreeSet<&str> = codes.iter().map(|code| code.name()).collect();
    assert_eq!(reference.len(), codes.len(), "two codes of one name");
    assert_no_complaints("problem codes", &complaints(&all, &reference, &for_operators));
}

#[test]
fn a_code_that_is_forgotten_or_said_twice_is_found() {
    let source = "const A: Code = Code::new(\n    \"a\",\n);\n// Code::new(\"no\")\nCode::new(\"b\", x);\nCode::new(name)";
    assert_eq!(declared(source), ["a", "b"]);
    let one = |name: &str, places: usize| (name.to_owned(), vec!["x.rs".to_owned(); places]);
    let all = BTreeMap::from([one("a", 1), one("b", 2), one("c", 1), one("d", 1)]);
    let found = complaints(&all, &BTreeSet::from(["a", "b", "d", "e"]), &["d"]);
    let begins: Vec<&str> = found.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(begins, ["b", "c", "d", "e"], "{found:?}");
}
