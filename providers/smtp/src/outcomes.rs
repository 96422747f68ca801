//! What a conversation that ended early means for the message.

use std::error::Error as _;
use std::time::Duration;

use portcullis_ports::notification::Receipt;
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::wording::remark;

use crate::connection::{Cause, Failure, Step};

/// When to try again after the connection failed.
const SOON: Duration = Duration::from_secs(5);
/// When to try again after the server asked for patience: greylisting wants minutes.
const PATIENCE: Duration = Duration::from_mins(1);
/// When to try again after a refusal that somebody has to look at.
const LATER: Duration = Duration::from_mins(5);

/// The outcome of a failed conversation about the message that is known by `reference`.
pub(crate) fn outcome(failure: &Failure, reference: String) -> Outcome<Receipt> {
    let words = words(failure);
    let Some(reply) = Reply::of(failure) else {
        // Without a reply it counts whether the whole message may have arrived.
        return match (failure.step, &failure.cause) {
            (Step::Content, _) => Outcome::Unknown(Reference::Ours(reference)),
            (_, Cause::NoEncryption) => Outcome::NotSent(Reason::outage("smtp-encryption", words, LATER)),
            (Step::SignIn, Cause::NoSignIn) => Outcome::NotSent(Reason::outage("smtp-sign-in", words, LATER)),
            _ => Outcome::NotSent(Reason::outage("smtp-unreachable", words, SOON)),
        };
    };
    match (failure.step, reply.code) {
        (Step::Connect, _) => Outcome::NotSent(Reason::outage("smtp-refused", words, PATIENCE)),
        (Step::SignIn, 500..) | (_, 530 | 534 | 535 | 538) => {
            Outcome::NotSent(Reason::outage("smtp-sign-in", words, LATER))
        }
        // The server is about to close (RFC 5321, section 3.8).
        (_, 421) => Outcome::NotSent(Reason::outage("smtp-try-later", words, PATIENCE)),
        (_, ..500) => Outcome::NotSent(Reason::passing("smtp-try-later", words, PATIENCE)),
        _ => Outcome::Declined(Reason::permanent(refusal(failure.step, &reply), words)),
    }
}

/// What failed and what to do, for the operator.
pub(crate) fn words(failure: &Failure) -> String {
    let what = match failure.step {
        Step::Connect => "the SMTP server cannot be reached",
        Step::SignIn => "the SMTP server refused username and password",
        Step::Sender => "the SMTP server refused the sender",
        Step::Recipient => "the SMTP server refused the recipient",
        Step::Data | Step::Content => "the SMTP server did not take the message",
    };
    match &failure.cause {
        Cause::Smtp(error) => format!("{what}: {}", remark(&error.to_string())),
        Cause::Late => format!("{what}: it did not answer in time"),
        Cause::OutOfStep => format!("{what}: its replies do not belong to what it was told"),
        Cause::NoEncryption => {
            "the SMTP server does not offer STARTTLS: set encryption = \"tls\" if it encrypts from \
                                the first byte, or use another port"
                .to_owned()
        }
        Cause::NoSignIn => {
            "the SMTP server offers no way to sign in with a password: leave out username and \
                            password, or use another port"
                .to_owned()
        }
    }
}

/// A refusal in the server's words.
struct Reply {
    code: u16,
    /// Class and detail of an enhanced status code such as `5.1.1` (RFC 3463).
    status: Option<(u16, u16)>,
}

impl Reply {
    fn of(failure: &Failure) -> Option<Self> {
        let Cause::Smtp(error) = &failure.cause else {
            return None;
        };
        let code = error.status()?.into();
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        let status = said.split_whitespace().next().and_then(enhanced);
        Some(Self { code, status })
    }
}

fn enhanced(word: &str) -> Option<(u16, u16)> {
    let mut parts = word.split('.').map(str::parse::<u16>);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Ok(2 | 4 | 5)), Some(Ok(subject)), Some(Ok(detail)), None) => Some((subject, detail)),
        _ => None,
    }
}

/// A stable word for a refusal that holds for good: by the enhanced status code if there is one, or else by the code.
fn refusal(step: Step, reply: &Reply) -> &'static str {
    match (step, reply.status, reply.code) {
        (_, Some((1, 7 | 8)), _) | (Step::Sender, _, _) => "sender-rejected",
        (_, Some((2, 2)), _) => "mailbox-full",
        (_, Some((7, _)), _) => "refused-by-policy",
        (_, Some((3, 4)), _) => "message-too-large",
        (_, Some((1, _) | (2, 1)), _) | (Step::Recipient, _, 550 | 551 | 553) => "address-rejected",
        (Step::Recipient, _, 552) => "mailbox-full",
        (_, _, 552) => "message-too-large",
        _ => "message-rejected",
    }
}
