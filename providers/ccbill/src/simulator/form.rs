//! The page of FlexForms: a look-alike that takes test numbers and keeps none.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use md5::{Digest as _, Md5};
use portcullis_ports::http::HttpResponse;
use portcullis_ports::money::Decimal;

use super::asked::{Asked, escaped, page, text};
use super::state::State;
use super::{ACCOUNT, FORM, SALT, SUBACCOUNT};

/// Fields of the address that are the form's own; all others are passed through.
const OWN: [&str; 9] = [
    "clientAccnum",
    "clientSubacc",
    "initialPrice",
    "initialPeriod",
    "currencyCode",
    "formDigest",
    "recurringPrice",
    "recurringPeriod",
    "numRebills",
];
/// The number that pays.
const PAYS: &str = "4242424242424242";

/// What an address asks for.
struct Ordered {
    hundredths: i64,
    currency: u16,
    passed: BTreeMap<String, String>,
    /// The price and the days of what is charged again.
    recurring: Option<(i64, u16)>,
}

/// What an address asks for, if its digest is right.
fn ordered(asked: &Asked, form: &str) -> Option<Ordered> {
    let query = asked.query();
    let word = |name: &str| query.get(name).map_or("", String::as_str);
    let (price, period, currency) = (word("initialPrice"), word("initialPeriod"), word("currencyCode"));
    let recurring = ["recurringPrice", "recurringPeriod", "numRebills"]
        .map(word)
        .concat();
    let digest = HEXLOWER.encode(&Md5::digest(
        format!("{price}{period}{recurring}{currency}{SALT}").as_bytes(),
    ));
    let own = form == FORM
        && word("clientAccnum") == ACCOUNT.to_string()
        && word("clientSubacc") == format!("{SUBACCOUNT:04}");
    if !own || digest != word("formDigest") {
        return None;
    }
    let hundredths = Decimal::parse(price, 2).ok()?.units();
    let currency = currency.parse().ok()?;
    let rebilled = match query.get("recurringPrice") {
        Some(price) => Some((
            Decimal::parse(price, 2).ok()?.units(),
            word("recurringPeriod").parse().ok()?,
        )),
        None => None,
    };
    let passed = query
        .into_iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()));
    Some(Ordered {
        hundredths,
        currency,
        passed: passed.collect(),
        recurring: rebilled,
    })
}

pub(super) fn show(asked: &Asked, form: &str) -> HttpResponse {
    let query = asked.query();
    let word = |name: &str| escaped(query.get(name).map_or("", String::as_str));
    if ordered(asked, form).is_none() {
        return text(403, "The price of this form was not set by the merchant.");
    }
    let filled = include_str!("pages/form.html")
        .replace("{{price}}", &word("initialPrice"))
        .replace("{{currency}}", &word("currencyCode"))
        .replace(
            "{{action}}",
            &escaped(&format!("/wap-frontflex/flexforms/{form}?{}", asked.query)),
        );
    page(filled)
}

pub(super) fn pay(state: &mut State, asked: &Asked, form: &str) -> HttpResponse {
    let Some(ordered) = ordered(asked, form) else {
        return text(403, "The price of this form was not set by the merchant.");
    };
    let entered = asked.form();
    let number: String = entered
        .get("number")
        .map_or("", String::as_str)
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    if number != PAYS {
        return page(result(
            "Declined",
            "The transaction was denied by the bank. Go back to try another card.",
        ));
    }
    let sale = (ordered.hundredths, ordered.currency);
    let subscription = state.sell("NewSaleSuccess", sale, ordered.passed, ordered.recurring);
    let said = format!("Your subscription is {subscription}. You may close this page.");
    page(result("Approved", &said))
}

fn result(title: &str, said: &str) -> String {
    include_str!("pages/result.html")
        .replace("{{title}}", &escaped(title))
        .replace("{{said}}", &escaped(said))
}
