//! What the answer to a charge means: taken, declined, not sent, or unknown.
//!
//! Source: the error tables of CCBill's RESTful API guide; "For What Reasons Would My Bank Decline My Purchase?" of its
//! support pages for the words of declines, whose numbers are not published.

use std::time::Duration;

use portcullis_ports::http::HttpResponse;
use portcullis_ports::outcome::Reason;
use portcullis_ports::payments::{DeclineClass, Failure};

use crate::client::{Asked, TRY_AGAIN};
use crate::wire::{Refusal, Sold};

/// CCBill locks for so long after too many logins, and counts sales by the hour.
pub(crate) const LOCK: Duration = Duration::from_hours(1);

/// What became of a charge.
pub(crate) enum Charged {
    /// The money was taken: the subscription that it made.
    Taken(String),
    /// It was declined: why, and the name of the denial.
    Denied(Failure, Option<String>),
    /// It was not asked for.
    NotSent(Reason),
    /// It may have happened.
    Unknown,
}

impl Charged {
    pub(crate) fn of(asked: Asked) -> Self {
        let answer = match asked {
            Asked::Answer(answer) => answer,
            Asked::NotSent(reason) => return Self::NotSent(reason),
            Asked::Unknown => return Self::Unknown,
        };
        if !answer.is_success() {
            return Self::refused(&answer);
        }
        // The verdict is in the body: declines have status 200 as well.
        match serde_json::from_slice::<Sold>(&answer.body) {
            Ok(sold) if sold.approved => match sold.subscription_id.filter(|id| !id.is_empty()) {
                Some(subscription) => Self::Taken(subscription),
                None => Self::Unknown,
            },
            Ok(sold) => {
                let denial = sold.denial_id.clone();
                Self::Denied(declined(&sold), denial)
            }
            Err(_) => Self::Unknown,
        }
    }

    fn refused(answer: &HttpResponse) -> Self {
        let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = refusal.error_code.unwrap_or_default();
        let named = if code == 0 {
            answer.status.to_string()
        } else {
            code.to_string()
        };
        let denied = |class, detail: &str| Self::Denied(Failure::new(class, named.clone(), detail), None);
        match (answer.status, code) {
            (_, 100_101 | 100_102) => denied(
                DeclineClass::OtherMethod,
                "the payment token has expired, is used up, or is unknown: another method is needed",
            ),
            (_, 100_020 | 100_100) => denied(
                DeclineClass::OurSide,
                "the account or the rights of the application are at fault: check `client_account` and \
                 `client_subaccount`, and ask CCBill",
            ),
            (500, 100_107) => Self::NotSent(Reason::outage(
                "api-address-refused",
                "CCBill takes no calls from the address of this machine: have it registered",
                LOCK,
            )),
            (500, 100_108) => denied(DeclineClass::OurSide, "CCBill has deactivated the account"),
            (500, 100_109) => Self::NotSent(Reason::outage(
                "too-many-logins",
                "CCBill locks for an hour after too many logins",
                LOCK,
            )),
            (500, 100_110 | 100_111) => Self::NotSent(Reason::passing(
                "account-limit",
                "the account's limit of sales or of their sum is reached: ask CCBill to raise it",
                LOCK,
            )),
            (429, _) => Self::NotSent(Reason::passing(
                "too-many-requests",
                "CCBill takes no more requests",
                TRY_AGAIN,
            )),
            (400 | 403 | 404 | 405 | 406 | 415 | 422, _) => {
                let fields: Vec<_> = refusal.errors.iter().map(|error| error.field.as_str()).collect();
                let fields = fields.join(", ");
                denied(
                    DeclineClass::OurSide,
                    &format!("CCBill does not take the order; fields: {fields}"),
                )
            }
            // CCBill may have acted before it failed, and whatever stands before it may have cut it off.
            _ => Self::Unknown,
        }
    }
}

/// What would help against a decline. CCBill publishes words and no numbers, so the words decide.
fn declined(sold: &Sold) -> Failure {
    const WORDS: &[(&str, DeclineClass)] = &[
        ("insufficient", DeclineClass::RetryLater),
        ("try again", DeclineClass::RetryLater),
        ("try using the card again", DeclineClass::RetryLater),
        ("network", DeclineClass::RetryLater),
        ("pick up", DeclineClass::Never),
        ("stolen", DeclineClass::Never),
        ("lost", DeclineClass::Never),
        ("3ds", DeclineClass::Authenticate),
        ("3-d secure", DeclineClass::Authenticate),
        ("authentication", DeclineClass::Authenticate),
        ("pricing", DeclineClass::OurSide),
        ("inactive", DeclineClass::OurSide),
    ];
    let said = sold.decline_text.as_deref().unwrap_or_default().to_lowercase();
    let known = WORDS.iter().find(|(word, _)| said.contains(word));
    let class = known.map_or(DeclineClass::OtherMethod, |(_, class)| *class);
    let code = sold
        .decline_code
        .map_or_else(|| "declined".to_owned(), |code| code.to_string());
    Failure::new(class, code, "the bank or CCBill declined the payment")
}
