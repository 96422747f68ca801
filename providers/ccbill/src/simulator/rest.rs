//! The REST API: tokens of the two applications, payment tokens, sales.

use std::collections::BTreeMap;
use std::time::Duration;

use data_encoding::BASE64;
use portcullis_ports::http::{HttpMethod, HttpResponse};
use portcullis_ports::money::Decimal;
use serde_json::{Value, json};

use super::asked::{Asked, refuse, say};
use super::state::{MadeToken, State, UsesLeft};
use super::{ACCOUNT, BACKEND, CcbillFault, FRONTEND, SUBACCOUNT};
use crate::client::VERSION;

/// How long an OAuth token lasts, in seconds.
const LASTS: u64 = 1_200;
/// What a sale needs.
const NEEDED: [&str; 5] = [
    "clientAccnum",
    "clientSubacc",
    "initialPrice",
    "initialPeriod",
    "currencyCode",
];
const NEEDED_3DS: [&str; 5] = [
    "threedsCardToken",
    "threedsCavv",
    "threedsEci",
    "threedsClientTransactionId",
    "threedsSuccess",
];

pub(super) fn token(state: &mut State, asked: &Asked) -> HttpResponse {
    let known = [FRONTEND, BACKEND].into_iter().find(|(id, secret)| {
        let credentials = BASE64.encode(format!("{id}:{secret}").as_bytes());
        asked.header("authorization") == format!("Basic {credentials}")
    });
    let Some((id, _)) =
        known.filter(|_| asked.form().get("grant_type").map(String::as_str) == Some("client_credentials"))
    else {
        return say(
            401,
            &json!({ "error": "invalid_client", "error_description": "Bad credentials" }),
        );
    };
    let token = format!("token-{}", state.number());
    let until = state.now + Duration::from_secs(LASTS);
    state.issued.insert(token.clone(), (id, until));
    say(
        200,
        &json!({ "access_token": token, "token_type": "bearer", "expires_in": LASTS, "scope": "all" }),
    )
}

pub(super) fn answer(state: &mut State, asked: &Asked, parts: &[&str]) -> HttpResponse {
    let given = asked
        .header("authorization")
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    let known = state.issued.get(given).filter(|(_, until)| state.now < *until);
    let Some((application, _)) = known else {
        return say(
            401,
            &json!({ "error": "invalid_token", "error_description": "Invalid access token" }),
        );
    };
    if *application != BACKEND.0 {
        return refuse(403, 100_020, &[]);
    }
    if asked.header("accept") != VERSION {
        return refuse(406, 0, &[]);
    }
    match (asked.method, parts) {
        (HttpMethod::Get, ["payment-tokens", id]) => match state.tokens.get(*id) {
            Some(made) => say(200, &shown(id, made)),
            None => refuse(404, 100_101, &[]),
        },
        (HttpMethod::Get, ["payment-tokens", id, "threeds-required"]) => match state.tokens.get(*id) {
            Some(made) => say(200, &json!({ "required": made.token.secure, "amount": 0 })),
            None => refuse(404, 100_101, &[]),
        },
        (HttpMethod::Get, ["transactions", "payment-tokens", id]) => {
            let used = state.tokens.get(*id).and_then(|made| made.used_for.clone());
            match used {
                Some(subscription) => say(
                    200,
                    &json!({
                        "clientAccnum": ACCOUNT,
                        "clientSubacc": SUBACCOUNT,
                        "subscriptionId": subscription,
                    }),
                ),
                None => refuse(404, 100_101, &[]),
            }
        }
        (HttpMethod::Post, ["transactions", "payment-tokens", "threeds", id]) => sell(state, asked, id, true),
        (HttpMethod::Post, ["transactions", "payment-tokens", id]) => sell(state, asked, id, false),
        _ => refuse(404, 0, &[]),
    }
}

