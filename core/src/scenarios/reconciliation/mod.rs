//! The books beside what a vendor reports: every kind of difference, found once, explained or decided.

mod decisions;
mod interrupted;
mod schedule;

use std::sync::Arc;

use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::{ActivityKind, DisputeKind, RefundReason, Terms};
use portcullis_ports::testkit::payments::{FakePayments, PaymentFault};

use super::payments::{Shop, key, purchase, reference, shop, shop_in, usd};
use crate::areas::payments::{PaymentView, RefundPayment};
use crate::areas::reconciliation::*;
use crate::foundation::testing::{Node, home};
use crate::settings::Settings;
use crate::testing::world_connected;

const HOUR: u64 = 3_600;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").unwrap())
}

fn nothing() -> Money {
    Money::zero(usd(1).get().currency)
}

/// A shop at a vendor with other figures.
async fn shop_with(change: impl FnOnce(&mut Terms)) -> Shop {
    let node = Node::default();
    let vendor = FakePayments::with_terms(node.clock.clone(), change);
    let world = Box::pin(world_connected(&node, Settings::default(), vendor.connected())).await;
    shop_in(world, vendor).await
}

/// Compares by hand, a moment after what happened last.
async fn compare(shop: &Shop) -> ReconciliationView {
    shop.world.wait(2);
    let reconciliation = &shop.world.app.reconciliation;
    let runs = reconciliation.run_now(&BeginReconciliation::default()).await;
    let mut runs = runs.unwrap();
    assert_eq!(runs.len(), 1);
    runs.remove(0)
}

async fn differences(shop: &Shop, state: Option<DifferenceState>) -> Vec<DifferenceView> {
    let filter = DifferenceFilter { vendor: None, state };
    let command = ListDifferences {
        filter,
        ..ListDifferences::default()
    };
    let page = shop.world.app.reconciliation.differences(&command).await.unwrap();
    assert_eq!(page.next_cursor, None);
    page.differences
}

async fn open(shop: &Shop) -> Vec<DifferenceView> {
    differences(shop, Some(DifferenceState::Open)).await
}

fn dollars(run: &ReconciliationView) -> &CurrencyFigures {
    let figures = run.figures.iter().find(|one| one.currency.as_str() == "USD");
    figures.unwrap()
}

/// What an account of the house holds.
async fn total(shop: &Shop, account: &str) -> i64 {
    let totals = shop.world.app.ledger.house_totals().await.unwrap();
    let own = totals.iter().filter(|one| one.account.to_string() == account);
    own.map(|one| one.moved.net()).sum()
}

async fn paid(shop: &Shop) -> PaymentView {
    shop.paid("one", &purchase(usd(700))).await
}

#[tokio::test]
async fn what_agrees_leaves_nothing_to_decide() {
    let shop = shop().await;
    let one = paid(&shop).await;
    let back = RefundPayment {
        amount: Some(usd(200)),
        reason: RefundReason::Requested,
    };
    let payments = &shop.world.app.payments;
    payments
        .refund(&shop.operator, &key("back"), &one.id, &back, &home())
        .await
        .unwrap();
    let run = compare(&shop).await;
    assert_eq!(
        (run.state, run.lines, run.reason.as_deref()),
        (RunState::Complete, 2, None)
    );
    assert_eq!((run.opened, run.explained, run.posted), (0, 0, 0));
    assert!(differences(&shop, None).await.is_empty());
    let figures = dollars(&run);
    let sums: Vec<_> = figures
        .lines
        .iter()
        .map(|one| (one.kind.as_str(), one.amount))
        .collect();
    assert_eq!(sums, [("payment", 700), ("refund", -200)]);
    assert_eq!((figures.ledger, figures.holdings), (500, Some(500)));
    assert_eq!((figures.listed, figures.remainder), (0, Some(0)));
}

