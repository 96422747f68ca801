//! What SNS posts: its envelope, the text that is signed, and the addresses it may name.
//!
//! As Amazon SNS's developer guide has it under "Verifying the signatures of Amazon SNS messages".

use std::fmt::Write as _;

use portcullis_ports::Timestamp;
use serde::Deserialize;

/// The body of a delivery.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Envelope {
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    pub(crate) message_id: String,
    pub(crate) topic_arn: String,
    pub(crate) message: String,
    pub(crate) timestamp: String,
    pub(crate) subject: Option<String>,
    pub(crate) token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    pub(crate) subscribe_url: Option<String>,
    pub(crate) signature_version: String,
    pub(crate) signature: String,
    #[serde(rename = "SigningCertURL")]
    pub(crate) signing_cert_url: String,
}

/// What a delivery is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Notification,
    Subscription,
    Unsubscription,
}

impl Envelope {
    /// Reads a body; the reason names no content.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        // A parser of bytes would not look into values that it skips.
        let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
        serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("the body is not a message of SNS (line {line}, column {column})")
        })
    }

    pub(crate) fn purpose(&self) -> Option<Purpose> {
        match self.kind.as_str() {
            "Notification" => Some(Purpose::Notification),
            "SubscriptionConfirmation" => Some(Purpose::Subscription),
            "UnsubscribeConfirmation" => Some(Purpose::Unsubscription),
            _ => None,
        }
    }

    pub(crate) fn sent_at(&self) -> Option<Timestamp> {
        moment(&self.timestamp)
    }

    /// The text that is signed; `None` if a part of it is missing.
    pub(crate) fn signed_text(&self) -> Option<String> {
        let subject = self.subject.as_deref().map(|subject| ("Subject", subject));
        let parts: Vec<(&str, &str)> = match self.purpose()? {
            Purpose::Notification => [
                ("Message", self.message.as_str()),
                ("MessageId", &self.message_id),
            ]
            .into_iter()
            .chain(subject)
            .chain([("Timestamp", self.timestamp.as_str())])
            .collect(),
            Purpose::Subscription | Purpose::Unsubscription => vec![
                ("Message", &self.message),
                ("MessageId", &self.message_id),
                ("SubscribeURL", self.subscribe_url.as_deref()?),
                ("Timestamp", &self.timestamp),
                ("Token", self.token.as_deref()?),
            ],
        };
        let mut text = String::new();
        for (name, value) in parts
            .into_iter()
            .chain([("TopicArn", self.topic_arn.as_str()), ("Type", &self.kind)])
        {
            // Writing to a string cannot fail.
            writeln!(text, "{name}\n{value}").ok()?;
        }
        Some(text)
    }
}

/// A moment such as `2026-09-21T14:13:22.000Z`.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let parsed =
        aws_smithy_types::DateTime::from_str(text, aws_smithy_types::date_time::Format::DateTime).ok()?;
    parsed.to_millis().ok().map(Timestamp::from_millis)
}

/// Whether an address is of SNS itself: `https`, a host of the form `sns.<region>.amazonaws.com` or `.com.cn`, and
/// nothing that could be read as another host.
pub(crate) fn is_of_sns(url: &str) -> bool {
    let Some((host, _)) = parts(url) else {
        return false;
    };
    let inner = host.strip_suffix(".cn").unwrap_or(host);
    let region = inner
        .strip_prefix("sns.")
        .and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    region.is_some_and(|region| {
        region.len() >= 3
            && region
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// The longest address of a certificate, in bytes; those of SNS have about a hundred.
const LONGEST_CERTIFICATE: usize = 256;

/// Whether an address is that of a certificate of SNS. A query would turn it into a call of the API.
pub(crate) fn is_certificate(url: &str) -> bool {
    url.len() <= LONGEST_CERTIFICATE
        && is_of_sns(url)
        && parts(url)
            .is_some_and(|(_, path)| path.strip_suffix(".pem").is_some() && !path.contains(['?', '#']))
}

/// Host and path of an `https` address that is made of visible ASCII characters.
fn parts(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://")?;
    let clean = rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    clean.then(|| rest.split_once('/')).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_sns_are_its_own() {
        for right in [
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0.pem",
        ] {
            assert!(is_of_sns(right) && is_certificate(right), "{right}");
        }
        for wrong in [
            "",
            "https://",
            "https://sns.us-east-1.amazonaws.com",
            "http://sns.us-east-1.amazonaws.com/a.pem",
            "HTTPS://sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us.amazonaws.com/a.pem",
            "https://sns..amazonaws.com/a.pem",
            "https://sns.a.b.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/a.pem",
            "https://sns.us-east-1.amazonaws.com.cn.cn/a.pem",
            "https://evil.example/sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com@evil.example/a.pem",
            "https://user@sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com:8443/a.pem",
            "https://evil.example\\.sns.us-east-1.amazonaws.com/a.pem",
            "https://evil.example#.sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com /a.pem",
            "https://s3.amazonaws.com/sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.ünï.amazonaws.com/a.pem",
        ] {
            assert!(!is_of_sns(wrong), "{wrong}");
        }
        for wrong in ["/", "/a.crt", "/?Action=X&a=.pem", "/a#.pem", "/a.pem?x"] {
            let url = format!("https://sns.us-east-1.amazonaws.com{wrong}");
            assert!(is_of_sns(&url) && !is_certificate(&url), "{url}");
        }
    }
}
