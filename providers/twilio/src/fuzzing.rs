//! What fuzzing asks of the parsers: entry points that fail when a promise does not hold.

use std::collections::BTreeMap;

use portcullis_ports::identity::Presented;
use portcullis_ports::inbound::WebhookRequest;
use portcullis_ports::{Secret, Timestamp};

use crate::signature::{Algorithm, Keys, SETTINGS, SIGNATURE, form, sign};

struct Headers<'a> {
    signature: &'a str,
    settings: Option<&'a str>,
}

impl Presented for Headers<'_> {
    fn bearer(&self) -> Option<&str> {
        None
    }

    fn header(&self, name: &str) -> Option<&str> {
        match name {
            SIGNATURE => Some(self.signature),
            SETTINGS => self.settings,
            "content-type" => Some("application/x-www-form-urlencoded"),
            _ => None,
        }
    }
}

const URL: &str = "https://gate.example.com/webhooks/senders/texts";

/// Whatever the headers say, only a signature over this body with this key is believed, and that one always is.
///
/// # Panics
/// When that does not hold.
pub fn signature(given: &str, settings: Option<&str>, body: &[u8]) {
    let secret = Secret::new("the token of this account");
    let keys = Keys {
        tokens: vec![secret.clone()],
        shared: BTreeMap::new(),
    };
    let believed = |signature: &str, settings| {
        let headers = Headers { signature, settings };
        let delivery = WebhookRequest {
            headers: &headers,
            url: URL,
            body,
            received_at: Timestamp::from_seconds(0),
            peer: std::net::IpAddr::from([192, 0, 2, 1]),
            token: None,
        };
        keys.check(&delivery).is_ok()
    };
    let expected = sign(Algorithm::HmacSha1, &secret, URL, &form(body)).unwrap_or_default();
    assert!(believed(&expected, None), "a genuine delivery is refused");
    assert!(
        !believed(given, settings) || given == expected,
        "a forged delivery is believed"
    );
}

/// A form is taken apart, and what is written again reads the same.
///
/// # Panics
/// When that does not hold.
pub fn parameters(body: &[u8]) {
    let read = form(body);
    let written = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&read)
        .finish();
    assert_eq!(form(written.as_bytes()), read);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn only_signatures_over_the_body_are_believed(given in ".{0,40}", settings in proptest::option::of("(key|algorithm|x)=[A-Z_0-9]{0,12}(,key=k)?"), body: Vec<u8>) {
            super::signature(&given, settings.as_deref(), &body);
        }

        #[test]
        fn forms_are_read_as_they_are_written(body in "[a-zA-Z0-9%&=+; é]{0,80}") {
            super::parameters(body.as_bytes());
        }
    }
}
