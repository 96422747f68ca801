//! Suggestions: the known name that was probably meant, or all of them.

/// Below this likeness a suggestion confuses more than it helps.
const ALIKE: f64 = 0.6;

/// The known name nearest to what was written.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(written, name);
    let scored = known.into_iter().map(|name| (likeness(name), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score >= ALIKE).map(|(_, name)| name)
}

/// A sentence that leads from what was written to what is known.
pub(crate) fn advice(written: &str, known: &[&str], of_what: &str) -> String {
    match nearest(written, known.iter().copied()) {
        Some(name) => format!("Did you mean `{name}`?"),
        None if known.is_empty() => format!("There are no {of_what}."),
        None => format!("The {of_what} are: {}.", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_corrected_and_a_stranger_gets_the_list() {
        let known = ["listen", "public_url"];
        assert_eq!(advice("lisen", &known, "keys"), "Did you mean `listen`?");
        let list = "The keys are: listen, public_url.";
        assert_eq!(advice("colour", &known, "keys"), list);
        assert_eq!(advice("x", &[], "keys"), "There are no keys.");
    }
}
