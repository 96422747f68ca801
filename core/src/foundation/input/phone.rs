//! Phone numbers as people type them, read with the numbering plans of all countries (the metadata of libphonenumber).

use std::ops::Range;

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, country, parse};
use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::text;

text!(
    /// A country as its two letters (ISO 3166-1), such as `US`.
    Region, "country", "US", region
);

text!(
    /// A phone number as somebody typed it: with country code, or as it is dialled within the default country; at most
    /// 64 characters.
    TypedPhone, "phone", "+15005550006", typed
);

/// The most characters of a number with everything between its digits.
const LONGEST: usize = 64;
/// The lengths of country codes (ITU-T E.164, section 6.2.1).
const CODE_LENGTHS: Range<usize> = 1..4;
const REGION_ADVICE: &str = "the two letters of a country such as US or DE are expected";
const UNREADABLE: &str = "only digits, a plus at the beginning and signs such as ( ) - . between the digits belong into a \
                          phone number";
const EXTENSION: &str = "text messages do not reach extensions: type the number without one";
const IMPOSSIBLE: &str = "no phone has this number: check its digits, or type it with its country code, such as \
                          +49 170 1234567";

fn region(text: &str) -> Result<String, &'static str> {
    let region = text.trim().to_ascii_uppercase();
    let known = region.len() == 2 && region.parse::<country::Id>().is_ok();
    known.then_some(region).ok_or(REGION_ADVICE)
}

impl Default for Region {
    /// The United States, as a number without country code was always read.
    fn default() -> Self {
        Self("US".to_owned())
    }
}

impl Region {
    fn id(&self) -> Option<country::Id> {
        self.0.parse().ok()
    }
}

fn typed(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        Err("a phone number is expected")
    } else if text.chars().count() > LONGEST {
        Err("a phone number has at most 64 characters")
    } else {
        Ok(text.to_owned())
    }
}

impl TypedPhone {
    /// The number in E.164. One without country code is read as it is dialled within `region`, and refused where none
    /// is given.
    ///
    /// # Errors
    /// What is wrong and what would be right.
    pub fn e164(&self, region: Option<&Region>) -> Result<PhoneNumber, &'static str> {
        let dialled = dialled(&self.0)?;
        let found = match dialled.strip_prefix('+') {
            Some(digits) => international(digits),
            None => region
                .and_then(Region::id)
                .and_then(|region| national(&dialled, region)),
        };
        PhoneNumber::parse(&found.ok_or(IMPOSSIBLE)?).map_err(|_| IMPOSSIBLE)
    }
}

/// The digits, with a plus in front of them if there is one, without all that stands between them.
fn dialled(text: &str) -> Result<String, &'static str> {
    let text = text
        .get(..4)
        .filter(|scheme| scheme.eq_ignore_ascii_case("tel:"))
        .map_or(text, |scheme| text.trim_start_matches(scheme));
    let mut kept = String::new();
    for c in text.chars().map(plain) {
        match c {
            '0'..='9' => kept.push(c),
            '+' if kept.is_empty() => kept.push(c),
            _ if is_between(c) => {}
            'x' | 'X' | 'e' | 'E' | '#' | '*' | ',' | ';' if kept.len() > 6 => return Err(EXTENSION),
            _ => return Err(UNREADABLE),
        }
    }
    Ok(kept)
}

/// Digits and signs of other keyboards as ours: full-width ones, Arabic and Persian digits.
fn plain(c: char) -> char {
    let code = u32::from(c);
    let moved = match code {
        0xFF01..=0xFF5E => code - 0xFEE0,
        0x0660..=0x0669 => code - 0x0660 + 0x30,
        0x06F0..=0x06F9 => code - 0x06F0 + 0x30,
        _ => code,
    };
    char::from_u32(moved).unwrap_or(c)
}

/// What stands between digits: spaces, dashes, brackets, and the invisible marks that come along when a number is copied.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '.' | '(' | ')' | '/' | '[' | ']' | '~' | '\u{ad}' | '\u{b7}' | '\u{200b}'..='\u{200f}'
                | '\u{2010}'..='\u{2015}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2212}'
                | '\u{feff}'
        )
}

