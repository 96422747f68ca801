//! Passwords, codes and handles in requests: they come in and never go out.

use std::marker::PhantomData;

use icu_normalizer::ComposingNormalizerBorrowed;
use portcullis_ports::Secret;
use serde::{Deserialize, Deserializer};

use super::code::code;
pub use forms::{
    ChallengeId, Digits, DigitsOrLink, DigitsOrRecovery, NewPassword, Password, RecoveryCode,
    SessionCredential, SessionPlace, SignUpHandle, SignUpId,
};

/// What a secret looks like when it is right. Others are read, too: what is wrong with them is told by whoever compares
/// them, in the same words and time for every wrong one.
pub trait Form: Send + Sync + 'static {
    /// The fewest characters.
    const LEAST: usize;
    /// The most characters.
    const MOST: usize;

    /// A regular expression (ECMA-262) that the right ones match; `None` for free text.
    fn pattern() -> Option<String> {
        None
    }
}

/// A secret in a request. It can come in and never goes out.
#[derive(Debug)]
pub struct SecretInput<F = Password>(Secret, PhantomData<fn() -> F>);

impl<F> Clone for SecretInput<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<F> SecretInput<F> {
    /// The most characters that are read of any secret.
    const READ: usize = 1024;

    /// For tests and for callers inside the process.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text), PhantomData)
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

impl<'de, F> Deserialize<'de> for SecretInput<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().count() > Self::READ {
            return Err(serde::de::Error::custom("at most 1024 characters are expected"));
        }
        Ok(Self::new(text))
    }
}

/// The fewest characters that `accounts.password_min_length` can ask for.
pub const PASSWORD_LEAST: usize = 8;
/// The most characters of a password.
pub const PASSWORD_MAX: usize = 256;

mod forms {
    use super::super::code::SIX_DIGITS;
    use super::Form;
    use super::{PASSWORD_LEAST, PASSWORD_MAX};

    macro_rules! form {
        ($(#[$doc:meta])* $name:ident, $lengths:expr $(, $pattern:expr)?) => {
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl Form for $name {
                const LEAST: usize = *$lengths.start();
                const MOST: usize = *$lengths.end();
                $(
                    fn pattern() -> Option<String> {
                        Some($pattern.to_string())
                    }
                )?
            }
        };
    }

    /// Enough for a code with spaces and marks around it.
    const CODE: usize = 64;

    form!(
        /// A password that was chosen some time ago, perhaps under other rules.
        Password,
        1..=1024
    );
    form!(
        /// A password to be used from now on.
        NewPassword,
        PASSWORD_LEAST..=PASSWORD_MAX
    );
    form!(
        /// The handle of a challenge or of a password recovery.
        ChallengeId,
        31..=31,
        "^chal_[0-9a-hjkmnp-tv-z]{26}$"
    );
    form!(
        /// The handle of a sign-up that waits, or its public name as the link in the mail has it.
        SignUpId,
        30..=83,
        r"^ver_[0-9a-hjkmnp-tv-z]{26}((\.[0-9a-hjkmnp-tv-z]{8})?\.[A-Za-z0-9_-]{43})?$"
    );
    form!(
        /// The handle of a sign-up that waits.
        SignUpHandle,
        74..=83,
        r"^ver_[0-9a-hjkmnp-tv-z]{26}(\.[0-9a-hjkmnp-tv-z]{8})?\.[A-Za-z0-9_-]{43}$"
    );
    form!(
        /// The credential of a session, or its public part alone.
        SessionCredential,
        30..=74,
        r"^ses_[0-9a-hjkmnp-tv-z]{26}(\.[A-Za-z0-9_-]{43})?$"
    );
    form!(
        /// A place in the list of sessions.
        SessionPlace,
        32..=46,
        r"^[0-9]{1,15}\.ses_[0-9a-hjkmnp-tv-z]{26}$"
    );
    form!(
        /// Six digits.
        Digits,
        6..=CODE,
        format!("^{}$", *SIX_DIGITS)
    );
    form!(
        /// A recovery code, as printed or without its hyphens.
        RecoveryCode,
        16..=CODE,
        format!("^{RECOVERY}$")
    );
    form!(
        /// Six digits, or a recovery code.
        DigitsOrRecovery,
        6..=CODE,
        format!("^({}|{RECOVERY})$", *SIX_DIGITS)
    );
    form!(
        /// Six digits, or what the link in the mail has in their place.
        DigitsOrLink,
        6..=CODE,
        format!("^({}|{LINK})$", *SIX_DIGITS)
    );

    const RECOVERY: &str = "[0-9A-Za-z]{4}([- ]?[0-9A-Za-z]{4}){3}";
    const LINK: &str = "[0-9a-hjkmnp-tv-z]{52}";
}

#[cfg(feature = "openapi")]
mod schema {
    use std::borrow::Cow;

    use super::{Form, SecretInput};
    use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
    use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
    use serde_json::Value;

    impl<F: Form> Type for SecretInput<F> {
        const IS_REQUIRED: bool = true;
        type RawValueType = Self;
        type RawElementValueType = Self;

        fn name() -> Cow<'static, str> {
            "string_password".into()
        }

        fn schema_ref() -> MetaSchemaRef {
            let pattern = F::pattern();
            // The format makes forms hide what is typed; codes are read off another screen.
            let mut schema = match pattern {
                None => MetaSchema::new_with_format("string", "password"),
                Some(_) => MetaSchema::new("string"),
            };
            schema.pattern = pattern;
            schema.min_length = Some(F::LEAST);
            schema.max_length = Some(F::MOST);
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

    impl<F: Form> ParseFromJSON for SecretInput<F> {
        fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
            serde_json::from_value(value.unwrap_or_default()).map_err(ParseError::custom)
        }
    }

    /// A secret has no outward form.
    impl<F: Form> ToJSON for SecretInput<F> {
        fn to_json(&self) -> Option<Value> {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_are_composed_and_nothing_else_changes() {
        let composed = |text: &str| SecretInput::<Password>::new(text).composed().expose().to_owned();
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
