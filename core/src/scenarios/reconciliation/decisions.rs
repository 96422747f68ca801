//! Operators decide about differences: once, with a reason, and until the figures change.

use super::*;
use crate::areas::invoices::InvoiceState;
use crate::areas::ledger::Reason;
use crate::areas::operators::{CUSTOMER_NOT_FOUND, Role};
use crate::scenarios::operators::operator;
use crate::services::idempotency::KEY_REUSED;

fn decision(decision: DifferenceDecision, customer: Option<&Shop>) -> DecideDifference {
    DecideDifference {
        decision,
        reason: Reason::parse("As agreed with the vendor").unwrap(),
        user_sub: customer.map(|shop| shop.ada.subject().clone()),
    }
}

async fn decide(
    shop: &Shop,
    name: &str,
    found: &DifferenceView,
    command: &DecideDifference,
) -> portcullis_ports::Result<DifferenceView> {
    let reconciliation = &shop.world.app.reconciliation;
    reconciliation
        .decide(&shop.operator, &key(name), &found.difference_id, command, &home())
        .await
}

#[tokio::test]
async fn money_that_came_without_us_is_adopted_once() {
    let shop = shop().await;
    shop.vendor.paid_elsewhere(usd(500).get(), usd(15).get());
    compare(&shop).await;
    let found = open(&shop).await.remove(0);
    assert!(found.adoptable);
    let adopt = decision(DifferenceDecision::Adopt, Some(&shop));
    let done = decide(&shop, "one", &found, &adopt).await.unwrap();
    assert_eq!((done.state, done.adoptable), (DifferenceState::Adopted, false));
    let decided = done.decided.clone().unwrap();
    assert_eq!(decided.adopted_for.as_ref(), Some(shop.ada.subject()));
    let same = decide(&shop, "one", &found, &adopt).await.unwrap();
    assert_eq!(same, done, "one key is one decision");
    let other = decide(&shop, "one", &found, &decision(DifferenceDecision::Accept, None)).await;
    assert_eq!(other.unwrap_err().code(), KEY_REUSED);
    let twice = decide(&shop, "two", &found, &adopt).await.unwrap_err();
    assert_eq!(twice.code(), DIFFERENCE_STATE);
    assert_eq!(shop.balance().await.owed, -500, "it is to her credit");
    let totals = [
        total(&shop, "processor/main").await,
        total(&shop, "suspense/main").await,
    ];
    assert_eq!(totals, [485, 0]);
    let run = compare(&shop).await;
    assert_eq!((run.opened, dollars(&run).remainder), (0, Some(0)));
    assert_eq!(differences(&shop, None).await, [done]);
}

#[tokio::test]
async fn money_that_is_adopted_pays_open_invoices() {
    let shop = shop().await;
    let issued = shop
        .issue("one", crate::scenarios::invoices::order(&shop, 400))
        .await;
    shop.vendor.paid_elsewhere(usd(500).get(), nothing());
    compare(&shop).await;
    let found = open(&shop).await.remove(0);
    let adopt = decision(DifferenceDecision::Adopt, Some(&shop));
    decide(&shop, "one", &found, &adopt).await.unwrap();
    let paid = shop.invoice(&issued).await;
    assert_eq!((paid.state, paid.paid_from_balance), (InvoiceState::Paid, 400));
    assert_eq!(shop.balance().await.owed, -100);
}

#[tokio::test]
async fn of_many_who_adopt_at_once_one_does() {
    let shop = shop().await;
    shop.vendor.paid_elsewhere(usd(500).get(), nothing());
    compare(&shop).await;
    let found = open(&shop).await.remove(0);
    let adopt = decision(DifferenceDecision::Adopt, Some(&shop));
    let names = ["a", "b", "c", "d"];
    let asked = names.iter().map(|name| decide(&shop, name, &found, &adopt));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(shop.balance().await.owed, -500);
}

