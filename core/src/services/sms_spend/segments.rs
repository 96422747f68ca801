//! How many parts a text message is sent and billed in.

/// The letters that take one of a part's 160 places (3GPP TS 23.038, section 6.2.1, default alphabet).
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
abcdefghijklmnopqrstuvwxyzäöñüà";
/// Those that take two (section 6.2.1.1, extension table).
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// Places of a message that is sent in one part, and of each part of a longer one, whose header takes the rest.
const BASIC_PLACES: Places = Places {
    alone: 160,
    each: 153,
};
/// The same for texts with any other letter, in UTF-16 units.
const WIDE_PLACES: Places = Places { alone: 70, each: 67 };

#[derive(Clone, Copy)]
struct Places {
    alone: usize,
    each: usize,
}

/// How many parts a text takes. A letter of two places is never torn apart.
pub(crate) fn segments(text: &str) -> u64 {
    let basic: Option<Vec<usize>> = text.chars().map(basic_places).collect();
    match basic {
        Some(sizes) => parts(&sizes, BASIC_PLACES),
        None => parts(
            &text.chars().map(char::len_utf16).collect::<Vec<_>>(),
            WIDE_PLACES,
        ),
    }
}

fn basic_places(letter: char) -> Option<usize> {
    if BASIC.contains(letter) {
        Some(1)
    } else {
        EXTENDED.contains(letter).then_some(2)
    }
}

fn parts(sizes: &[usize], places: Places) -> u64 {
    if sizes.iter().sum::<usize>() <= places.alone {
        return 1;
    }
    let (mut count, mut used) = (1, 0);
    for size in sizes {
        if used + size > places.each {
            count += 1;
            used = 0;
        }
        used += size;
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_limits_are_those_of_the_standard() {
        let repeat = |letter: &str, count: usize| segments(&letter.repeat(count));
        for (letter, alone, each) in [("a", 160, 153), ("é", 160, 153), ("ж", 70, 67)] {
            assert_eq!((repeat(letter, 0), repeat(letter, alone)), (1, 1), "{letter}");
            assert_eq!(repeat(letter, alone + 1), 2, "{letter}");
            assert_eq!(
                (repeat(letter, each * 2), repeat(letter, each * 2 + 1)),
                (2, 3),
                "{letter}"
            );
        }
        assert_eq!((repeat("€", 80), repeat("€", 81)), (1, 2), "two places each");
        assert_eq!(
            (repeat("€", 76 * 2), repeat("€", 76 * 2 + 1)),
            (2, 3),
            "the 153rd place stays empty"
        );
        assert_eq!(
            (repeat("🔑", 35), repeat("🔑", 36)),
            (1, 2),
            "a surrogate pair each"
        );
        assert_eq!(
            (repeat("🔑", 66), repeat("🔑", 67)),
            (2, 3),
            "a pair is not torn apart"
        );
    }

    #[test]
    fn the_default_alphabet_has_its_127_letters_and_each_once() {
        let mut letters: Vec<char> = BASIC.chars().collect();
        assert_eq!(letters.len(), 127, "the 128th place is the escape");
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 127);
    }

    #[test]
    fn one_foreign_letter_makes_the_whole_text_wide() {
        assert_eq!(segments(&"a".repeat(100)), 1);
        assert_eq!(segments(&format!("{}ж", "a".repeat(100))), 2);
    }

    /// The count by another way: filling parts one letter at a time from a stack.
    fn counted(sizes: &[usize], each: usize) -> u64 {
        let mut parts = vec![0_usize];
        for size in sizes {
            match parts.last_mut() {
                Some(last) if *last + size <= each => *last += size,
                _ => parts.push(*size),
            }
        }
        parts.len() as u64
    }

    proptest! {
        #[test]
        fn a_text_never_gets_cheaper_by_growing(text in ".{0,400}", more in ".{0,40}") {
            let longer = segments(&[text.as_str(), more.as_str()].concat());
            prop_assert!(longer >= segments(&text));
        }

        #[test]
        fn parts_hold_the_text_and_no_part_is_wasted(text in "[a-z€\\[\\]]{0,700}") {
            let sizes: Vec<usize> = text.chars().map(|letter| if letter.is_ascii_lowercase() { 1 } else { 2 }).collect();
            let places: usize = sizes.iter().sum();
            let parts = segments(&text);
            if places <= 160 {
                prop_assert_eq!(parts, 1);
            } else {
                prop_assert_eq!(parts, counted(&sizes, 153));
                prop_assert!(places as u64 <= parts * 153);
                // At most one place of a part stays empty.
                prop_assert!(places as u64 > (parts - 1) * 152);
            }
        }

        #[test]
        fn wide_texts_are_counted_in_utf16(text in "[а-я🔑]{1,300}") {
            let units = text.encode_utf16().count() as u64;
            let parts = segments(&text);
            prop_assert_eq!(parts == 1, units <= 70);
            prop_assert!(parts == 1 || (units <= parts * 67 && units > (parts - 1) * 66));
        }
    }
}
