//! Who may depend on whom: the table of allowed arrows between our crates.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use super::assert_no_complaints;
use super::project::root;

/// What a crate may depend on, besides the libraries of others.
enum May {
    Nothing,
    Only(&'static [&'static str]),
    Anything,
}

/// One row: the crate, or the family when it ends in `-`; what it may use; the rule in words.
///
/// A new arrow is a reviewed act: it is drawn here first.
const ALLOWED: &[(&str, May, &str)] = &[
    ("portcullis-ports", May::Nothing, "the ports stand alone"),
    (
        "portcullis-core",
        May::Only(&["portcullis-ports"]),
        "the core knows the ports only",
    ),
    (
        "portcullis-aws",
        May::Only(&["portcullis-ports"]),
        "what plugins for AWS share sees the ports only",
    ),
    (
        "portcullis-adapter-",
        May::Only(&["portcullis-ports", "portcullis-aws"]),
        "an adapter sees the ports and what plugins for AWS share, no more",
    ),
    (
        "portcullis-provider-",
        May::Only(&["portcullis-ports", "portcullis-aws"]),
        "a provider sees the ports and what plugins for AWS share, no more",
    ),
    (
        "portcullis-adapters",
        May::Only(&["portcullis-adapter-"]),
        "the facade lists adapters and does nothing else",
    ),
    (
        "portcullis-providers",
        May::Only(&["portcullis-provider-"]),
        "the facade lists providers and does nothing else",
    ),
    (
        "portcullis-openapi",
        May::Only(&["portcullis-core", "portcullis-ports"]),
        "HTTP turns into use cases and nothing else",
    ),
    ("portcullis-ui", May::Nothing, "the panel knows the HTTP API only"),
    ("portcullis", May::Anything, "the server wires everything"),
    (
        "portcullis-bench",
        May::Anything,
        "measurements look at everything",
    ),
];

/// Crates at the top: nobody may depend on them, except the measurements on the server.
const TOPS: [&str; 2] = ["portcullis", "portcullis-bench"];

fn is_row(row: &str, name: &str) -> bool {
    if row.ends_with('-') {
        name.starts_with(row)
    } else {
        name == row
    }
}

/// What is wrong with an arrow between two of our crates, if anything.
fn complaint(from: &str, to: &str, kind: DependencyKind) -> Option<String> {
    let must_not = |rule: &str| {
        Some(format!(
            "{from} must not depend on {to}: {rule} (the table in arrows.rs)"
        ))
    };
    let Some((_, may, rule)) = ALLOWED.iter().find(|(row, ..)| is_row(row, from)) else {
        return Some(format!(
            "{from} has no row in the table of allowed arrows (arrows.rs); its arrow to {to} is unknown"
        ));
    };
    if TOPS.contains(&to) && from != "portcullis-bench" {
        return must_not("nothing depends on the top of the house, not even a test");
    }
    if kind == DependencyKind::Development {
        return None;
    }
    match may {
        May::Anything => None,
        May::Only(rows) if rows.iter().any(|row| is_row(row, to)) => None,
        May::Only(_) | May::Nothing => must_not(rule),
    }
}

/// A crate's name as its folder demands, for the folders that hold crates.
fn name_of_folder(folder: &str) -> Option<String> {
    match folder {
        "server/bench" => return Some("portcullis-bench".to_owned()),
        "adapters/aws" => return Some("portcullis-aws".to_owned()),
        _ => {}
    }
    let (kind, name) = folder.split_once('/')?;
    match kind {
        "adapters" => Some(format!("portcullis-adapter-{name}")),
        "providers" => Some(format!("portcullis-provider-{name}")),
        _ => None,
    }
}

/// What is wrong with the name of a crate in a folder of the workspace.
fn naming_complaint(name: &str, folder: &str) -> Option<String> {
    let expected = match folder {
        "server" => "portcullis".to_owned(),
        plain if !plain.contains('/') => format!("portcullis-{plain}"),
        nested => name_of_folder(nested).unwrap_or_else(|| {
            "no crate at all: only adapters/, providers/ and server/bench hold crates".to_owned()
        }),
    };
    (name != expected)
        .then(|| format!("the crate in {folder}/ is called {name}; its place demands {expected}"))
}

fn metadata() -> Metadata {
    let manifest = root().join("Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata reads the workspace")
}

#[test]
fn every_arrow_between_our_crates_is_in_the_table() {
    let metadata = metadata();
    let ours: Vec<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let complaints: Vec<String> = metadata
        .packages
        .iter()
        .flat_map(|package| {
            package
                .dependencies
                .iter()
                .map(move |to| (package.name.as_str(), to))
        })
        .filter(|(_, to)| ours.contains(&to.name.as_str()))
        .filter_map(|(from, to)| complaint(from, &to.name, to.kind))
        .collect();
    assert!(
        ours.len() >= 10,
        "cargo metadata knows our crates, not only {ours:?}"
    );
    assert_no_complaints("forbidden dependencies", &complaints);
}

