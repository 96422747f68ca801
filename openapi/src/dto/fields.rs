//! Fields that several requests about money have.

use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::{Error, Result};

use crate::problem::INVALID_REQUEST;

/// A field that is not what is expected.
pub(crate) fn wrong(field: &str, advice: &str) -> Error {
    INVALID_REQUEST
        .with_detail(format!("{field}: {advice}"))
        .with_field(format!("/{field}"), advice)
}

/// A text of so many characters in one line, without blanks around it; empty where there is none.
pub(crate) fn bounded(field: &str, text: Option<String>, most: usize) -> Result<String> {
    let sent = text.unwrap_or_default();
    let text = sent.trim().to_owned();
    if sent.chars().count() > most || text.chars().any(char::is_control) {
        return Err(wrong(
            field,
            &format!("At most {most} characters in one line are expected."),
        ));
    }
    Ok(text)
}

/// An amount of a request.
pub(super) fn amount(minor: Option<i64>, currency: Option<Currency>) -> Result<Option<Amount>> {
    match (minor, currency) {
        (None, _) => Ok(None),
        (Some(_), None) => Err(wrong(
            "currency",
            "The currency of the amount is expected, such as USD.",
        )),
        (Some(minor), Some(currency)) => match Amount::new(Money::new(minor, currency)) {
            Ok(amount) => Ok(Some(amount)),
            Err(_) => Err(wrong("amount", "More than 0 minor units are expected.")),
        },
    }
}
