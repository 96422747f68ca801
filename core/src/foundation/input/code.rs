//! Codes as people type or paste them: digits of every script, full-width letters, spaces and hyphens between groups.

use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizerBorrowed;

/// The zeros of the decimal digits of scripts that keyboards write (Unicode, general category Nd); each is followed by
/// its nine other digits. Full-width digits become plain ones by compatibility composition.
const ZEROS: [char; 18] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}',
    '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{17e0}', '\u{1810}',
];

/// Six digits as a regular expression (ECMA-262): of any of the scripts, with spaces, hyphens and marks anywhere.
pub(super) static SIX_DIGITS: LazyLock<String> = LazyLock::new(|| {
    let mut digits = String::from("0-9\u{ff10}-\u{ff19}");
    for zero in ZEROS {
        let nine = char::from_u32(u32::from(zero) + 9).unwrap_or(zero);
        digits.extend([zero, '-', nine]);
    }
    let between =
        r"[\s\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\u2066-\u2069\u2212\u30fc\ufeff\uff0d-]*";
    format!("{between}([{digits}]{between}){{6}}")
});

/// How often a text is folded at most: leaving out a space may bring an accent beside a letter, and so on.
const ROUNDS: usize = 4;

/// The one form in which codes are compared: compatibility composition (Unicode NFKC), lower case, ASCII digits, without
/// white space, hyphens and invisible marks. Everything else stays, so that it makes the code wrong.
pub(crate) fn code(text: &str) -> String {
    let mut read = fold(text);
    for _ in 1..ROUNDS {
        let again = fold(&read);
        if again == read {
            break;
        }
        read = again;
    }
    read
}

fn fold(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    composed
        .chars()
        .filter(|letter| !is_separator(*letter))
        .map(plain_digit)
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

fn plain_digit(letter: char) -> char {
    let place = u32::from(letter);
    ZEROS
        .iter()
        .find_map(|zero| place.checked_sub(u32::from(*zero)).filter(|digit| *digit < 10))
        .and_then(|digit| char::from_digit(digit, 10))
        .unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_of_every_script_count_as_digits() {
        for typed in [
            "287082",
            " 287 082\n",
            "287-082",
            "２８７０８２",
            "２８７－０８２",
            "２８７　０８２",
            "٢٨٧٠٨٢",
            "۲۸۷۰۸۲",
            "२८७०८२",
            "287\u{2011}082",
            "\u{202a}287082\u{202c}",
            "\u{feff}287\u{200b}082",
            "287ー082",
        ] {
            assert_eq!(code(typed), "287082", "{typed:?}");
        }
    }

    #[test]
    fn other_text_makes_a_code_wrong() {
        for typed in ["28708", "2870822", "287082x", "code: 287082", "287.082", "l87082"] {
            assert_ne!(code(typed), "287082", "{typed:?}");
        }
    }

    #[test]
    fn letters_are_read_in_any_width_and_case() {
        assert_eq!(code("ＡＢcd－0123 efgh"), "abcd0123efgh");
    }

    proptest! {
        #[test]
        fn what_was_read_reads_the_same_again(typed in "\\PC{0,40}") {
            let once = code(&typed);
            prop_assert_eq!(code(&once), once);
        }

        #[test]
        fn plain_digits_stay_what_they_are(typed in "[0-9]{6}") {
            prop_assert_eq!(code(&typed), typed);
        }
    }
}
