//! What Twilio posts to us: reports on messages and messages of recipients, signed.

use portcullis_ports::Secret;

use super::{ACCOUNT, AUTH_TOKEN, NUMBER, Simulator};
use crate::signature::{Algorithm, SIGNATURE, sign};

/// A delivery to one of our addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The address.
    pub url: String,
    /// Names in lower case and values.
    pub headers: Vec<(String, String)>,
    /// The form.
    pub body: Vec<u8>,
}

impl Callback {
    fn signed(url: &str, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let signature = sign(Algorithm::HmacSha1, &Secret::new(AUTH_TOKEN), url, &pairs).unwrap_or_default();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Self {
            url: url.to_owned(),
            headers: vec![
                (
                    "content-type".to_owned(),
                    "application/x-www-form-urlencoded; charset=UTF-8".to_owned(),
                ),
                (SIGNATURE.to_owned(), signature),
            ],
            body: body.into_bytes(),
        }
    }
}

impl Simulator {
    /// Moves a message on and says so at its callback address; `None` if there is no such message or no such address.
    pub fn report(&self, sid: &str, status: &str, error_code: Option<u32>) -> Option<Callback> {
        let now = self.clock.now();
        let mut state = self.state();
        let message = state.messages.iter_mut().find(|message| message.sid == sid)?;
        status.clone_into(&mut message.status);
        (message.error_code, message.updated_at) = (error_code, now);
        let from = message.from.as_deref().unwrap_or(NUMBER);
        let mut fields = vec![
            ("MessageSid", sid),
            ("SmsSid", sid),
            ("MessageStatus", status),
            ("SmsStatus", status),
            ("To", message.to.as_str()),
            ("From", from),
            ("AccountSid", ACCOUNT),
            ("ApiVersion", "2010-04-01"),
        ];
        let code = error_code.map(|code| code.to_string());
        fields.extend(code.as_deref().map(|code| ("ErrorCode", code)));
        fields.extend(
            message
                .messaging_service
                .as_deref()
                .map(|sid| ("MessagingServiceSid", sid)),
        );
        Some(Callback::signed(message.status_callback.as_deref()?, &fields))
    }

    /// A message to [`NUMBER`], with the word `STOP`, `START` or `HELP` if it holds such a wish, posted to `url`.
    pub fn incoming(&self, url: &str, from: &str, body: &str, opt_out: Option<&str>) -> Callback {
        let sid = self.state().sid("SM");
        let mut fields = vec![
            ("MessageSid", sid.as_str()),
            ("SmsSid", &sid),
            ("SmsMessageSid", &sid),
            ("SmsStatus", "received"),
            ("AccountSid", ACCOUNT),
            ("From", from),
            ("To", NUMBER),
            ("Body", body),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("ApiVersion", "2010-04-01"),
        ];
        fields.extend(opt_out.map(|word| ("OptOutType", word)));
        Callback::signed(url, &fields)
    }
}