fn shown(id: &str, made: &MadeToken) -> Value {
    json!({
        "paymentTokenId": id,
        "programParticipationId": null,
        "originalPaymentTokenId": null,
        "clientAccnum": ACCOUNT,
        "clientSubacc": SUBACCOUNT,
        "createdDatetime": "2026-11-27T12:00:00",
        "timeToLive": null,
        "validNumberOfUse": match made.token.uses {
            UsesLeft::Many => None,
            // What it was made for, which using it does not change.
            UsesLeft::Some(uses) => Some(uses.max(1)),
        },
        "subscriptionId": made.used_for.as_deref().unwrap_or("0"),
        "paymentInfoId": null,
    })
}

fn sell(state: &mut State, asked: &Asked, id: &str, secure: bool) -> HttpResponse {
    let refuses = |fault: &CcbillFault| matches!(fault, CcbillFault::Refuses(..));
    if let Some(CcbillFault::Refuses(status, code)) = state.fault(refuses) {
        return refuse(status, code, &[]);
    }
    let order = asked.json();
    let needed = NEEDED.iter().chain(NEEDED_3DS.iter().filter(|_| secure));
    let missing: Vec<&str> = needed.filter(|name| order[**name].is_null()).copied().collect();
    if !missing.is_empty() {
        return refuse(400, 200_000, &missing);
    }
    if order["clientAccnum"] != json!(ACCOUNT) || order["clientSubacc"] != json!(SUBACCOUNT) {
        return refuse(400, 100_100, &["clientAccnum"]);
    }
    let price = Decimal::parse(&order["initialPrice"].to_string(), 2);
    let currency = order["currencyCode"]
        .as_u64()
        .and_then(|code| u16::try_from(code).ok());
    let (Ok(price), Some(currency)) = (price, currency) else {
        return refuse(400, 200_000, &["initialPrice"]);
    };
    let Some(made) = state.tokens.get_mut(id) else {
        return refuse(404, 100_101, &[]);
    };
    match &mut made.token.uses {
        UsesLeft::Some(0) => return refuse(400, 100_102, &[]),
        UsesLeft::Some(left) => *left -= 1,
        UsesLeft::Many => {}
    }
    let token = made.token;
    let bank = token.secure && !secure;
    let declined = token
        .declined
        .or(bank.then_some((45, "3DS authentication is required")));
    if let Some((code, words)) = declined {
        let denial = state.number();
        return say(
            200,
            &json!({
                "approved": false, "declineCode": code, "declineText": words, "denialId": denial,
                "paymentUniqueId": "p-1", "sessionId": "s-1", "subscriptionId": null, "newPaymentTokenId": null,
            }),
        );
    }
    let passed = order["passThroughInfo"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let passed: BTreeMap<_, _> = passed
        .iter()
        .map(|one| (text(&one["name"]), text(&one["value"])))
        .collect();
    let recurring = match &order["recurringPrice"] {
        Value::Null => None,
        price => {
            let days = order["recurringPeriod"]
                .as_u64()
                .and_then(|days| u16::try_from(days).ok());
            let price = Decimal::parse(&price.to_string(), 2).ok().map(Decimal::units);
            let (Some(price), Some(days), true) = (price, days, order["rebills"].is_u64()) else {
                return refuse(400, 200_000, &["recurringPrice"]);
            };
            Some((price, days))
        }
    };
    let subscription = state.sell("UpSaleSuccess", (price.units(), currency), passed, recurring);
    if let Some(made) = state.tokens.get_mut(id) {
        made.used_for = Some(subscription.clone());
    }
    if let Some(CcbillFault::ActsThenFails(code)) =
        state.fault(|fault| matches!(fault, CcbillFault::ActsThenFails(_)))
    {
        return refuse(500, code, &[]);
    }
    say(
        200,
        &json!({
            "approved": true, "declineCode": null, "declineText": null, "denialId": null,
            "paymentUniqueId": "p-1", "sessionId": "s-1", "subscriptionId": subscription, "newPaymentTokenId": null,
        }),
    )
}
