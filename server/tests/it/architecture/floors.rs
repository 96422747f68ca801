//! The floors of the core: what may know what within it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::assert_no_complaints;
use super::project::{File, files};

/// From the ground up; a floor knows itself and those below. Scenarios are tests.
const FLOORS: [&str; 5] = ["foundation", "services", "areas", "tools", "scenarios"];

/// Floors whose tests know no more than the code that they test.
const TESTED_BY_THEMSELVES: [&str; 3] = ["foundation", "services", "areas"];

/// What an opened application is, and its test bed.
const WHOLE: [&str; 4] = ["App", "Dependencies", "settings", "testing"];

/// Services from the ground up: each knows those before it.
const SERVICES: &[&str] = &[
    "tasks",
    "tallies",
    "webhooks",
    "inbox",
    "epochs",
    "audit",
    "known_devices",
    "budgets",
    "directory",
    "suppressions",
    "sms_spend",
    "outbox",
    "owner_mail",
    "security_notifications",
    "idempotency",
    "billing_freezes",
    "payment_vendors",
    "open",
];

/// Areas from the ground up, as the core lists them: each knows those before it.
static AREAS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| listed(include_str!("../../../../core/src/areas/mod.rs")));

/// The names in a list of areas, such as `&sessions::AREA`.
fn listed(text: &'static str) -> Vec<&'static str> {
    let lines = text.lines().map(str::trim);
    lines
        .filter_map(|line| line.strip_prefix('&')?.strip_suffix("::AREA,"))
        .collect()
}

/// The order within a floor, where there is one.
fn order(floor: &str) -> &'static [&'static str] {
    match floor {
        "services" => SERVICES,
        "areas" => &AREAS,
        _ => &[],
    }
}

/// Floor and folder of a file of the core; `None` for the root and for other crates.
fn place(path: &str) -> Option<(&str, &str)> {
    let inner = path.strip_prefix("core/src/")?;
    let (floor, rest) = inner.split_once('/')?;
    let folder = rest.split('/').next().unwrap_or(rest);
    Some((floor, folder.trim_end_matches(".rs")))
}

/// Whether a whole file is built for tests alone.
fn is_test(path: &str) -> bool {
    let test = |part: &str| {
        let name = part.trim_end_matches(".rs");
        name.ends_with("_tests")
            || ["tests", "testing", "observed_store", "fuzzing", "scenarios"].contains(&name)
    };
    path.split('/').any(test)
}

/// The code that is built for production, and the module of tests behind it; both without comments.
fn split(text: &str) -> (String, String) {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].trim() == "mod tests {");
    let (code, tests) = lines.split_at(tests.unwrap_or(lines.len()));
    let said = |lines: &[&str]| {
        let code = lines.iter().filter(|line| !line.trim_start().starts_with("//"));
        code.copied().collect::<Vec<_>>().join("\n")
    };
    (said(code), said(tests))
}

/// The code of a file that is built for production.
fn production(file: &File) -> String {
    if is_test(&file.path) {
        return String::new();
    }
    split(file.text()).0
}

/// The code of a file that is built for tests.
fn tests(file: &File) -> String {
    let (code, tests) = split(file.text());
    if is_test(&file.path) { code + &tests } else { tests }
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
    let placed = folder == "mod" || folder == "testing" || folder.ends_with("_tests");
    if !placed && !order.is_empty() && rank(folder).is_none() {
        return vec![format!(
            "{}: {folder} has no place in the order of its floor (floors.rs)",
            file.path
        )];
    }
    let wrong = |(other_floor, other): &(String, String), is_test: bool| {
        let up = match FLOORS.iter().position(|known| known == other_floor) {
            Some(other_height) => other_height > height,
            // The tools end what an opened application does, and are tested on one.
            None if is_test => height < 3 && WHOLE.contains(&other_floor.as_str()),
            None => !(floor == "tools" && other_floor == "App"),
        };
        // The bed of a floor opens all of it.
        let beds = is_test && (folder == "testing" || other == "testing");
        let sideways =
            other_floor == floor && other != folder && folder != "mod" && !beds && rank(other) > rank(folder);
        let code = if is_test { "the tests of " } else { "" };
        (up || sideways).then(|| format!("{code}{} must not know crate::{other_floor}::{other}", file.path))
    };
    let mut wrongs: Vec<String> = named(&production(file))
        .iter()
        .filter_map(|other| wrong(other, false))
        .collect();
    if TESTED_BY_THEMSELVES.contains(&floor) {
        wrongs.extend(named(&tests(file)).iter().filter_map(|other| wrong(other, true)));
    }
    wrongs
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
            let here = named(&production(file)).into_iter();
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
        1
    );
    assert_eq!(
        said(
            "core/src/areas/accounts/tests.rs",
            "use crate::areas::sessions::testing::begun;\n"
        ),
        0
    );
    assert_eq!(
        said(
            "core/src/areas/accounts/testing.rs",
            "use crate::testing::world;\n"
        ),
        1
    );
    for test in [
        "use crate::areas::sessions::Session;\n",
        "use crate::services::outbox::Outbox;\n",
        "use crate::settings::Settings;\n",
        "use crate::testing::world;\n",
    ] {
        assert_eq!(said("core/src/services/audit/tests.rs", test), 1, "{test}");
        let inside = format!("#[cfg(test)]\nmod tests {{\n    {test}}}\n");
        assert_eq!(said("core/src/foundation/context.rs", &inside), 1, "{inside}");
    }
    let bed = "use crate::services::testing::bed;\n";
    assert_eq!(said("core/src/services/audit/tests.rs", bed), 0);
    assert_eq!(
        said("core/src/scenarios/budgets.rs", "use crate::testing::world;\n"),
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
