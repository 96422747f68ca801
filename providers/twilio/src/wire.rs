//! What Twilio writes: its names for things and the answers, as far as they are read here.

use std::time::UNIX_EPOCH;

use portcullis_ports::Timestamp;
use portcullis_ports::notification::Receipt;
use portcullis_ports::outcome::{Outcome, Reason};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::refusals::failure;

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

impl CreatedMessage {
    /// What became of it: Twilio has it, or would not send it.
    pub(crate) fn outcome(self) -> Outcome<Receipt> {
        let refused = |status: &str| ["failed", "canceled"].contains(&status);
        if self.status.as_deref().is_some_and(refused) {
            return Outcome::Declined(Reason::permanent("refused", failure(self.error_code)));
        }
        Outcome::Done(Receipt { reference: self.sid })
    }
}

/// The newest messages of the account that fit.
#[derive(Debug, Deserialize)]
pub(crate) struct Messages {
    pub(crate) messages: Vec<ListedMessage>,
    #[serde(default)]
    pub(crate) next_page_uri: Option<String>,
}

/// A message in a list.
#[derive(Debug, Deserialize)]
pub(crate) struct ListedMessage {
    #[serde(flatten)]
    pub(crate) made: CreatedMessage,
    pub(crate) body: String,
    #[serde(default)]
    date_created: Option<String>,
}

impl ListedMessage {
    /// When Twilio took it: RFC 2822, always in UTC.
    pub(crate) fn created_at(&self) -> Option<Timestamp> {
        let utc = self.date_created.as_ref()?.strip_suffix(" +0000")?;
        let at = httpdate::parse_http_date(&format!("{utc} GMT")).ok()?;
        let since = at.duration_since(UNIX_EPOCH).ok()?;
        Some(Timestamp::from_seconds(i64::try_from(since.as_secs()).ok()?))
    }
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
