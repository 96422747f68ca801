//! A message as it goes over the wire (RFC 5322): headers that cannot be broken out of, text and page side by side.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use portcullis_ports::Timestamp;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::notification::Message;
use portcullis_ports::wording::one_line;

/// What every mail begins with.
#[derive(Debug, Clone)]
pub(crate) struct Letterhead {
    pub(crate) from: Mailbox,
    pub(crate) reply_to: Option<EmailAddress>,
}

impl Letterhead {
    /// The `Message-ID` without its brackets: the same on every attempt, so that a repeat can be recognised.
    pub(crate) fn reference(&self, message: &Message) -> String {
        format!("{}@{}", message.id, self.from.email.domain())
    }

    /// Writes the mail, or says why it cannot be written.
    pub(crate) fn write(
        &self,
        message: &Message,
        to: &EmailAddress,
        now: Timestamp,
    ) -> Result<lettre::Message, String> {
        let since_epoch = Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
        let mut mail = lettre::Message::builder()
            .message_id(Some(format!("<{}>", self.reference(message))))
            .date(UNIX_EPOCH + since_epoch)
            .from(self.from.clone())
            .to(mailbox(to)?)
            .subject(one_line(&message.subject))
            // Keeps absence notices from being sent back (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(reply_to) = &self.reply_to {
            mail = mail.reply_to(mailbox(reply_to)?);
        }
        let text = message.text.clone();
        let written = match &message.html {
            Some(html) => mail.multipart(MultiPart::alternative_plain_html(text, html.clone())),
            None => mail.singlepart(SinglePart::plain(text)),
        };
        written.map_err(|error| error.to_string())
    }
}

fn mailbox(address: &EmailAddress) -> Result<Mailbox, String> {
    // The parser's own words quote the address.
    let parsed = address.as_str().parse();
    parsed
        .map(|address| Mailbox::new(None, address))
        .map_err(|_| "the address cannot be written in a mail".to_owned())
}

#[cfg(test)]
mod tests {
    use portcullis_ports::id::MessageId;
    use portcullis_ports::notification::Destination;
    use portcullis_ports::testkit::FakeEntropy;
    use proptest::prelude::*;

    use super::*;

    fn written(subject: &str, text: &str, html: Option<String>) -> String {
        let to = EmailAddress::parse("ada@example.org").unwrap();
        let message = Message {
            id: MessageId::random(&FakeEntropy::default()).unwrap(),
            to: Destination::Email(to.clone()),
            subject: subject.to_owned(),
            text: text.to_owned(),
            html,
            code: None,
        };
        let letterhead = Letterhead {
            from: "\"Exämple, Inc.\" <no-reply@example.com>".parse().unwrap(),
            reply_to: Some(EmailAddress::parse("help@example.com").unwrap()),
        };
        let mail = letterhead
            .write(&message, &to, Timestamp::from_seconds(1_790_000_000))
            .unwrap();
        String::from_utf8(mail.formatted()).unwrap()
    }

    fn headers(mail: &str) -> Vec<String> {
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        unfolded.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_mail_names_itself_and_says_that_a_machine_wrote_it() {
        let mail = written("Your code", "123456", None);
        let headers = headers(&mail);
        assert!(
            headers
                .iter()
                .any(|line| line.starts_with("Message-ID: <msg_") && line.ends_with("@example.com>"))
        );
        for line in [
            "Date: Mon, 21 Sep 2026 14:13:20 +0000",
            "To: ada@example.org",
            "Reply-To: help@example.com",
            "Subject: Your code",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(headers.contains(&line.to_owned()), "{line} is not in {headers:?}");
        }
        assert!(mail.trim_end().ends_with("123456"));
    }

    #[test]
    fn a_page_comes_after_the_text_as_the_better_alternative() {
        let mail = written("s", "the text", Some("<p>the page</p>".to_owned()));
        assert!(mail.contains("Content-Type: multipart/alternative"));
        let text = mail.find("text/plain; charset=utf-8").unwrap();
        assert!(text < mail.find("text/html; charset=utf-8").unwrap());
    }

    proptest! {
        #[test]
        fn no_subject_or_text_adds_a_header(
            subject in "(\\PC|\r|\n|\t|\u{2028}|\0){0,120}", text in "(\\PC|\r|\n){0,120}",
        ) {
            let plain = headers(&written("s", "t", None));
            let named = |line: &String| line.split(':').next().unwrap_or_default().to_owned();
            let expected: Vec<String> = plain.iter().map(named).collect();
            let mail = written(&format!("{subject}\r\nBcc: eve@example.net"), &text, None);
            let found: Vec<String> = headers(&mail).iter().map(named).collect();
            prop_assert_eq!(found, expected);
            prop_assert!(mail.is_ascii());
        }
    }
}
