//! What every command may assume of its fields: bounded, trimmed, free of control characters.

mod code;
mod phone;

#[cfg(feature = "openapi")]
use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use portcullis_ports::{Code, Error, Kind, Secret, text};
use serde::{Deserialize, Deserializer};

pub(crate) use code::code;
pub use phone::{Region, TypedPhone};
pub(crate) use phone::{country_prefix, formatted};

/// The request cannot be understood; `errors` names the fields.
pub const INVALID_REQUEST: Code = Code::new(
    "invalid-request",
    Kind::Invalid,
    "The request has missing or wrong fields.",
);

/// The refusal of one field, with what would be right as a sentence.
pub(crate) fn refused(pointer: &str, advice: &str) -> Error {
    let mut letters = advice.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let detail = format!("{}{}.", first.collect::<String>(), letters.as_str());
    INVALID_REQUEST
        .says(format!("{}: {detail}", pointer.trim_start_matches('/')))
        .at(pointer, detail)
}

text!(
    /// A name for a device or a person: trimmed, at most 64 characters, no control characters.
    Label, "label", "My phone", |text| {
        let text = text.trim();
        if text.chars().count() <= 64 && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err("at most 64 characters without line breaks are expected")
        }
    }
);

/// A password, code or token in a request. It can come in and never goes out.
#[derive(Debug, Clone)]
pub struct SecretInput(Secret);

impl SecretInput {
    /// The most characters one may have.
    pub const MAX: usize = 1024;

    /// For tests and for callers inside the process.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text))
    }

    /// The secret.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// The text, without the white space around it.
    pub fn trimmed(&self) -> &str {
        self.0.expose().trim()
    }

    /// The text as a code.
    pub(crate) fn code(&self) -> String {
        code(self.0.expose())
    }

    /// The text in composed form (Unicode NFC): one text, however the keyboard makes its accents. Passwords are judged,
    /// hashed and compared like this (RFC 8265, section 4.2).
    pub fn composed(&self) -> Secret {
        Secret::new(ComposingNormalizerBorrowed::new_nfc().normalize(self.0.expose()))
    }
}

impl<'de> Deserialize<'de> for SecretInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().count() > Self::MAX {
            return Err(serde::de::Error::custom("at most 1024 characters are expected"));
        }
        Ok(Self(Secret::new(text)))
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use super::{Cow, SecretInput};
    use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
    use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
    use serde_json::Value;

    impl Type for SecretInput {
        const IS_REQUIRED: bool = true;
        type RawValueType = Self;
        type RawElementValueType = Self;

        fn name() -> Cow<'static, str> {
            "string_password".into()
        }

        fn schema_ref() -> MetaSchemaRef {
            let mut schema = MetaSchema::new_with_format("string", "password");
            schema.min_length = Some(1);
            schema.max_length = Some(SecretInput::MAX);
            schema.write_only = true;
            MetaSchemaRef::Inline(Box::new(schema))
        }

        fn as_raw_value(&self) -> Option<&Self> {
            Some(self)
        }

        fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
            Box::new(self.as_raw_value().into_iter())
        }
    }

    impl ParseFromJSON for SecretInput {
        fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
            serde_json::from_value(value.unwrap_or_default()).map_err(ParseError::custom)
        }
    }

    /// A secret has no outward form.
    impl ToJSON for SecretInput {
        fn to_json(&self) -> Option<Value> {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_trimmed_and_bounded() {
        assert_eq!(Label::parse("  My phone ").unwrap().as_str(), "My phone");
        assert!(Label::parse(&"x".repeat(65)).is_err());
        assert!(Label::parse("a\nb").is_err());
    }

    #[test]
    fn accents_are_composed_and_nothing_else_changes() {
        let composed = |text: &str| SecretInput::new(text).composed().expose().to_owned();
        assert_eq!(composed("Mu\u{308}ller"), "M\u{fc}ller");
        for kept in [" plum\0kettle ", "\u{fb01}", "\u{ff11}", "M\u{fc}ller"] {
            assert_eq!(composed(kept), kept);
        }
    }

    #[test]
    fn a_secret_is_bounded() {
        let read = |length| serde_json::from_value::<SecretInput>("\u{1f511}".repeat(length).into());
        assert!(read(1024).is_ok() && read(1025).is_err());
    }
}
