//! What fuzzing asks of the parsers: entry points that fail when a promise does not hold.

use crate::events;
use crate::sns::{Envelope, is_certificate, is_of_sns};

/// A body is read or refused. What would be signed holds every value of the message, so that no altered message has the
/// text of another one.
///
/// # Panics
/// When that does not hold.
pub fn envelope(body: &[u8]) {
    let Ok(envelope) = Envelope::read(body) else {
        return;
    };
    if let Some(text) = envelope.signed_text() {
        for value in [
            &envelope.message,
            &envelope.message_id,
            &envelope.topic_arn,
            &envelope.kind,
        ] {
            assert!(text.contains(value.as_str()), "a value is not signed");
        }
    }
}

/// An address counts as one of SNS only where its host is below the domain of AWS.
///
/// # Panics
/// When that does not hold.
pub fn address(url: &str) {
    if is_of_sns(url) {
        let host = url.split('/').nth(2).unwrap_or_default();
        assert!(
            url.starts_with("https://sns.")
                && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")),
            "another host is taken for SNS"
        );
    }
    assert!(!is_certificate(url) || is_of_sns(url));
}

/// An event is read or refused with a reason of ours, which holds nothing of the text.
///
/// # Panics
/// When reading panics.
pub fn event(text: &str) {
    drop(events::read(text));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn messages_and_events_are_read_or_refused(
            kind in "Notification|SubscriptionConfirmation|Other",
            values in "[ -~é\\n]{0,40}",
            text in ".{0,200}",
        ) {
            super::envelope(text.as_bytes());
            super::event(&text);
            let message = serde_json::json!({
                "Type": kind, "MessageId": values, "TopicArn": values, "Message": text, "Timestamp": "2026-09-21T14:13:22.000Z",
                "SignatureVersion": "2", "Signature": "", "SigningCertURL": values, "SubscribeURL": values, "Token": values,
            });
            super::envelope(message.to_string().as_bytes());
        }

        #[test]
        fn only_hosts_of_aws_are_taken_for_sns(url in "https://(sns\\.)?[a-z0-9@./\\\\#:-]{0,30}(\\.amazonaws\\.com)?(\\.cn)?/[a-z.?]{0,9}(\\.pem)?") {
            super::address(&url);
        }
    }
}
