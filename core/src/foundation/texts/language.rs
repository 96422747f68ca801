//! Languages, and which of them a client asks for.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language as two lower-case letters (ISO 639-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language([u8; 2]);

impl Language {
    /// English.
    pub const EN: Self = Self(*b"en");
    /// German.
    pub const DE: Self = Self(*b"de");
}

impl Default for Language {
    fn default() -> Self {
        Self::EN
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_lowercase() && b.is_ascii_lowercase() => Ok(Self([*a, *b])),
            _ => Err("is not a language of two lower-case letters (ISO 639-1), such as `en`".to_owned()),
        }
    }
}

impl TryFrom<String> for Language {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.to_string()
    }
}

impl JsonSchema for Language {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Language".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z]{2}$" })
    }
}

/// The languages that a client asks for, the dearest first; at most four.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferredLanguages([Option<Language>; 4]);

impl PreferredLanguages {
    /// The most entries of a header that are read.
    const READ: usize = 16;

    /// Whether the client asks for no language.
    pub(crate) fn are_none(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Reads the value of `Accept-Language` (RFC 9110, section 12.5.4); what is no language is left out. Of a language
    /// with a region or a script the language counts.
    pub fn of_header(value: &str) -> Self {
        let mut weighted: Vec<(Language, u16)> = Vec::new();
        for entry in value.split(',').take(Self::READ) {
            let mut parts = entry.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1000, thousandths);
            if let (Ok(language), 1..) = (primary.parse(), weight)
                && !weighted.iter().any(|(known, _)| *known == language)
            {
                weighted.push((language, weight));
            }
        }
        weighted.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        let mut languages = [None; 4];
        for (slot, (language, _)) in languages.iter_mut().zip(weighted) {
            *slot = Some(language);
        }
        Self(languages)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Language> {
        self.0.into_iter().flatten()
    }
}

/// A weight in thousandths; none if it is no number.
fn thousandths(weight: &str) -> u16 {
    let weight: f32 = weight.trim().parse().unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and 1000"
    )]
    let thousandths = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_in_the_order_of_their_weights() {
        for (header, expected) in [
            ("de", "de"),
            ("de-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "de fr en"),
            ("en;q=0.1, de;q=0.9", "de en"),
            ("en;q=0, de", "de"),
            ("en;q=nonsense,de;q=NaN", ""),
            ("", ""),
            ("*", ""),
            ("ENG, zh-Hans-CN , x-klingon", "zh"),
            ("aa,bb,cc,dd,ee", "aa bb cc dd"),
        ] {
            let read: Vec<String> = PreferredLanguages::of_header(header)
                .iter()
                .map(|language| language.to_string())
                .collect();
            assert_eq!(read.join(" "), expected, "{header}");
        }
    }

    #[test]
    fn a_language_is_two_lower_case_letters() {
        assert_eq!(serde_json::to_string(&Language::DE).unwrap(), "\"de\"");
        for wrong in ["", "e", "EN", "eng", "e1", "ü"] {
            assert!(wrong.parse::<Language>().is_err(), "{wrong}");
        }
    }
}
