//! What fuzzing asks of `Accept-Language`: an entry point that fails when a promise does not hold.

use super::PreferredLanguages;

/// Whatever a client sends names at most four languages, none of them twice, and what was read reads the same again.
///
/// # Panics
/// When that does not hold.
pub fn accept_language(header: &str) {
    let read = PreferredLanguages::of_header(header);
    let names: Vec<String> = read.iter().map(|language| language.to_string()).collect();
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    assert_eq!(PreferredLanguages::of_header(&names.join(", ")), read);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn headers_are_read_or_ignored(
            header in "([a-zA-Z*]{1,3}(-[A-Z]{2})?( ?; ?q=[0-9.]{0,5})?, ?){0,6}|\\PC{0,60}",
        ) {
            super::accept_language(&header);
        }
    }
}
