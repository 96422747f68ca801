//! Authorisations: captured, released, renewed.

use std::time::Duration;

use portcullis_ports::Timestamp;
use serde_json::{Value, json};

use super::answers::{Answer, Problem, refuse, show};
use super::asked::Asked;
use super::state::{Behaviour, State, link, money};
use crate::terms::{HONOURED, from_time, to_time};

/// How long a renewed authorisation is honoured.
const RENEWED: Duration = Duration::from_hours(24 * 29);

fn over(hold: &Value, now: Timestamp) -> bool {
    hold["expiration_time"]
        .as_str()
        .and_then(from_time)
        .is_none_or(|end| end <= now)
}

pub(super) fn capture(state: &mut State, id: &str, asked: &Asked) -> Answer {
    let Some(place) = state.find("authorizations", id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let hold = state.alone("authorizations", &place);
    let issue = match hold["status"].as_str() {
        Some("CREATED") if over(&hold, state.now) => Some("AUTHORIZATION_EXPIRED"),
        Some("CREATED") => None,
        Some("VOIDED") => Some("AUTHORIZATION_VOIDED"),
        Some("DENIED") => Some("AUTHORIZATION_DENIED"),
        _ => Some("AUTHORIZATION_ALREADY_CAPTURED"),
    };
    if let Some(issue) = issue {
        return refuse(Problem::Unprocessable, issue);
    }
    let (Some(most), Some(amount)) = (money(&hold["amount"]), money(&asked.body["amount"])) else {
        return refuse(Problem::Unprocessable, "DECIMAL_PRECISION");
    };
    // A little more than was held is taken.
    if amount.currency != most.currency || amount.minor > most.minor * 115 / 100 {
        return refuse(Problem::Unprocessable, "MAX_CAPTURE_AMOUNT_EXCEEDED");
    }
    if asked
        .text("/invoice_id")
        .is_some_and(|invoice| state.invoices.contains(invoice))
    {
        return refuse(Problem::Unprocessable, "DUPLICATE_INVOICE_ID");
    }
    if let Some(hold) = state.part_mut("authorizations", &place) {
        hold["status"] = json!("CAPTURED");
    }
    let capture = state.collect(&place.0, amount, Behaviour::Account, Some(id));
    let made = state.find("captures", &capture);
    show(
        201,
        made.map(|made| state.alone("captures", &made))
            .unwrap_or_default(),
    )
}

pub(super) fn void(state: &mut State, id: &str) -> Answer {
    let Some(place) = state.find("authorizations", id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let hold = state.alone("authorizations", &place);
    match hold["status"].as_str() {
        Some("CREATED") => {}
        Some("VOIDED") => return refuse(Problem::Unprocessable, "PREVIOUSLY_VOIDED"),
        _ => return refuse(Problem::Unprocessable, "PREVIOUSLY_CAPTURED"),
    }
    // A renewed hold and the one before it end together.
    let id = id.to_owned();
    if let Some(order) = state.orders.get_mut(&place.0)
        && let Some(holds) = order.shown["purchase_units"][0]["payments"]["authorizations"].as_array_mut()
    {
        for hold in holds {
            hold["status"] = json!("VOIDED");
        }
    }
    state.tell(
        "authorizations",
        &id,
        "PAYMENT.AUTHORIZATION.VOIDED",
        "authorization",
    );
    show(200, state.alone("authorizations", &place))
}

pub(super) fn renew(state: &mut State, id: &str) -> Answer {
    let Some(place) = state.find("authorizations", id) else {
        return refuse(Problem::NotFound, "INVALID_RESOURCE_ID");
    };
    let hold = state.alone("authorizations", &place);
    let made = hold["create_time"].as_str().and_then(from_time);
    let early = made.is_none_or(|made| state.now.since(made) < HONOURED);
    match hold["status"].as_str() {
        Some("CREATED") if early || over(&hold, state.now) => {
            return refuse(Problem::Unprocessable, "REAUTHORIZATION_NOT_SUPPORTED");
        }
        Some("CREATED") => {}
        Some("VOIDED") => return refuse(Problem::Unprocessable, "AUTHORIZATION_VOIDED"),
        _ => return refuse(Problem::Unprocessable, "AUTHORIZATION_ALREADY_CAPTURED"),
    }
    let renewed = state.id("A");
    let mut made = hold;
    if let Some(members) = made.as_object_mut() {
        members.remove("supplementary_data");
        members.remove("payee");
    }
    made["id"] = json!(renewed);
    made["create_time"] = json!(state.time());
    made["expiration_time"] = json!(to_time(state.now + RENEWED));
    made["links"] = json!([link(
        &state.origin,
        &format!("/v2/payments/authorizations/{renewed}"),
        "self",
        "GET"
    )]);
    state.add_part(&place.0, "authorizations", made);
    let made = state.find("authorizations", &renewed);
    show(
        201,
        made.map(|made| state.alone("authorizations", &made))
            .unwrap_or_default(),
    )
}
