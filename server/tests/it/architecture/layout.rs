//! What every file and folder looks like: where it may lie, what it may be called, how long it may be, how it begins.

use std::collections::BTreeSet;

use super::assert_no_complaints;
use super::code::without_comments;
use super::project::{File, files};

/// The visible names at the root: everything else is hidden or lies in one of them.
const ROOT: [&str; 12] = [
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "adapters",
    "config",
    "core",
    "docs",
    "openapi",
    "ports",
    "providers",
    "server",
    "ui",
];

/// The most lines of a source file, documentation included.
const MOST_LINES: usize = 500;

/// Source files that a program writes.
const GENERATED: [&str; 1] = ["ui/src/api/schema.d.ts"];

/// Names that say nothing: a thing without a noun has no home.
const EMPTY_NAMES: [&str; 10] = [
    "common",
    "helper",
    "helpers",
    "manager",
    "managers",
    "misc",
    "util",
    "utilities",
    "utils",
    "commons",
];

/// Crates beside the plugins that are none: what several of them share.
const SHARED: [&str; 1] = ["adapters/aws"];

/// What every plugin brings.
const PLUGIN_FILES: [&str; 3] = ["src/lib.rs", "src/config.rs", "docs.md"];

/// The visible names at the root that are too many or missing.
fn root_complaints(paths: &[&str]) -> Vec<String> {
    let names = paths.iter().filter_map(|path| path.split('/').next());
    let visible: BTreeSet<&str> = names.filter(|name| !name.starts_with('.')).collect();
    let known = BTreeSet::from(ROOT);
    let extra = visible
        .difference(&known)
        .map(|name| format!("{name} does not belong at the root"));
    let missing = known
        .difference(&visible)
        .map(|name| format!("{name} is missing at the root"));
    extra.chain(missing).collect()
}

fn length_complaint(file: &File) -> Option<String> {
    let lines = file.text().lines().count();
    let counted = file.is(&["rs", "ts", "svelte"]) && !GENERATED.contains(&file.path.as_str());
    (counted && lines > MOST_LINES).then(|| {
        format!(
            "{} has {lines} lines, at most {MOST_LINES} are allowed: split it by noun",
            file.path
        )
    })
}

/// A Rust file whose first line does not say in one sentence what it holds.
fn first_line_complaint(file: &File) -> Option<String> {
    let first = file.text().lines().next().unwrap_or_default();
    let sentence = first
        .strip_prefix("//! ")
        .is_some_and(|said| said.ends_with(['.', '!', '?']) && said.contains(' '));
    (file.is(&["rs"]) && !sentence).then(|| {
        format!(
            "{} must begin with one sentence, `//! What it holds.`, not: {first}",
            file.path
        )
    })
}

fn name_complaint(path: &str) -> Option<String> {
    let empty = path.split('/').find(|part| {
        let stem = part.split('.').next().unwrap_or(part).to_lowercase();
        EMPTY_NAMES.contains(&stem.as_str())
    })?;
    Some(format!(
        "{path}: {empty} says nothing; name it after the thing it holds"
    ))
}

/// The folders of plugins, found by their manifests.
fn plugins<'a>(paths: &[&'a str]) -> BTreeSet<&'a str> {
    let manifests = paths.iter().filter_map(|path| path.strip_suffix("/Cargo.toml"));
    let nested = |folder: &&str| {
        let place = folder.split_once('/').filter(|(_, name)| !name.contains('/'));
        place.is_some_and(|(kind, _)| ["adapters", "providers"].contains(&kind))
    };
    manifests
        .filter(nested)
        .filter(|folder| !SHARED.contains(folder))
        .collect()
}

/// The files that a plugin should bring and does not.
fn plugin_complaints(paths: &[&str]) -> Vec<String> {
    let has = |path: String| paths.contains(&path.as_str());
    let mut complaints = Vec::new();
    for plugin in plugins(paths) {
        for file in PLUGIN_FILES {
            if !has(format!("{plugin}/{file}")) {
                complaints.push(format!("{plugin} has no {file}: every plugin brings one"));
            }
        }
        if !has(format!("{plugin}/tests/it.rs")) && !has(format!("{plugin}/tests/it/main.rs")) {
            complaints.push(format!(
                "{plugin} has no tests/it.rs: every plugin runs the suite of its port"
            ));
        }
    }
    complaints
}

/// A plugin whose code or tests name another plugin.
fn neighbour_complaints(files: &[File]) -> Vec<String> {
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let folders = plugins(&paths);
    let crate_of = |folder: &str| format!("portcullis_{}", folder.replacen("s/", "_", 1));
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is(&["rs"])) {
        let Some(home) = folders
            .iter()
            .find(|folder| file.path.starts_with(&format!("{folder}/")))
        else {
            continue;
        };
        let code = without_comments(file.text());
        let others = folders
            .iter()
            .filter(|other| *other != home && code.contains(&crate_of(other)));
        complaints.extend(
            others.map(|other| format!("{} names {other}: plugins never see one another", file.path)),
        );
    }
    complaints
}