/// A number that begins with its country code. A trunk zero behind the code, as in `+49 (0)170`, is dropped where the
/// country has one. The library drops prefixes of the region it is given, so it is given that of the number.
fn international(digits: &str) -> Option<String> {
    let code = country_code(digits)?;
    let plans = DATABASE.by_code(&code)?;
    let main = plans.iter().find(|plan| plan.is_main_country_for_code());
    let region = main
        .or_else(|| plans.first())
        .and_then(|plan| plan.id().parse().ok());
    let found = valid(region, &format!("+{digits}"), code)?;
    // What is stored is read again, and must stay what it is.
    (valid(region, &found, code)? == found).then_some(found)
}

/// A number as it is dialled within a country: first as one abroad, behind the digits that lead there.
fn national(digits: &str, region: country::Id) -> Option<String> {
    let plan = DATABASE.by_id(region.as_ref())?;
    let abroad = plan.international_prefix().and_then(|prefix| {
        let led = prefix.find(digits).filter(|led| led.start() == 0)?;
        digits.get(led.end()..)
    });
    // 00 leads abroad in most countries, and is typed by people from there.
    let abroad = abroad.or_else(|| digits.strip_prefix("00"));
    abroad
        .and_then(international)
        .or_else(|| valid(Some(region), digits, plan.country_code()))
}

/// The number in E.164, if some phone can have it.
fn valid(region: Option<country::Id>, text: &str, code: u16) -> Option<String> {
    let number = parse(region, text).ok()?;
    let good = number.country().code() == code && number.extension().is_none() && number.is_valid();
    good.then(|| number.format().mode(Mode::E164).to_string())
}

/// The country code that digits begin with. None is the beginning of another.
fn country_code(digits: &str) -> Option<u16> {
    CODE_LENGTHS
        .filter_map(|length| digits.get(..length)?.parse().ok())
        .find(|code| DATABASE.region(code).is_some())
}

/// A number as it is written for people abroad, such as `+1 415-555-2671`.
pub(crate) fn formatted(number: &PhoneNumber) -> String {
    parse(None, number.as_str()).map_or_else(
        |_| number.to_string(),
        |number| number.format().mode(Mode::International).to_string(),
    )
}

