//! What became of a message whose answer was lost: Twilio is asked for what it sent to the number.
//!
//! Twilio keeps no key of ours with a message, so a text message is known by its recipient, its text and its time. A code
//! that Verify sent is not: Verify does not say which code it sent, or whether.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::Timestamp;
use portcullis_ports::http::{HttpResponse, NoAnswer};
use portcullis_ports::notification::{Message, MessageLookup, Receipt, Sought};
use portcullis_ports::outcome::{Outcome, Reason, Reference, Resolution};

use crate::refusals;
use crate::senders::TwilioSender;
use crate::wire::{CreatedMessage, ListedMessage, Messages, is_sid, read};

/// A request that Twilio has not acted on by then was lost: its limit is 60 s at most, and is 10 s unless it is set.
const LOST: Duration = Duration::from_secs(30);
/// How far the clocks may be apart: `portcullis doctor --live` complains from 15 s on.
const SKEW: Duration = Duration::from_mins(1);
/// When to ask again after no answer.
const AGAIN: Duration = Duration::from_secs(15);

#[async_trait]
impl MessageLookup for TwilioSender {
    fn absence_after(&self) -> Duration {
        self.client.limit.max(LOST)
    }

    async fn lookup(&self, sought: &Sought<'_>) -> Resolution<Receipt> {
        match sought.reference {
            Reference::Theirs(sid) if is_sid("SM", sid) || is_sid("MM", sid) => self.by_sid(sid).await,
            Reference::Theirs(_) => cannot_tell("Verify does not say which code it sent"),
            Reference::Ours(_) if self.verify_for(sought.message).is_some() => {
                cannot_tell("Verify does not say which code it sent")
            }
            Reference::Ours(_) => self.by_text(sought).await,
        }
    }
}

impl TwilioSender {
    async fn by_sid(&self, sid: &str) -> Resolution<Receipt> {
        match answered(self.client.message(sid).await) {
            Ok(answer) => match read::<CreatedMessage>(&answer.body) {
                Some(made) => Resolution::Found(made.outcome()),
                None => unreadable(),
            },
            Err(resolution) => resolution,
        }
    }

    async fn by_text(&self, sought: &Sought<'_>) -> Resolution<Receipt> {
        let answer = match answered(self.client.messages_to(sought.message.to.address()).await) {
            Ok(answer) => answer,
            Err(resolution) => return resolution,
        };
        let Some(list) = read::<Messages>(&answer.body) else {
            return unreadable();
        };
        judge(list, sought.message, sought.since)
    }
}

/// What the newest messages to a number say of one.
fn judge(list: Messages, message: &Message, since: Timestamp) -> Resolution<Receipt> {
    let earliest =
        Timestamp::from_millis(since.millis() - i64::try_from(SKEW.as_millis()).unwrap_or(i64::MAX));
    let (recent, older): (Vec<_>, Vec<_>) = list
        .messages
        .into_iter()
        .partition(|listed| listed.created_at().is_none_or(|at| at >= earliest));
    let mut doubtful = false;
    for listed in recent {
        match compare(&listed, message) {
            Comparison::Same => return Resolution::Found(listed.made.outcome()),
            Comparison::Doubtful => doubtful = true,
            Comparison::Other => {}
        }
    }
    if doubtful {
        return cannot_tell("another text went to the number, and it may be this one with other signs");
    }
    // The newest come first: the rest is older than what is on this page.
    if list.next_page_uri.is_some() && older.is_empty() {
        return cannot_tell("too many messages went to the number meanwhile");
    }
    Resolution::Absent
}

enum Comparison {
    Same,
    Other,
    Doubtful,
}

/// Trial accounts put a sentence in front of a text, and Smart Encoding replaces signs that are not ASCII. Neither changes
/// a code.
fn compare(listed: &ListedMessage, message: &Message) -> Comparison {
    let lacks_code = message
        .code
        .as_ref()
        .is_some_and(|code| !listed.body.contains(code.as_str()));
    if listed.body.ends_with(&message.text) {
        Comparison::Same
    } else if !listed.body.contains(char::is_alphanumeric) {
        // An account that redacts shows no text of any message.
        Comparison::Doubtful
    } else if lacks_code || message.text.is_ascii() {
        Comparison::Other
    } else {
        Comparison::Doubtful
    }
}

fn answered(answer: Result<HttpResponse, NoAnswer>) -> Result<HttpResponse, Resolution<Receipt>> {
    let reason = match answer {
        Ok(answer) if answer.is_success() => return Ok(answer),
        Ok(answer) => match refusals::outcome::<Receipt>(&answer, "") {
            Outcome::NotSent(reason) | Outcome::Declined(reason) => reason,
            _ => no_answer(),
        },
        Err(NoAnswer::NotSent(_) | NoAnswer::Unknown(_)) => no_answer(),
    };
    Err(Resolution::CannotTell(reason))
}

fn no_answer() -> Reason {
    Reason::passing("no-answer", "Twilio did not answer", AGAIN)
}

fn unreadable() -> Resolution<Receipt> {
    Resolution::CannotTell(Reason::passing(
        "unreadable",
        "Twilio's answer makes no sense",
        AGAIN,
    ))
}

fn cannot_tell(why: &str) -> Resolution<Receipt> {
    Resolution::CannotTell(Reason::permanent("cannot-tell", why))
}
