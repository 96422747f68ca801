//! What simulated SNS posts: envelopes, signed.

use portcullis_ports::Timestamp;
use serde_json::{Value, json};

use super::TOPIC;
use super::signer::{CERTIFICATE_URL, sign};

const CONFIRM: &str = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=";

/// One delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice(Value);

portcullis_ports::cfg_testkit! {
    impl Notice {
        /// The headers as they are posted.
        pub fn headers(&self) -> portcullis_ports::testkit::FakeRequest {
            let text = |field: &str| self.0[field].as_str().unwrap_or_default().to_owned();
            portcullis_ports::testkit::FakeRequest::new()
                .header("content-type", "text/plain; charset=UTF-8")
                .header("x-amz-sns-message-type", text("Type"))
                .header("x-amz-sns-message-id", text("MessageId"))
                .header("x-amz-sns-topic-arn", text("TopicArn"))
        }
    }
}

impl Notice {
    pub(super) fn notification(number: u64, at: Timestamp, message: &str) -> Self {
        let mut notice = Self(json!({
            "Type": "Notification",
            "MessageId": id(number),
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": iso(at),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE_URL,
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        }));
        notice.sign();
        notice
    }

    pub(super) fn subscription(number: u64, at: Timestamp) -> Self {
        let token = format!("token{number}");
        let mut notice = Self(json!({
            "Type": "SubscriptionConfirmation",
            "MessageId": id(number),
            "Token": token,
            "TopicArn": TOPIC,
            "Message": "You have chosen to subscribe to the topic.",
            "SubscribeURL": format!("{CONFIRM}{TOPIC}&Token={token}"),
            "Timestamp": iso(at),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE_URL,
        }));
        notice.sign();
        notice
    }

    /// Changes a field, and signs again if asked.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>, signed: bool) -> Self {
        self.0[field] = value.into();
        if signed {
            self.sign();
        }
        self
    }

    /// The envelope.
    pub fn envelope(&self) -> &Value {
        &self.0
    }

    /// The body as it is posted.
    pub fn body(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    /// Written apart from the receiver's code, so that one cannot hide a mistake of the other.
    fn sign(&mut self) {
        let names = [
            "Message",
            "MessageId",
            "Subject",
            "SubscribeURL",
            "Timestamp",
            "Token",
            "TopicArn",
            "Type",
        ];
        let mut text = String::new();
        for name in names {
            if let Some(value) = self.0[name].as_str() {
                text = format!("{text}{name}\n{value}\n");
            }
        }
        self.0["Signature"] = sign(&text).into();
    }
}

/// The token in the address with which a subscription is confirmed.
pub(super) fn confirmation(url: &str) -> Option<&str> {
    let rest = url.strip_prefix(CONFIRM)?.strip_prefix(TOPIC)?;
    rest.strip_prefix("&Token=")
}

fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// As SNS and SES write a time.
pub(super) fn iso(at: Timestamp) -> String {
    let seconds = aws_smithy_types::DateTime::from_secs(at.seconds());
    let text = seconds
        .fmt(aws_smithy_types::date_time::Format::DateTime)
        .unwrap_or_default();
    text.replace('Z', ".000Z")
}