/// Does something to a payment of a shop, and says which kind of difference it makes.
async fn disturb(shop: &Shop, number: usize) -> Option<DifferenceKind> {
    let one = paid(shop).await;
    let theirs = reference(&one);
    let vendor = &shop.vendor;
    Some(match number {
        0 => {
            vendor.paid_elsewhere(usd(500).get(), usd(15).get());
            DifferenceKind::MissingHere
        }
        1 => {
            vendor.lose(&theirs);
            vendor.charge_fee(usd(10).get());
            DifferenceKind::MissingThere
        }
        2 => {
            vendor.misreport(&theirs, usd(650).get());
            DifferenceKind::Amount
        }
        3 => {
            vendor.misreport(&theirs, usd(750).get());
            DifferenceKind::Amount
        }
        4 => {
            vendor.misreport(&theirs, eur(700));
            DifferenceKind::Currency
        }
        5 => {
            let back = usd(100).get().negated().unwrap();
            vendor.book_unshown(&theirs, ActivityKind::Refund, back).unwrap();
            DifferenceKind::Status
        }
        6 => {
            let gone = usd(700).get().negated().unwrap();
            vendor.book_unshown(&theirs, ActivityKind::Dispute, gone).unwrap();
            DifferenceKind::Status
        }
        7 => {
            vendor
                .book_unshown(&theirs, ActivityKind::Payment, usd(700).get())
                .unwrap();
            DifferenceKind::Twice
        }
        8 => {
            let other = ActivityKind::Other("adjustment".to_owned());
            vendor.stand_alone(other, None, usd(40).get(), nothing());
            DifferenceKind::MissingHere
        }
        9 => {
            vendor.will(PaymentFault::RequestLost);
            shop.begin("lost", &purchase(usd(900))).await;
            vendor.refuse_lookups(true);
            shop.world.wait(25 * HOUR);
            DifferenceKind::StaleUnknown
        }
        _ => return None,
    })
}

#[tokio::test]
async fn each_kind_is_found_and_a_second_run_makes_no_second_one() {
    let mut number = 0;
    loop {
        let shop = shop().await;
        let Some(kind) = disturb(&shop, number).await else {
            return;
        };
        let first = compare(&shop).await;
        assert_eq!(
            (first.state, first.opened),
            (RunState::Complete, 1),
            "{kind:?} {first:?}"
        );
        let found = open(&shop).await;
        let kinds: Vec<_> = found.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [kind], "{number}");
        let second = compare(&shop).await;
        assert_eq!((second.opened, second.explained), (0, 0), "{kind:?}");
        assert_eq!(open(&shop).await, found, "{kind:?}: it is the same difference");
        for run in [&first, &second] {
            for figures in &run.figures {
                assert_eq!(
                    figures.remainder,
                    Some(0),
                    "{kind:?} names all that differs: {run:?}"
                );
            }
        }
        number += 1;
    }
}

#[tokio::test]
async fn what_the_vendor_explains_when_it_is_asked_is_listed_and_closed() {
    let shop = shop().await;
    let one = paid(&shop).await;
    let theirs = reference(&one);
    shop.vendor.refund_at_vendor(&theirs, usd(100).get()).unwrap();
    shop.vendor.dispute(&theirs, DisputeKind::Chargeback).unwrap();
    let run = compare(&shop).await;
    assert_eq!((run.opened, run.explained), (0, 2), "{run:?}");
    let all = differences(&shop, None).await;
    assert!(
        all.iter()
            .all(|one| (one.kind, one.state) == (DifferenceKind::Status, DifferenceState::Explained))
    );
    assert_eq!(shop.get(&one).await.refunded, usd(100).get(), "it is booked");
    assert_eq!(dollars(&run).remainder, Some(0));
    let again = compare(&shop).await;
    assert_eq!((again.opened, again.explained), (0, 0));
    assert_eq!(differences(&shop, None).await, all);
}