/// The country code of a number, with its plus; the first three digits where no country has it.
pub(crate) fn country_prefix(number: &PhoneNumber) -> String {
    let digits = number.as_str().trim_start_matches('+');
    country_code(digits).map_or_else(
        || format!("+{}", digits.chars().take(3).collect::<String>()),
        |code| format!("+{code}"),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(typed: &str, region: &str) -> Result<String, &'static str> {
        let region = Region::parse(region).unwrap();
        let number = TypedPhone::parse(typed)?.e164(Some(&region))?;
        Ok(number.as_str().to_owned())
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for (typed, region, number) in [
            ("(415) 555-2671", "US", "+14155552671"),
            ("415.555.2671", "US", "+14155552671"),
            ("1 415 555 2671", "US", "+14155552671"),
            ("+1 (1) 415 555 2671", "US", "+14155552671"),
            ("tel:+1-415-555-2671", "DE", "+14155552671"),
            (
                "\u{202a}+1\u{a0}415\u{2011}555\u{2011}2671\u{202c}",
                "DE",
                "+14155552671",
            ),
            ("\u{ff0b}\u{ff14}\u{ff19} 170 1234567", "US", "+491701234567"),
            ("\u{664}15 555 2671", "US", "+14155552671"),
            ("+49 (0)170 1234567", "US", "+491701234567"),
            ("+49 0170 1234567", "US", "+491701234567"),
            ("+49 170/1234567", "US", "+491701234567"),
            ("0170 1234567", "DE", "+491701234567"),
            ("0049 170 1234567", "US", "+491701234567"),
            ("011 49 170 1234567", "US", "+491701234567"),
            ("011 49 1511 2345678", "US", "+4915112345678"),
            ("00 1 415 555 2671", "DE", "+14155552671"),
            ("+44 (0)20 7946 0958", "US", "+442079460958"),
            ("07911 123456", "GB", "+447911123456"),
            ("+33 (0)6 12 34 56 78", "US", "+33612345678"),
            ("+36 (06) 20 123 4567", "US", "+36201234567"),
            ("+7 (8) 916 123 45 67", "US", "+79161234567"),
            ("+39 06 1234 5678", "US", "+390612345678"),
            ("347 123 4567", "IT", "+393471234567"),
            ("+54 11 15 1234 5678", "US", "+5491112345678"),
            ("+86 139 1234 5678", "US", "+8613912345678"),
            ("+880 1712-345678", "US", "+8801712345678"),
            ("+1 876 555 0006", "DE", "+18765550006"),
            ("+15005550006", "DE", "+15005550006"),
            ("+800 1234 0000", "US", "+80012340000"),
            ("+683 4002", "US", "+6834002"),
        ] {
            assert_eq!(read(typed, region).as_deref(), Ok(number), "{typed}");
        }
    }

    #[test]
    fn numbers_that_nobody_has_are_refused() {
        for (typed, why) in [
            ("0170 1234567", IMPOSSIBLE),
            ("+1 555 123 4567", IMPOSSIBLE),
            ("+1 041 555 2671", IMPOSSIBLE),
            ("+1415555267", IMPOSSIBLE),
            ("+141555526711", IMPOSSIBLE),
            ("+4912345", IMPOSSIBLE),
            ("+999123456789", IMPOSSIBLE),
            ("+0170 1234567", IMPOSSIBLE),
            ("555-2671", IMPOSSIBLE),
            ("911", IMPOSSIBLE),
            ("+", IMPOSSIBLE),
            ("()", IMPOSSIBLE),
            ("1-800-FLOWERS", UNREADABLE),
            ("+1500555OOO6", UNREADABLE),
            ("++14155552671", UNREADABLE),
            ("+1+4155552671", UNREADABLE),
            ("ada@example.com", UNREADABLE),
            ("+1 415 555 2671 ext. 5", EXTENSION),
            ("+1 415 555 2671 x5", EXTENSION),
            ("+14155552671;ext=5", EXTENSION),
            ("+14155552671#5", EXTENSION),
        ] {
            assert_eq!(read(typed, "US"), Err(why), "{typed}");
        }
        assert!(TypedPhone::parse(" ").is_err() && TypedPhone::parse(&"1".repeat(65)).is_err());
    }

    #[test]
    fn without_a_country_the_code_is_needed() {
        let read = |typed: &str| TypedPhone::parse(typed).unwrap().e164(None);
        assert!(read("+49 (0)170 1234567").is_ok());
        assert_eq!(read("415 555 2671"), Err(IMPOSSIBLE));
    }

    #[test]
    fn a_country_is_two_letters_that_are_known() {
        assert_eq!(Region::parse(" de ").unwrap().as_str(), "DE");
        for wrong in ["", "D", "DEU", "XX", "49", "001"] {
            assert_eq!(Region::parse(wrong), Err(REGION_ADVICE), "{wrong}");
        }
        assert!(Region::parse(Region::default().as_str()).is_ok());
    }

    #[test]
    fn numbers_are_shown_in_groups() {
        for (number, shown) in [
            ("+14155552671", "+1 415-555-2671"),
            ("+491701234567", "+49 170 1234567"),
            ("+390612345678", "+39 06 1234 5678"),
        ] {
            assert_eq!(formatted(&number.parse().unwrap()), shown);
        }
    }

    #[test]
    fn countries_are_told_by_their_codes() {
        for (phone, code) in [
            ("+15005550006", "+1"),
            ("+79161234567", "+7"),
            ("+4915112345678", "+49"),
            ("+353861234567", "+353"),
            ("+8801712345678", "+880"),
            ("+9779812345678", "+977"),
            ("+881612345678", "+881"),
            ("+99912345678", "+999"),
        ] {
            assert_eq!(country_prefix(&phone.parse().unwrap()), code);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_the_reader(text in "[+0-9() .;x#-]{0,30}|\\PC{0,70}") {
            for region in ["US", "DE", "IT", "RU", "AR", "BR"] {
                if let Ok(number) = read(&text, region) {
                    prop_assert_eq!(read(&number, region), Ok(number.clone()));
                    prop_assert_eq!(read(&number, "JP"), Ok(number));
                }
            }
        }

        #[test]
        fn a_number_begins_with_its_country_code(digits in "[1-9][0-9]{7,14}") {
            let phone: PhoneNumber = format!("+{digits}").parse().unwrap();
            prop_assert!(phone.as_str().starts_with(&country_prefix(&phone)));
        }
    }
}