#[tokio::test]
async fn only_money_that_came_can_be_adopted_and_only_for_a_customer() {
    let shop = shop().await;
    let theirs = reference(&paid(&shop).await);
    shop.vendor.misreport(&theirs, usd(650).get());
    let other = ActivityKind::Other("adjustment".to_owned());
    shop.vendor.stand_alone(other, None, usd(40).get(), nothing());
    compare(&shop).await;
    let found = open(&shop).await;
    assert_eq!(found.len(), 2);
    for (at, one) in found.iter().enumerate() {
        assert!(!one.adoptable);
        let adopt = decision(DifferenceDecision::Adopt, Some(&shop));
        let refused = decide(&shop, &at.to_string(), one, &adopt).await.unwrap_err();
        assert_eq!(refused.code(), DIFFERENCE_STATE, "{one:?}");
    }
    let wrong = [
        decision(DifferenceDecision::Adopt, None),
        decision(DifferenceDecision::Accept, Some(&shop)),
    ];
    for command in wrong {
        let refused = decide(&shop, "x", &found[0], &command).await.unwrap_err();
        assert_eq!(refused.fields()[0].pointer, "/user_sub");
    }
    let nobody = DecideDifference {
        user_sub: Some(portcullis_ports::identity::Subject::parse("usr_nobody").unwrap()),
        ..decision(DifferenceDecision::Adopt, None)
    };
    let refused = decide(&shop, "x", &found[0], &nobody).await.unwrap_err();
    assert_eq!(refused.code(), CUSTOMER_NOT_FOUND);
    assert_eq!(total(&shop, "processor/main").await, 700, "nothing was booked");
}

#[tokio::test]
async fn what_was_decided_stays_so_until_the_figures_change() {
    let shop = shop().await;
    let theirs = reference(&paid(&shop).await);
    shop.vendor.misreport(&theirs, usd(650).get());
    compare(&shop).await;
    let found = open(&shop).await.remove(0);
    let accept = decision(DifferenceDecision::Accept, None);
    let accepted = decide(&shop, "one", &found, &accept).await.unwrap();
    assert_eq!(accepted.state, DifferenceState::Accepted);
    let run = compare(&shop).await;
    assert_eq!((run.opened, run.explained), (0, 0));
    assert_eq!(differences(&shop, None).await, [accepted]);
    let figures = dollars(&run);
    assert_eq!((figures.listed, figures.remainder), (-50, Some(0)));

    shop.vendor.misreport(&theirs, usd(600).get());
    assert_eq!(compare(&shop).await.opened, 1);
    let again = open(&shop).await.remove(0);
    assert_eq!(again.difference_id, found.difference_id);
    assert_eq!(again.reported.as_ref().unwrap().amount, 600);
    assert_eq!(again.decided.unwrap().reason, "As agreed with the vendor");
    let accepted = decide(&shop, "two", &found, &accept).await.unwrap();
    assert_eq!(accepted.state, DifferenceState::Accepted);
}

#[tokio::test]
async fn nobody_decides_about_what_does_not_exist() {
    let shop = shop().await;
    shop.vendor.paid_elsewhere(usd(500).get(), nothing());
    compare(&shop).await;
    let mut found = open(&shop).await.remove(0);
    found.difference_id = DifferenceId::parse("dif_01h2xcejqtf2nbrexx3vqjhp41").unwrap();
    let accept = decision(DifferenceDecision::Accept, None);
    let refused = decide(&shop, "one", &found, &accept).await.unwrap_err();
    assert_eq!(refused.code(), DIFFERENCE_NOT_FOUND);
}

#[tokio::test]
async fn what_was_accepted_is_closed_once_the_books_explain_it() {
    let mut shop = shop().await;
    shop.vendor.will(PaymentFault::RequestLost);
    let lost = shop.begin("lost", &purchase(usd(900))).await;
    shop.vendor.refuse_lookups(true);
    shop.world.wait(25 * HOUR);
    compare(&shop).await;
    let found = open(&shop).await.remove(0);
    assert_eq!(found.kind, DifferenceKind::StaleUnknown);
    // The step-up of the first one is long over.
    shop.operator = operator(&shop.world, "hedy@example.com", Role::Admin).await;
    let accept = decision(DifferenceDecision::Accept, None);
    let accepted = decide(&shop, "one", &found, &accept).await.unwrap();
    assert_eq!(accepted.state, DifferenceState::Accepted);
    shop.vendor.refuse_lookups(false);
    shop.world.wait(25 * HOUR);
    shop.watch().await;
    let known = shop.get(&lost).await;
    assert!(known.status.is_final(), "{known:?}");
    compare(&shop).await;
    let closed = differences(&shop, None).await.remove(0);
    assert_eq!(closed.state, DifferenceState::Explained);
    assert_eq!(
        closed.decided, accepted.decided,
        "that it was decided stays with it"
    );
}
