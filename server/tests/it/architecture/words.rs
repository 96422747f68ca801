//! Words that must not stand in the texts of this repository.

use super::assert_no_complaints;
use super::project::{File, files};

/// A word, in two halves so that this file does not hold it, and why it is unwanted.
const UNWANTED: &[(&str, &str, &str)] = &[
    ("/wo", "rk/", "a path of one machine"),
    (
        "registry.npm",
        "js.org",
        "a download address; the client of each reader knows its own",
    ),
    ("TO", "DO", "write a decision or do it"),
    ("FIX", "ME", "fix it or say why it is right"),
    ("#[al", "low(", "use expect with a reason"),
    ("#![al", "low(", "use expect with a reason"),
];

/// A word that is unwanted in prose only.
const UNWANTED_IN_PROSE: (&str, &str, &str) = ("crates", ".io", "a download address; say cargo");

/// Files that package managers write; their checksums may spell anything.
fn is_lock(file: &File) -> bool {
    ["Cargo.lock", "package-lock.json"]
        .iter()
        .any(|name| file.path.ends_with(name))
}

fn complaints_about(file: &File) -> Vec<String> {
    let mut unwanted: Vec<_> = UNWANTED
        .iter()
        .filter(|(.., why)| !is_lock(file) || why.starts_with("a "))
        .collect();
    if file.is(&["md"]) || file.path.starts_with("docs/") {
        unwanted.push(&UNWANTED_IN_PROSE);
    }
    let mut complaints = Vec::new();
    for (head, tail, why) in unwanted {
        let word = format!("{head}{tail}");
        for (number, line) in file
            .text()
            .lines()
            .enumerate()
            .filter(|(_, line)| holds(line, &word))
        {
            complaints.push(format!(
                "{}:{} holds {word}: {why}: {}",
                file.path,
                number + 1,
                line.trim()
            ));
        }
    }
    complaints
}

/// Whether the line holds the word, and not merely a longer word that contains it.
fn holds(line: &str, word: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        let (before, rest) = line.split_at(at);
        let after = rest.chars().nth(word.chars().count());
        let joined_before = letter(word.chars().next()) && letter(before.chars().next_back());
        let joined_after = letter(word.chars().next_back()) && letter(after);
        !joined_before && !joined_after
    })
}

#[test]
fn no_text_holds_an_unwanted_word() {
    let complaints: Vec<String> = files().iter().flat_map(complaints_about).collect();
    assert_no_complaints("unwanted words", &complaints);
}

#[test]
fn an_unwanted_word_is_found() {
    for (head, tail, _) in UNWANTED {
        let file = File::new("core/src/a.rs", &format!("first\n  // {head}{tail} x\n"));
        assert!(
            complaints_about(&file)
                .iter()
                .any(|said| said.starts_with("core/src/a.rs:2 ")),
            "{head}{tail}"
        );
    }
    let (head, tail, _) = UNWANTED_IN_PROSE;
    let text = format!("from {head}{tail}.");
    assert_eq!(complaints_about(&File::new("docs/a.md", &text)).len(), 1);
    assert_eq!(complaints_about(&File::new("core/src/a.rs", &text)), [""; 0]);
}

#[test]
fn a_longer_word_is_not_the_unwanted_one() {
    let (head, tail) = ("TO", "DO");
    let text = format!("{head}{tail}S M{head}{tail} todo!()");
    assert_eq!(complaints_about(&File::new("core/src/a.rs", &text)), [""; 0]);
    assert_eq!(
        complaints_about(&File::new("Cargo.lock", &format!("\"{head}{tail}\""))),
        [""; 0]
    );
}
