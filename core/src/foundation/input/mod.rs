//! What every command may assume of its fields: bounded, trimmed, free of control characters.

mod code;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod moment;
mod phone;
mod secret;
mod shown;

use portcullis_ports::{Code, Error, Kind, text};

pub(crate) use code::code;
pub(crate) use moment::{DECADE, within};
pub use phone::{Region, TypedPhone};
pub(crate) use phone::{country_prefix, formatted};
pub use secret::{
    ChallengeId, Digits, DigitsOrLink, DigitsOrRecovery, Form, NewPassword, PASSWORD_LEAST, PASSWORD_MAX,
    Password, RecoveryCode, SecretInput, SessionCredential, SessionPlace, SignUpHandle, SignUpId,
};
pub use shown::Shown;

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
        .with_detail(format!("{}: {detail}", pointer.trim_start_matches('/')))
        .with_field(pointer, detail)
}

text!(
    /// A name for a device or a person: trimmed, at most 64 characters, no control characters.
    Label, "label", "My phone", in r"^\s*[^\u0000-\u001f\u007f-\u009f]{0,64}\s*$", |text| {
        let text = text.trim();
        if text.chars().count() <= 64 && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err("at most 64 characters without line breaks are expected")
        }
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_trimmed_and_bounded() {
        assert_eq!(Label::parse("  My phone ").unwrap().as_str(), "My phone");
        assert!(Label::parse(&"x".repeat(65)).is_err());
        assert!(Label::parse("a\nb").is_err());
    }
}
