//! What clients do until the program dies under them: they pay, hold, capture, refund, and ask again.

use std::sync::atomic::Ordering;

use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::{DisputeKind, VendorRef};
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use serde_json::{Value, json};

use super::shop::{Known, Shop, Who};
use crate::program::Door;

const PAYMENTS: &str = "/api/billing/payments";
const OPERATED: &str = "/api/operator/billing/payments";

/// Acts at random, one thing after the other, until the program is gone.
pub(super) async fn act(shop: &Shop, door: &Door, payer: usize) {
    while !shop.over.load(Ordering::Relaxed) {
        let done = match shop.chance.below(14) {
            0..=2 => enters_a_card(shop, door, payer).await,
            3 | 4 => pays_with_what_is_stored(shop, door, payer).await,
            5 | 6 => is_held(shop, door, payer).await,
            7 => pays_on_a_page(shop, door, payer).await,
            8 | 9 => pays_the_balance(shop, door, payer).await,
            10 | 11 => is_refunded(shop, door).await,
            12 => {
                happens_at_stripe(shop);
                Some(())
            }
            _ => asks_again(shop, door, payer).await,
        };
        if done.is_none() {
            break;
        }
    }
}

/// A purchase of an amount that no other has.
fn purchase(shop: &Shop, pay_by: &str, capture: &str) -> Value {
    let amount = 2_000 + shop.number();
    json!({ "purpose": "purchase", "amount": amount, "currency": "USD", "pay_by": pay_by, "capture": capture })
}

async fn begun(shop: &Shop, door: &Door, payer: usize, body: Value) -> Option<Value> {
    let intent = shop.plan(Who::Payer(payer), PAYMENTS.to_owned(), body);
    Some(shop.intend(door, intent).await?.1)
}

async fn completes(shop: &Shop, door: &Door, payer: usize, payment: &Value) -> Option<()> {
    let Some(id) = payment["payment_id"].as_str() else {
        return Some(());
    };
    let path = format!("{PAYMENTS}/{id}/complete");
    shop.ask(door, Who::Payer(payer), &path, None, json!({})).await?;
    Some(())
}

/// What the payer does at Stripe, if there is anything to do.
fn acts_at_stripe(shop: &Shop, payment: &Value) {
    let known = shop.known();
    let known = known.into_iter().find(|one| payment["payment_id"] == one.id);
    let Some(theirs) = known.and_then(|known| known.theirs) else {
        return;
    };
    let stripe = &shop.stripe.simulator;
    match shop.chance.below(8) {
        0 => {}
        1 => drop(stripe.does(Deed::IsRefused(&theirs))),
        _ => drop(stripe.does(Deed::Pays(&theirs))),
    }
}

async fn enters_a_card(shop: &Shop, door: &Door, payer: usize) -> Option<()> {
    let mut body = purchase(shop, "browser", "now");
    body["save_method"] = json!(shop.chance.once_in(4));
    let payment = begun(shop, door, payer, body).await?;
    acts_at_stripe(shop, &payment);
    if shop.chance.once_in(6) {
        let id = payment["payment_id"].as_str().unwrap_or_default();
        let path = format!("{PAYMENTS}/{id}/cancel");
        shop.ask(door, Who::Payer(payer), &path, None, json!({})).await?;
    }
    completes(shop, door, payer, &payment).await
}

async fn pays_with_what_is_stored(shop: &Shop, door: &Door, payer: usize) -> Option<()> {
    begun(shop, door, payer, purchase(shop, "method", "now")).await?;
    Some(())
}

async fn is_held(shop: &Shop, door: &Door, payer: usize) -> Option<()> {
    let payment = begun(shop, door, payer, purchase(shop, "method", "later")).await?;
    let Some(id) = payment["payment_id"].as_str() else {
        return Some(());
    };
    let (what, body) = match shop.chance.below(4) {
        0 => return Some(()),
        1 => ("void", json!({})),
        2 => ("capture", json!({ "amount": 1_000 })),
        _ => ("capture", json!({})),
    };
    let path = format!("{OPERATED}/{id}/{what}");
    shop.ask(door, Who::Operator, &path, None, body).await?;
    Some(())
}