#[tokio::test]
async fn a_refund_that_came_back_and_a_dispute_that_was_won_agree_once_they_are_told() {
    let shop = shop().await;
    let theirs = reference(&paid(&shop).await);
    let refund = shop.vendor.refund_at_vendor(&theirs, usd(100).get()).unwrap();
    assert!(shop.vendor.fail_refund(&refund));
    let dispute = shop.vendor.dispute(&theirs, DisputeKind::Chargeback).unwrap();
    assert!(shop.vendor.decide_dispute(&dispute, true));
    let run = compare(&shop).await;
    assert_eq!((run.lines, run.opened), (5, 0), "{run:?}");
    assert_eq!((dollars(&run).ledger, dollars(&run).remainder), (700, Some(0)));
    assert_eq!(compare(&shop).await.explained, 0);
}

#[tokio::test]
async fn an_open_difference_closes_when_the_vendor_tells_later() {
    let shop = shop().await;
    let theirs = reference(&paid(&shop).await);
    shop.vendor.refund_at_vendor(&theirs, usd(100).get()).unwrap();
    shop.vendor.refuse_lookups(true);
    assert_eq!(compare(&shop).await.opened, 1, "nobody could tell");
    shop.vendor.refuse_lookups(false);
    for event in shop.vendor.take_events() {
        let payments = &shop.world.app.payments;
        payments.apply_event("main", &event).await.unwrap();
    }
    // Long after the line has left the span of the next run.
    shop.world.wait(30 * 24 * HOUR);
    let run = compare(&shop).await;
    assert_eq!((run.lines, run.explained), (0, 1));
    assert!(open(&shop).await.is_empty());
}

#[tokio::test]
async fn payouts_and_fees_are_posted_once_however_often_they_are_read() {
    let shop = shop().await;
    paid(&shop).await;
    shop.vendor.pay_out(usd(300).get());
    shop.vendor.pay_out(usd(20).get().negated().unwrap());
    shop.vendor.charge_fee(usd(25).get());
    shop.vendor.charge_fee(usd(5).get().negated().unwrap());
    let first = compare(&shop).await;
    assert_eq!((first.posted, first.opened), (4, 0));
    let second = compare(&shop).await;
    assert_eq!((second.lines, second.posted), (5, 0));
    assert_eq!(
        (total(&shop, "bank").await, total(&shop, "fees/main").await),
        (280, 20)
    );
    let figures = dollars(&second);
    assert_eq!(
        (figures.ledger, figures.holdings, figures.remainder),
        (400, Some(400), Some(0))
    );
}

#[tokio::test]
async fn what_nobody_can_name_is_told_as_a_figure_of_its_own() {
    let shop = shop_with(|terms| terms.report_lag = std::time::Duration::from_hours(24)).await;
    paid(&shop).await;
    // It is there, and no report tells of it yet.
    shop.vendor.paid_elsewhere(usd(123).get(), nothing());
    let run = compare(&shop).await;
    assert_eq!((run.lines, run.opened), (0, 0));
    let figures = dollars(&run);
    assert_eq!((figures.listed, figures.remainder), (0, Some(123)));
}

#[tokio::test]
async fn a_vendor_without_reports_is_not_asked() {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    let without = portcullis_ports::payments::ConnectedPayments {
        reports: None,
        ..vendor.connected()
    };
    let world = Box::pin(world_connected(&node, Settings::default(), without)).await;
    let shop = shop_in(world, Arc::clone(&vendor)).await;
    let reconciliation = &shop.world.app.reconciliation;
    let all = reconciliation.run_now(&BeginReconciliation::default()).await;
    assert_eq!(all.unwrap(), []);
    let command = BeginReconciliation::default();
    let refused = reconciliation.begin(&shop.operator, &command, &home()).await;
    let code = refused.unwrap_err().code();
    assert_eq!(code, crate::services::payment_vendors::NOT_OFFERED);
    shop.world.app.tasks.drain("reconciliation-daily").await.unwrap();
    shop.world.wait(300);
    assert_eq!(shop.world.app.tasks.drain("reconciliation").await.unwrap(), 0);
}
