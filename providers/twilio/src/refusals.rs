//! What Twilio's error codes mean: for a message that was refused, and for one that could not be delivered.

use std::time::Duration;

use portcullis_ports::http::HttpResponse;
use portcullis_ports::outcome::{Outcome, Reason, Reference};

use crate::wire::{Refusal, read};

/// When to ask again after being asked too much, if Twilio does not say.
const SOON: Duration = Duration::from_secs(5);
/// When a full queue has moved on.
const QUEUE: Duration = Duration::from_mins(1);
/// When the operator may have put the account right.
const REPAIR: Duration = Duration::from_mins(5);
/// A verification is over after this long, and its limits with it.
const VERIFICATION: Duration = Duration::from_mins(10);

/// Whom a refusal concerns.
#[derive(Debug, Clone, Copy)]
enum Concerns {
    /// This message to this recipient: another attempt is refused as well.
    Message,
    /// Our account: nothing was sent, nor would any other message be, until the operator has acted.
    Account,
    /// Our sender and perhaps this message alone: nothing was sent, and the operator has to act.
    Us,
    /// The moment: nothing was sent, and later it works again.
    Moment(Duration),
}

/// The codes of refusals: <https://www.twilio.com/docs/api/errors>.
const REFUSALS: &[(&[u32], Concerns, &str, &str)] = &[
    (
        &[20003],
        Concerns::Account,
        "credentials-rejected",
        "account, token or API key is not accepted",
    ),
    (
        &[20403],
        Concerns::Account,
        "not-permitted",
        "the account may not do this",
    ),
    (
        &[20404],
        Concerns::Us,
        "sender-misconfigured",
        "there is no such account or Verify Service",
    ),
    (
        &[20429],
        Concerns::Moment(SOON),
        "too-busy",
        "too many requests at the same time",
    ),
    (
        &[21211, 21217, 60200],
        Concerns::Message,
        "address-rejected",
        "the number or the code is not valid",
    ),
    (
        &[60205],
        Concerns::Message,
        "address-rejected",
        "the number is a landline",
    ),
    (
        &[21610],
        Concerns::Message,
        "opted-out",
        "the recipient asked for no more messages",
    ),
    (
        &[21408, 60605],
        Concerns::Message,
        "country-not-enabled",
        "the account may not send to this country",
    ),
    (
        &[21612, 21614, 21635],
        Concerns::Message,
        "not-reachable",
        "the number cannot be reached by text message",
    ),
    (
        &[60410],
        Concerns::Message,
        "prefix-blocked",
        "Fraud Guard blocks numbers of this kind",
    ),
    (
        &[21602, 21617],
        Concerns::Message,
        "text-rejected",
        "the text is empty or longer than 1600 characters",
    ),
    (
        &[21212, 21606, 21659, 21660, 21703],
        Concerns::Us,
        "sender-misconfigured",
        "the number or Messaging Service cannot send; check `from` and `messaging_service_sid`",
    ),
    (
        &[21609],
        Concerns::Us,
        "sender-misconfigured",
        "the address for status callbacks is not accepted; check the public address of this service",
    ),
    (
        &[60204],
        Concerns::Us,
        "sender-misconfigured",
        "the Verify Service does not allow custom codes; turn them on in its settings",
    ),
    (
        &[21611],
        Concerns::Moment(QUEUE),
        "queue-full",
        "the queue of the sending number is full",
    ),
    (
        &[60202, 60203, 60212],
        Concerns::Moment(VERIFICATION),
        "too-many-codes",
        "too many codes for this number",
    ),
];

/// The codes of deliveries that failed: <https://www.twilio.com/docs/api/errors>.
const FAILURES: &[(u32, &str)] = &[
    (21610, "the recipient asked for no more messages"),
    (30001, "the queue overflowed"),
    (30002, "the account is suspended"),
    (30003, "the phone could not be reached"),
    (30004, "the message is blocked for this recipient"),
    (30005, "the number does not exist"),
    (
        30006,
        "the number is a landline or cannot be reached by this carrier",
    ),
    (30007, "the carrier filtered the message"),
    (30008, "the carrier gave no reason"),
    (30010, "the message would have cost more than allowed"),
    (30032, "the toll-free number is not verified"),
    (
        30034,
        "the number is not registered for messages to the United States",
    ),
];

/// What follows from an answer that is no success. `ours` names the message where Twilio gave it no name.
pub(crate) fn outcome<T>(response: &HttpResponse, ours: &str) -> Outcome<T> {
    let status = response.status;
    if !(400..500).contains(&status) || status == 408 {
        return Outcome::Unknown(Reference::Ours(ours.to_owned()));
    }
    let code = read::<Refusal>(&response.body).and_then(|refusal| refusal.code);
    let known = REFUSALS
        .iter()
        .find(|(codes, ..)| code.is_some_and(|code| codes.contains(&code)));
    let (concerns, word, meaning) = match (known, status) {
        (Some((_, concerns, word, meaning)), _) => (*concerns, *word, *meaning),
        (None, 401 | 403) => (
            Concerns::Account,
            "credentials-rejected",
            "Twilio did not accept who asked",
        ),
        (None, 404) => (
            Concerns::Us,
            "sender-misconfigured",
            "Twilio knows no such resource",
        ),
        (None, 429) => (Concerns::Moment(SOON), "too-busy", "too many requests"),
        (None, _) => (Concerns::Message, "refused", "Twilio refused it"),
    };
    let detail = match code {
        Some(code) => format!("{meaning} (error {code}, HTTP {status})"),
        None => format!("{meaning} (HTTP {status})"),
    };
    match concerns {
        Concerns::Message => Outcome::Declined(Reason::permanent(word, detail)),
        Concerns::Account => Outcome::NotSent(Reason::outage(word, detail, REPAIR)),
        Concerns::Us => Outcome::NotSent(Reason::permanent(word, detail)),
        Concerns::Moment(wait) => {
            Outcome::NotSent(Reason::passing(word, detail, asked(response).unwrap_or(wait)))
        }
    }
}

/// How long Twilio asks to wait: `Retry-After` in seconds, at most an hour.
fn asked(response: &HttpResponse) -> Option<Duration> {
    let seconds: u64 = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(3600)))
}

/// Why a delivery failed, for the operator.
pub(crate) fn failure(code: Option<u32>) -> String {
    let known = |code: u32| {
        FAILURES
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, meaning)| *meaning)
    };
    match code.map(|code| (code, known(code))) {
        Some((code, Some(meaning))) => format!("{meaning} (error {code})"),
        Some((code, None)) => format!("error {code}"),
        None => "Twilio gave no reason".to_owned(),
    }
}