fn check(rule: &str, complaint: impl Fn(&File) -> Option<String>) {
    let complaints: Vec<String> = files().iter().filter_map(complaint).collect();
    assert_no_complaints(rule, &complaints);
}

#[test]
fn the_visible_root_is_the_house_plan() {
    let files = files();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_no_complaints("the root", &root_complaints(&paths));
}

#[test]
fn no_source_file_is_longer_than_the_ceiling() {
    check("too long", length_complaint);
}

#[test]
fn every_rust_file_says_first_what_it_holds() {
    check("first lines", first_line_complaint);
}

#[test]
fn nothing_is_named_without_a_noun() {
    check("empty names", |file| name_complaint(&file.path));
}

#[test]
fn every_plugin_brings_its_files() {
    let files = files();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert!(plugins(&paths).len() >= 5, "the plugins are found");
    assert_no_complaints("incomplete plugins", &plugin_complaints(&paths));
}

#[test]
fn no_plugin_names_another() {
    assert_no_complaints("plugins that know one another", &neighbour_complaints(&files()));
}

#[test]
fn a_stray_or_missing_name_at_the_root_is_found() {
    let mut paths = ROOT.to_vec();
    paths.push(".ci/test");
    assert_eq!(root_complaints(&paths), [""; 0]);
    paths.push("scripts/x.sh");
    paths.retain(|path| *path != "config");
    let expected = [
        "scripts does not belong at the root",
        "config is missing at the root",
    ];
    assert_eq!(root_complaints(&paths), expected);
}

#[test]
fn a_file_over_the_ceiling_is_found() {
    let long = "x\n".repeat(MOST_LINES + 1);
    for path in ["core/src/a.rs", "ui/src/a.ts", "ui/src/A.svelte"] {
        assert!(length_complaint(&File::new(path, &long)).is_some(), "{path}");
    }
    assert_eq!(
        length_complaint(&File::new("core/src/a.rs", &"x\n".repeat(MOST_LINES))),
        None
    );
    assert_eq!(length_complaint(&File::new(GENERATED[0], &long)), None);
    assert_eq!(length_complaint(&File::new("docs/a.md", &long)), None);
}

#[test]
fn a_first_line_that_is_no_sentence_is_found() {
    for text in [
        "",
        "use std::fmt;",
        "//! portcullis-core",
        "/// A sentence.",
        "//!Squeezed in.",
        "//! Word.",
    ] {
        assert!(
            first_line_complaint(&File::new("core/src/a.rs", text)).is_some(),
            "{text}"
        );
    }
    assert_eq!(
        first_line_complaint(&File::new("core/src/a.rs", "//! What it holds.\n")),
        None
    );
    assert_eq!(
        first_line_complaint(&File::new("ui/src/a.ts", "let a = 1;")),
        None
    );
}

#[test]
fn an_empty_name_is_found_in_files_and_folders() {
    for path in [
        "core/src/utils.rs",
        "core/src/common/x.rs",
        "ui/src/Helpers.svelte",
        "server/src/manager.rs",
    ] {
        assert!(
            name_complaint(path).is_some_and(|said| said.starts_with(path)),
            "{path}"
        );
    }
    assert_eq!(name_complaint("core/src/commons_hall.rs"), None);
}

#[test]
fn an_incomplete_plugin_is_found() {
    let mut paths = vec![
        "adapters/Cargo.toml",
        "adapters/x/Cargo.toml",
        "adapters/x/src/lib.rs",
    ];
    assert_eq!(plugin_complaints(&paths).len(), 3);
    paths.extend([
        "adapters/x/src/config.rs",
        "adapters/x/docs.md",
        "adapters/x/tests/it.rs",
    ]);
    assert_eq!(plugin_complaints(&paths), [""; 0]);
}

#[test]
fn a_plugin_that_names_its_neighbour_is_found() {
    let files = |text: &str| {
        ["adapters/x/Cargo.toml", "adapters/y/Cargo.toml"]
            .map(|path| File::new(path, ""))
            .into_iter()
            .chain([File::new("adapters/x/src/lib.rs", text)])
            .collect::<Vec<_>>()
    };
    assert_eq!(
        neighbour_complaints(&files("use portcullis_adapter_y::Store;")).len(),
        1
    );
    assert_eq!(
        neighbour_complaints(&files("use portcullis_adapter_x::Store; // portcullis_adapter_y")),
        [""; 0]
    );
}
