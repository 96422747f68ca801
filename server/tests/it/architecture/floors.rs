//! The floors of the core: what may know what within it.

use std::collections::BTreeSet;

use super::assert_no_complaints;
use super::project::{File, files};

/// From the ground up; a floor knows itself and those below.
const FLOORS: [&str; 4] = ["foundation", "services", "areas", "tools"];

/// Services from the ground up: each knows those before it.
const SERVICES: [&str; 12] = [
    "webhooks",
    "epochs",
    "audit",
    "known_devices",
    "budgets",
    "directory",
    "suppressions",
    "sms_spend",
    "outbox",
    "security_notifications",
    "open",
    "testing",
];

/// Areas from the ground up: each knows those before it.
const AREAS: [&str; 8] = [
    "enrolled_factors",
    "recovery_codes",
    "sessions",
    "step_up",
    "accounts",
    "challenges",
    "factors",
    "password_recovery",
];

/// The order within a floor, where there is one.
fn order(floor: &str) -> &'static [&'static str] {
    match floor {
        "services" => &SERVICES,
        "areas" => &AREAS,
        _ => &[],
    }
}

/// Floor and folder of a file of the core, without files of tests; `None` for the root and for other crates.
fn place(path: &str) -> Option<(&str, &str)> {
    let inner = path.strip_prefix("core/src/")?;
    let test = |part: &str| {
        let name = part.trim_end_matches(".rs");
        name == "tests" || name.ends_with("_tests") || ["observed_store", "fuzzing"].contains(&name)
    };
    if inner.split('/').any(test) {
        return None;
    }
    let (floor, rest) = inner.split_once('/')?;
    let folder = rest.split('/').next().unwrap_or(rest);
    Some((floor, folder.trim_end_matches(".rs")))
}

/// The code that is built for production: without comments, and without what begins with the module of tests.
fn production(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].trim() == "mod tests {");
    let mut code: Vec<&str> = lines[..tests.unwrap_or(lines.len())].to_vec();
    code.retain(|line| !line.trim_start().starts_with("//"));
    code.join("\n")
}

/// Every floor and folder that paths of a text name, such as `crate::areas::sessions`.
fn named(text: &str) -> BTreeSet<(String, String)> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    let mut found = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        let floor = word(rest);
        let inner = rest.strip_prefix(floor.as_str()).unwrap_or(rest);
        let Some(inner) = inner.strip_prefix("::") else {
            found.insert((floor, String::new()));
            continue;
        };
        match inner.strip_prefix('{') {
            Some(list) => {
                let list = list.split("};").next().unwrap_or(list);
                found.extend(list.split(',').map(|one| (floor.clone(), word(one.trim_start()))));
            }
            None => {
                found.insert((floor, word(inner)));
            }
        }
    }
    found
}

/// What is wrong with the paths that a file names.
fn complaints(file: &File) -> Vec<String> {
    let Some((floor, folder)) = place(&file.path) else {
        return Vec::new();
    };
    let Some(height) = FLOORS.iter().position(|known| *known == floor) else {
        return vec![format!("{} is on no floor: {}", file.path, FLOORS.join(", "))];
    };
    let order = order(floor);
    let rank = |name: &str| order.iter().position(|known| *known == name);
    if folder != "mod" && !order.is_empty() && rank(folder).is_none() {
        return vec![format!(
            "{}: {folder} has no place in the order of its floor (floors.rs)",
            file.path
        )];
    }
    let wrong = |(other_floor, other): &(String, String)| {
        let up = match FLOORS.iter().position(|known| known == other_floor) {
            Some(other_height) => other_height > height,
            // The tools end what an opened application does.
            None => !(floor == "tools" && other_floor == "App"),
        };
        let sideways =
            other_floor == floor && other != folder && folder != "mod" && rank(other) > rank(folder);
        (up || sideways).then(|| format!("{} must not know crate::{other_floor}::{other}", file.path))
    };
    named(&production(file.text())).iter().filter_map(wrong).collect()
}

#[test]
fn arrows_in_the_core_point_down_only() {
    let complaints: Vec<String> = files().iter().flat_map(complaints).collect();
    assert_no_complaints("arrows in the core", &complaints);
}

/// Pairs of modules of the foundation that know each other.
fn circles(files: &[File]) -> Vec<String> {
    let mut arrows = BTreeSet::new();
    for file in files {
        if let Some(("foundation", folder)) = place(&file.path) {
            let here = named(&production(file.text())).into_iter();
            let inside = here.filter(|(floor, _)| floor == "foundation");
            arrows.extend(inside.map(|(_, other)| (folder.to_owned(), other)));
        }
    }
    let mutual = arrows
        .iter()
        .filter(|(from, to)| from < to && arrows.contains(&(to.clone(), from.clone())));
    mutual
        .map(|(from, to)| format!("foundation::{from} and foundation::{to} know each other"))
        .collect()
}

#[test]
fn no_two_modules_of_the_foundation_know_each_other() {
    assert_no_complaints("circles in the foundation", &circles(&files()));
    let made_up = [
        File::new("core/src/foundation/a.rs", "use crate::foundation::b::B;"),
        File::new("core/src/foundation/b.rs", "use crate::foundation::a::A;"),
    ];
    assert_eq!(circles(&made_up).len(), 1);
}

#[test]
fn an_arrow_that_points_up_or_sideways_is_found() {
    let said = |path: &str, text: &str| complaints(&File::new(path, text)).len();
    assert_eq!(
        said(
            "core/src/foundation/table.rs",
            "use crate::services::audit::Audit;\n"
        ),
        1
    );
    assert_eq!(
        said(
            "core/src/foundation/table.rs",
            "use crate::foundation::cache::Cache;\n"
        ),
        0
    );
    assert_eq!(
        said(
            "core/src/areas/sessions/mod.rs",
            "use crate::areas::{challenges, step_up};\n"
        ),
        2
    );
    assert_eq!(
        said(
            "core/src/areas/challenges/mod.rs",
            "use crate::areas::sessions::Session;\n"
        ),
        0
    );
    assert_eq!(
        said(
            "core/src/areas/challenges/tests.rs",
            "use crate::areas::factors::Factors;\n"
        ),
        0
    );
    assert_eq!(
        said("core/src/services/audit/mod.rs", "// crate::areas::sessions\n"),
        0
    );
    assert_eq!(said("core/src/areas/garden/mod.rs", ""), 1);
    assert_eq!(said("core/src/attic/x.rs", ""), 1);
    assert_eq!(said("core/src/tools/restoring/mod.rs", "use crate::App;\n"), 0);
    assert_eq!(said("core/src/areas/sessions/mod.rs", "use crate::App;\n"), 1);
}
