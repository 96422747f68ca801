//! Text that must not be seen: no printing, no serialising, constant-time comparison, wiped when dropped.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password, code, token or key in text form.
///
/// It can be read from configuration and requests, and is never written anywhere: `Debug` prints a placeholder,
/// there is no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every call is a place to look at in review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in time that depends on the lengths only.
    pub fn matches(&self, other: &str) -> bool {
        same_secret(self.0.as_bytes(), other.as_bytes())
    }
}

/// Compares two secrets in time that depends on their lengths only.
pub fn same_secret(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

impl Secret {
    /// What an editor or a copy left in the text of a secret, and nobody meant to be part of it. Keys in PEM have lines.
    pub fn oddity(text: &str) -> Option<&'static str> {
        match text {
            _ if text.starts_with('\u{feff}') => Some("begins with a byte order mark"),
            _ if text.trim_start().starts_with("-----BEGIN ") => None,
            _ if text.ends_with(['\n', '\r']) => Some("ends with more than one line break"),
            _ if text.contains(['\n', '\r']) => Some("has a line break inside"),
            _ if text.chars().any(char::is_control) => Some("holds a control character"),
            _ => None,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// In a settings schema a secret is a string marked `x-secret`, which the redacted view and the loader look for.
impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Secret")
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "x-secret": true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_text() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn comparison_is_by_content() {
        assert!(Secret::new("a").matches("a"));
        assert!(!Secret::new("a").matches("b"));
        assert!(!Secret::new("a").matches("aa"));
    }
}
