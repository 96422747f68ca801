//! What an attacker knows of whoever chooses a password, and whether a password is more than that.

use portcullis_ports::contact::EmailAddress;

use crate::foundation::input::Label;

/// Shorter ones stand in too many words to mean anything.
const SHORTEST: usize = 3;
/// From this length on a word is taken out of a password before the rest is judged.
const SHORTEST_TAKEN_OUT: usize = 4;

/// The words to which a password of this person is compared: the product, the address, the name, and their parts.
pub(super) fn known_words(product: &str, email: &EmailAddress, name: Option<&Label>) -> Vec<String> {
    let name = name.map_or("", Label::as_str);
    let (typed, shown) = (email.as_str(), email.shown());
    let mut words: Vec<String> = Vec::new();
    for text in [product, typed, &shown, name] {
        let whole = text.to_lowercase();
        let parts = whole.split(|c: char| !c.is_alphanumeric());
        let squeezed: String = parts.clone().collect();
        words.extend(parts.map(ToOwned::to_owned).chain([whole.clone(), squeezed]));
    }
    for address in [typed, &shown] {
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
        words.push(local.chars().filter(|c| c.is_alphanumeric()).collect());
    }
    words.retain(|word| word.chars().count() >= SHORTEST);
    // The longest first, so that no part of it is left over where it is taken out.
    words.sort_by_key(|word| (std::cmp::Reverse(word.len()), word.clone()));
    words.dedup();
    words
}

/// What is left of a password without the known words, however they are capitalised or spelled with digits.
pub(super) fn without(password: &str, known: &[String]) -> String {
    let mut rest: Vec<char> = password.chars().collect();
    for word in known {
        let word: Vec<char> = word.chars().map(alike).collect();
        if word.len() < SHORTEST_TAKEN_OUT {
            continue;
        }
        while let Some(at) = rest
            .windows(word.len())
            .position(|window| window.iter().copied().map(alike).eq(word.iter().copied()))
        {
            rest.drain(at..at + word.len());
        }
    }
    rest.into_iter().collect()
}

/// One letter for all that are written for it: capitals, and digits and signs that look like it.
fn alike(c: char) -> char {
    match c.to_lowercase().next().unwrap_or(c) {
        '0' => 'o',
        '1' | '!' | '|' | 'l' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<String> {
        let email = EmailAddress::parse("grace.hopper@example.com").unwrap();
        known_words("Acme Gate", &email, Some(&Label::parse("Amazing Grace").unwrap()))
    }

    #[test]
    fn product_address_and_name_are_known_as_a_whole_and_in_parts() {
        let known = words();
        for word in [
            "acme",
            "gate",
            "acmegate",
            "grace",
            "hopper",
            "gracehopper",
            "example",
            "amazing",
            "amazinggrace",
            "grace.hopper@example.com",
        ] {
            assert!(known.iter().any(|one| one == word), "{word}: {known:?}");
        }
        assert!(known.iter().all(|word| word.len() >= SHORTEST));
    }

    #[test]
    fn a_password_is_judged_without_them() {
        for (password, rest) in [
            ("AcmeGate2026!", "2026!"),
            ("4cm3-G@t3-gr4ce", "--"),
            ("plum-kettle-orbit", "plum-kettle-orbit"),
            ("HopperHOPPERhopper", ""),
        ] {
            assert_eq!(without(password, &words()), rest);
        }
    }
}
