//! Sealed texts: no record that holds one is forgotten when all are sealed anew.

use std::collections::BTreeSet;
use std::path::Path;

/// The structs and enums of a source file, with their text.
fn types(source: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in source.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let declares = words.iter().position(|word| *word == "struct" || *word == "enum");
        if let Some(name) = declares.and_then(|at| words.get(at + 1))
            && words
                .iter()
                .take(declares.unwrap_or_default())
                .all(|word| word.starts_with("pub"))
        {
            let name = name
                .split(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap_or_default();
            found.push((name.to_owned(), String::new()));
            inside = true;
        }
        if let Some((_, text)) = found.last_mut().filter(|_| inside) {
            text.push_str(line.split("//").next().unwrap_or_default());
            text.push('\n');
        }
        inside = inside && !line.starts_with('}') && !line.ends_with(';');
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// A type that holds a sealed text must say so, and a record that does must be in the list.
#[test]
fn no_record_with_a_sealed_text_is_forgotten() {
    let mut all = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src"),
        &mut all,
    );
    let word = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "Sealed")
    };
    let has = |what: &str| all.iter().any(|source| source.contains(what));
    let mut holders = BTreeSet::new();
    for (name, text) in all.iter().flat_map(|source| types(source)) {
        if word(&text) {
            assert!(
                has(&format!("impl SealedTexts for {name} ")),
                "{name} holds a sealed text: implement `SealedTexts` for it, so that `keys reencrypt` finds it"
            );
            holders.insert(name);
        }
    }
    assert!(
        holders.contains("TotpDevice") && holders.contains("RootSecret"),
        "{holders:?}"
    );
    for source in &all {
        let named = source
            .lines()
            .filter_map(|line| line.strip_prefix("impl SealedTexts for "));
        for name in named.filter_map(|rest| rest.split(' ').next()) {
            let stored = has(&format!("impl Stored for {name} "));
            let listed = has(&format!(".sealed(kind::<{name}>())"));
            assert!(
                !stored || listed,
                "declare the family of {name} with `.sealed(kind::<{name}>())`"
            );
        }
    }
}