#[test]
fn every_plugin_is_a_dependency_and_a_default_feature_of_its_facade() {
    let metadata = metadata();
    for facade in ["portcullis-adapters", "portcullis-providers"] {
        let package = metadata.packages.iter().find(|package| package.name == facade);
        let package = package.unwrap_or_else(|| panic!("there is no {facade}"));
        let optional = package.dependencies.iter().filter(|to| to.optional);
        let plugins: BTreeSet<&str> = optional.filter_map(|to| to.rename.as_deref()).collect();
        let defaults: BTreeSet<&str> = package.features["default"].iter().map(String::as_str).collect();
        assert_eq!(
            plugins, defaults,
            "{facade}: the optional dependencies, and the features of `default`"
        );
    }
}

#[test]
fn every_crate_is_called_after_its_folder() {
    let metadata = metadata();
    let complaints: Vec<String> = metadata
        .packages
        .iter()
        .filter_map(|package| {
            let folder = package
                .manifest_path
                .parent()?
                .strip_prefix(&metadata.workspace_root)
                .ok()?;
            naming_complaint(&package.name, folder.as_str())
        })
        .collect();
    assert_no_complaints("crates in the wrong place", &complaints);
}

#[test]
fn forbidden_arrows_are_named_with_both_ends_and_the_rule() {
    let normal = DependencyKind::Normal;
    let forbidden = [
        ("portcullis-ports", "portcullis-core"),
        ("portcullis-core", "portcullis-adapter-embedded"),
        ("portcullis-core", "portcullis-openapi"),
        ("portcullis-provider-mailbox", "portcullis-core"),
        ("portcullis-provider-mailbox", "portcullis-provider-other"),
        ("portcullis-adapter-embedded", "portcullis-adapter-keyfile"),
        ("portcullis-adapter-embedded", "portcullis-adapters"),
        ("portcullis-aws", "portcullis-adapter-kms"),
        ("portcullis-core", "portcullis-aws"),
        ("portcullis-adapters", "portcullis-ports"),
        ("portcullis-adapters", "portcullis-provider-mailbox"),
        ("portcullis-openapi", "portcullis-adapters"),
        ("portcullis-ui", "portcullis-ports"),
        ("portcullis-openapi", "portcullis"),
        ("portcullis", "portcullis-bench"),
        ("portcullis-novelty", "portcullis-ports"),
    ];
    for (from, to) in forbidden {
        let said = complaint(from, to, normal).unwrap_or_else(|| panic!("{from} -> {to} passed"));
        assert!(said.contains(from) && said.contains(to), "{said}");
    }
    assert_eq!(
        complaint("portcullis-core", "portcullis-adapter-embedded", normal).as_deref(),
        Some(
            "portcullis-core must not depend on portcullis-adapter-embedded: the core knows the ports only \
             (the table in arrows.rs)"
        )
    );
    assert!(complaint("portcullis-core", "portcullis-openapi", DependencyKind::Build).is_some());
    assert!(complaint("portcullis-core", "portcullis", DependencyKind::Development).is_some());
}

#[test]
fn the_arrows_of_the_house_pass() {
    let allowed = [
        ("portcullis-core", "portcullis-ports"),
        ("portcullis-adapter-embedded", "portcullis-ports"),
        ("portcullis-aws", "portcullis-ports"),
        ("portcullis-adapter-kms", "portcullis-aws"),
        ("portcullis-provider-ses", "portcullis-aws"),
        ("portcullis-adapters", "portcullis-adapter-embedded"),
        ("portcullis-openapi", "portcullis-core"),
        ("portcullis", "portcullis-ui"),
        ("portcullis", "portcullis-adapters"),
        ("portcullis-bench", "portcullis"),
    ];
    for (from, to) in allowed {
        assert_eq!(complaint(from, to, DependencyKind::Normal), None);
    }
    let tests_are_free = complaint(
        "portcullis-core",
        "portcullis-adapter-embedded",
        DependencyKind::Development,
    );
    assert_eq!(tests_are_free, None);
}

#[test]
fn a_crate_with_a_foreign_name_is_found() {
    assert_eq!(naming_complaint("portcullis", "server"), None);
    assert_eq!(naming_complaint("portcullis-core", "core"), None);
    assert_eq!(
        naming_complaint("portcullis-provider-mailbox", "providers/mailbox"),
        None
    );
    assert_eq!(naming_complaint("portcullis-aws", "adapters/aws"), None);
    assert!(naming_complaint("portcullis-stripe", "providers/stripe").is_some());
    assert!(naming_complaint("portcullis-server", "server").is_some());
    assert!(naming_complaint("portcullis-ui-extra", "ui/extra").is_some());
}
