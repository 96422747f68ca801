//! Changes between plans that are taxed otherwise: every part is given back and charged with its own tax.

use portcullis_ports::testkit::payments::FakePayments;

use super::{Club, club_with, settings};
use crate::areas::invoices::TaxCode;
use crate::areas::subscriptions::*;
use crate::foundation::taxes::{Percent, TaxRate};
use crate::foundation::testing::Node;
use crate::scenarios::payments::Shop;
use crate::scenarios::payments::key;
use crate::scenarios::plans::{monthly, plan_id};
use crate::settings::Settings;
use crate::testing::world_paying_on;

/// Two rates of tax.
fn rates(standard: &str) -> Settings {
    let mut settings = settings();
    for (code, percent) in [("standard", standard), ("reduced", "7.7")] {
        let rate = TaxRate {
            name: "VAT".to_owned(),
            percent: Percent::parse(percent).unwrap(),
            inclusive: false,
        };
        settings.billing.taxes.insert(TaxCode::parse(code).unwrap(), rate);
    }
    settings
}

/// A club with plans for 30 and 40 dollars, each without tax, with 20 and with 7.7 percent of it.
async fn taxed_club() -> Club {
    taxed_club_on(&Node::default()).await
}

async fn taxed_club_on(node: &Node) -> Club {
    let vendor = FakePayments::new(node.clock.clone());
    let club = club_with(node, vendor, rates("20")).await;
    for (size, cents) in [("small", 3_000), ("large", 4_000)] {
        for code in ["none", "standard", "reduced"] {
            let mut plan = monthly(&format!("{size}-{code}"), cents);
            plan.tax_code = Some(code)
                .filter(|code| *code != "none")
                .map(|code| TaxCode::parse(code).unwrap());
            club.world().app.plans.create(&club.admin, &plan).await.unwrap();
        }
    }
    club.keep_a_card("card").await;
    club
}

#[tokio::test]
async fn a_change_gives_the_tax_back_that_was_charged_and_charges_the_other() {
    for (from, to, charged) in [
        ("small-standard", "large-none", 600),
        ("large-none", "small-standard", 0),
        ("large-reduced", "small-standard", 308),
        ("small-standard", "large-standard", 600),
    ] {
        let club = taxed_club().await;
        let begun = club.subscribe(from).await;
        assert_eq!(club.invoices().await[0].tax, charged);
        let command = ChangeSubscription {
            plan_id: plan_id(to),
            at: None,
            preview: None,
        };
        let id = &begun.subscription_id;
        let made = club
            .app()
            .change(&club.shop.ada, &key("change"), id, &command)
            .await;
        assert_eq!(made.unwrap().subscription.plan_id, plan_id(to), "{from} to {to}");
        club.work().await;
        let invoices = club.invoices().await;
        let net: i64 = invoices.iter().map(|one| one.net).sum();
        let tax: i64 = invoices.iter().map(|one| one.tax).sum();
        let new = if to.starts_with("large") { 4_000 } else { 3_000 };
        let new_tax = if to.ends_with("standard") { new / 5 } else { 0 };
        assert_eq!((net, tax), (new, new_tax), "{from} to {to}");
        let booked = (club.shop.house("revenue").await, club.shop.house("tax").await);
        assert_eq!(booked, (-new, -new_tax), "{from} to {to}");
        assert_eq!(club.taken() + club.owed().await, new + new_tax);
        club.shop.ledger_holds().await;
    }
}

#[tokio::test]
async fn what_is_given_back_has_the_rate_at_which_it_was_charged() {
    let node = Node::default();
    let club = taxed_club_on(&node).await;
    let begun = club.subscribe("small-standard").await;
    assert_eq!(club.totals().await, [3_600]);
    // The law changes, and the service is started anew.
    let Club { shop, admin } = club;
    let again = Node::over(node.memory.clone(), node.clock.clone());
    let world = Box::pin(world_paying_on(&again, rates("10"), &shop.vendor)).await;
    let club = Club {
        shop: Shop { world, ..shop },
        admin,
    };
    let id = &begun.subscription_id;
    for (name, to) in [("up", "large-standard"), ("down", "small-standard")] {
        let command = ChangeSubscription {
            plan_id: plan_id(to),
            at: None,
            preview: None,
        };
        club.app()
            .change(&club.shop.ada, &key(name), id, &command)
            .await
            .unwrap();
        club.work().await;
    }
    // Back at 20 percent and charged at 10 apart, then both at 10 together.
    let invoices = club.invoices().await;
    let mut sums: Vec<(i64, i64)> = invoices.iter().map(|one| (one.total, one.tax)).collect();
    sums.sort_unstable();
    assert_eq!(sums, [(-3_600, -600), (-1_100, -100), (3_600, 600), (4_400, 400)]);
    assert_eq!(club.shop.house("tax").await, -300);
    club.shop.ledger_holds().await;
}

#[tokio::test]
async fn between_plans_that_are_taxed_otherwise_money_is_given_back_once_as_well() {
    for (from, to) in [
        ("small-standard", "large-none"),
        ("large-none", "small-standard"),
        ("large-reduced", "small-standard"),
    ] {
        for refund_first in [false, true] {
            let club = taxed_club().await;
            let begun = club.subscribe(from).await;
            club.change("over", &begun, to, ChangeWhen::Now).await.unwrap();
            club.work().await;
            if refund_first {
                club.refund_all().await;
                club.cancel(&begun, CancelWhen::Now, true).await;
            } else {
                club.cancel(&begun, CancelWhen::Now, true).await;
                club.refund_all().await;
            }
            let owed = club.owed().await;
            // Shares of a price are rounded, never in favour of whoever is given money back.
            assert!(
                (0..=1).contains(&owed),
                "{owed} of {from} to {to}, refunded first: {refund_first}"
            );
            club.shop.ledger_holds().await;
        }
    }
}
