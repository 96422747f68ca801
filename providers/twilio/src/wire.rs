//! What Twilio writes: its names for things and the answers, as far as they are read here.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Whether a text is a SID: two letters for the kind and 32 hexadecimal digits.
pub(crate) fn is_sid(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// A message that was created.
#[derive(Debug, Deserialize)]
pub(crate) struct CreatedMessage {
    pub(crate) sid: String,
    #[serde(default)]
    pub(crate) status: Option<String>,
    #[serde(default)]
    pub(crate) error_code: Option<u32>,
}

/// A verification that was created, or was there already and was sent again.
#[derive(Debug, Deserialize)]
pub(crate) struct CreatedVerification {
    pub(crate) sid: String,
    #[serde(default)]
    send_code_attempts: Option<Vec<IgnoredAny>>,
}

impl CreatedVerification {
    /// Whether it was pending before, so that an older code may have been sent.
    pub(crate) fn is_reused(&self) -> bool {
        self.send_code_attempts
            .as_ref()
            .is_some_and(|attempts| attempts.len() > 1)
    }
}

/// A refusal.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: Option<u32>,
}

/// The account.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) status: String,
    #[serde(rename = "type", default)]
    pub(crate) kind: Option<String>,
}

/// A Verify Service.
#[derive(Debug, Deserialize)]
pub(crate) struct VerifyService {
    #[serde(default)]
    pub(crate) custom_code_enabled: Option<bool>,
}

/// Reads an answer; `None` if it is something else.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}