async fn pays_on_a_page(shop: &Shop, door: &Door, payer: usize) -> Option<()> {
    let payment = begun(shop, door, payer, purchase(shop, "page", "now")).await?;
    acts_at_stripe(shop, &payment);
    completes(shop, door, payer, &payment).await
}

async fn pays_the_balance(shop: &Shop, door: &Door, payer: usize) -> Option<()> {
    let mut body = purchase(
        shop,
        if shop.chance.once_in(2) {
            "method"
        } else {
            "browser"
        },
        "now",
    );
    body["purpose"] = json!("balance");
    let payment = begun(shop, door, payer, body).await?;
    acts_at_stripe(shop, &payment);
    completes(shop, door, payer, &payment).await
}

async fn is_refunded(shop: &Shop, door: &Door) -> Option<()> {
    let Some(Known { id, .. }) = shop.chance.pick(&shop.known()) else {
        return Some(());
    };
    let path = format!("{OPERATED}/{id}");
    let (_, shown) = shop.ask(door, Who::Operator, &path, None, Value::Null).await?;
    shop.learn(&id, &shown["operator"]["vendor_reference"]);
    let path = format!("{path}/refunds");
    // No two refunds of a payment are of the same amount, so that one that is made twice is seen.
    let before = shop.intents().iter().filter(|one| one.path == path).count();
    let body = json!({ "amount": 100 + before, "reason": "requested" });
    let intent = shop.plan(Who::Operator, path, body);
    shop.intend(door, intent).await?;
    Some(())
}

async fn asks_again(shop: &Shop, door: &Door, payer: usize) -> Option<()> {
    let own: Vec<usize> = {
        let intents = shop.intents();
        let own = intents.iter().enumerate();
        let own = own.filter(|(_, one)| matches!(one.who, Who::Operator) || one.who == Who::Payer(payer));
        own.map(|(at, _)| at).collect()
    };
    let Some(at) = shop.chance.pick(&own) else {
        return Some(());
    };
    shop.intend(door, at).await?;
    Some(())
}

/// What payers, banks and the desk of Stripe do without us.
fn happens_at_stripe(shop: &Shop) {
    let Some(theirs) = shop.chance.pick(&shop.known()).and_then(|known| known.theirs) else {
        return;
    };
    let stripe = &shop.stripe;
    let named = |kind: &str| {
        let all = stripe.list(&format!("/v1/{kind}?payment_intent={theirs}"));
        let one = all.first().and_then(|one| one["id"].as_str());
        one.and_then(|id| VendorRef::parse(id).ok())
    };
    let Some(intent) = stripe.simulator.object(theirs.as_str()) else {
        return;
    };
    let usd = |minor| Money::new(minor, Currency::parse("USD").unwrap());
    let taken = intent["amount_received"].as_i64().unwrap_or_default();
    let refunds = stripe.list(&format!("/v1/refunds?payment_intent={theirs}"));
    let left = taken
        - refunds
            .iter()
            .filter_map(|refund| refund["amount"].as_i64())
            .sum::<i64>();
    match shop.chance.below(6) {
        // Only what was taken is contested, and only what is left is given back.
        0..=2 if taken == 0 => {}
        4 if left < 50 => {}
        0 => drop(
            stripe
                .simulator
                .does(Deed::Disputes(&theirs, DisputeKind::Chargeback)),
        ),
        1 => drop(
            stripe
                .simulator
                .does(Deed::Disputes(&theirs, DisputeKind::Inquiry)),
        ),
        2 => {
            if let Some(dispute) = named("disputes") {
                let won = shop.chance.once_in(2);
                stripe.simulator.does(Deed::Decides(&dispute, won));
            }
        }
        3 => {
            if let Some(refund) = named("refunds") {
                stripe.simulator.does(Deed::RefundFails(&refund));
            }
        }
        4 => drop(stripe.simulator.does(Deed::RefundsThere(&theirs, usd(50)))),
        _ => drop(stripe.simulator.does(Deed::SucceedsLate(&theirs))),
    }
}
