//! Figures after what people do: money by the ledger, and everything else as often as it happened, on its day.

use std::time::Duration;

use portcullis_ports::payments::{DeclineClass, DisputeKind, RefundReason};
use portcullis_ports::testkit::payments::methods;

use super::payments::{Shop, key, purchase, reference, usd};
use super::subscriptions::{Club, DAY, club};
use crate::areas::figures::{FailedPayments, FiguresBy, FiguresIn, FiguresOf, ReadFigures};
use crate::areas::ledger::HouseAccount;
use crate::areas::payments::{CreatePayment, PayWith, PaymentView, RefundPayment, Status};
use crate::areas::plans::CreatePlan;
use crate::areas::subscriptions::{CancelWhen, ListSubscriptions, SubscriptionStatus, SubscriptionView};
use crate::foundation::calendar::Unit;
use crate::foundation::testing::home;
use crate::scenarios::plans::monthly;
use crate::testing::World;

/// Every month that a world has seen, in dollars.
pub(super) async fn all_months(world: &World) -> Vec<FiguresOf> {
    let mut months = Vec::new();
    for (from, to) in [
        ("2026-09-01", "2027-08-31"),
        ("2027-09-01", "2028-08-31"),
        ("2028-09-01", "2029-08-31"),
    ] {
        let command = ReadFigures {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            by: FiguresBy::Month,
            currency: None,
        };
        let read = world.app.figures.read(&command).await.unwrap();
        months.extend(read.currencies.into_iter().flat_map(|one| one.spans));
    }
    months
}

/// The figures of a world are what the accounts of the house hold.
pub(super) async fn agree_with_the_ledger(world: &World) {
    let months = all_months(world).await;
    let sum = |of: fn(&FiguresOf) -> i64| months.iter().map(of).sum::<i64>();
    let totals = world.app.ledger.house_totals().await.unwrap();
    let held = |wanted: fn(&HouseAccount) -> bool| -> i64 {
        let accounts = totals.iter().filter(|total| wanted(&total.account));
        accounts.map(|total| total.moved.net()).sum()
    };
    let vendors = held(|one| matches!(one, HouseAccount::Processor(_) | HouseAccount::Bank));
    assert_eq!(sum(|one| one.net), vendors);
    assert_eq!(
        sum(|one| one.captured - one.refunded - one.disputed - one.fees + one.unmatched),
        vendors
    );
    assert_eq!(
        sum(|one| one.fees),
        held(|one| matches!(one, HouseAccount::Fees(_)))
    );
    assert_eq!(sum(|one| -one.earned), held(|one| *one == HouseAccount::Revenue));
    assert_eq!(sum(|one| -one.tax), held(|one| *one == HouseAccount::Tax));
    assert_eq!(
        sum(|one| one.written_off),
        held(|one| *one == HouseAccount::WriteOff)
    );
    assert_eq!(
        sum(|one| one.goodwill),
        held(|one| *one == HouseAccount::Goodwill)
    );
}

fn count(many: usize) -> i64 {
    i64::try_from(many).unwrap()
}

/// What is told to operators is what the ledger holds and what the lists show.
pub(super) async fn agree_with_the_lists(club: &Club, payments: &[PaymentView]) {
    let world = club.world();
    agree_with_the_ledger(world).await;
    let months = all_months(world).await;
    let sum = |of: fn(&FiguresOf) -> i64| months.iter().map(of).sum::<i64>();
    let standing = |status| payments.iter().filter(|one| one.status == status).count();
    // One that failed may have brought money later, and counts as both.
    assert_eq!(
        sum(|one| one.payments_succeeded),
        count(standing(Status::Succeeded))
    );
    assert!(sum(|one| one.payments_failed) >= count(standing(Status::Failed)));
    let failed = |one: &FiguresOf| one.failures.iter().map(|failure| failure.count).sum();
    assert_eq!(sum(|one| one.payments_failed), sum(failed));
    let all = ListSubscriptions::default();
    let list = club.app().list(club.shop.ada.subject(), &all).await.unwrap();
    assert_eq!(list.next_cursor, None);
    let live =
        |one: &&SubscriptionView| !one.status.is_over() && one.status != SubscriptionStatus::Incomplete;
    let live = count(list.items.iter().filter(live).count());
    assert_eq!(sum(|one| one.subscriptions_begun - one.subscriptions_over), live);
    let brings = |one: &&SubscriptionView| {
        matches!(
            one.status,
            SubscriptionStatus::Active | SubscriptionStatus::PastDue
        )
    };
    // By the days of a year: 365 sevenths of them weeks, a twelfth of it a month.
    let by_month = |one: &SubscriptionView| match one.interval {
        Unit::Month => one.amount,
        Unit::Week => (one.amount * 365 + 42) / 84,
        other => unreachable!("no plan is by the {other:?}"),
    };
    let recurring: i64 = list.items.iter().filter(brings).map(by_month).sum();
    let told = months.last().map_or(0, |last| last.recurring_at_end);
    assert_eq!(told, recurring);
}

async fn month(world: &World) -> FiguresIn {
    let command = ReadFigures {
        from: Some("2026-09-01".to_owned()),
        to: Some("2026-10-31".to_owned()),
        ..ReadFigures::default()
    };
    let mut read = world.app.figures.read(&command).await.unwrap();
    assert_eq!(read.currencies.len(), 1);
    read.currencies.remove(0)
}

async fn give_back(shop: &Shop, name: &str, payment: &PaymentView, minor: i64) {
    let command = RefundPayment {
        amount: Some(usd(minor)),
        reason: RefundReason::Requested,
    };
    shop.payments()
        .refund(&shop.operator, &key(name), &payment.id, &command, &home())
        .await
        .unwrap();
}

#[tokio::test]
async fn money_and_payments_count_on_the_day_on_which_they_are_booked() {
    let club = club().await;
    let shop = &club.shop;
    let paid = shop.paid("one", &purchase(usd(2_000))).await;
    shop.paid("two", &purchase(usd(500))).await;
    shop.world.clock.advance(Duration::from_hours(24));
    give_back(shop, "back", &paid, 300).await;
    let told = month(&shop.world).await;
    let days: Vec<&FiguresOf> = told.spans.iter().filter(|day| day.net != 0).collect();
    assert_eq!(days.len(), 2);
    assert_eq!(
        (days[0].from.as_str(), days[1].from.as_str()),
        ("2026-09-21", "2026-09-22")
    );
    assert_eq!(
        (days[0].captured, days[0].payments_succeeded, days[0].earned),
        (2_500, 2, 2_500)
    );
    assert_eq!(
        (days[1].refunded, days[1].captured, days[1].earned),
        (300, 0, -300)
    );
    let total = told.total.clone();
    assert_eq!((total.captured, total.refunded), (2_500, 300));
    assert_eq!(total.net, total.captured - total.refunded - total.fees);
    // Folded they are the same.
    for kind in ["ledger-folding", "tallying"] {
        shop.world.app.tasks.drain(kind).await.unwrap();
    }
    assert_eq!(month(&shop.world).await, told);
    shop.world.clock.advance(Duration::from_hours(24 * 20));
    for kind in ["ledger-folding", "tallying"] {
        shop.world.app.tasks.drain(kind).await.unwrap();
    }
    assert_eq!(month(&shop.world).await, told);
    agree_with_the_ledger(&shop.world).await;
}

#[tokio::test]
async fn refusals_count_by_what_would_help_and_disputes_by_how_they_ended() {
    let club = club().await;
    let shop = &club.shop;
    let card = club.keep_a_card("card").await;
    for (name, like, reason) in [
        ("poor", methods::INSUFFICIENT_FUNDS, DeclineClass::RetryLater),
        ("stolen", methods::STOLEN, DeclineClass::Never),
        (
            "poor-again",
            methods::INSUFFICIENT_FUNDS,
            DeclineClass::RetryLater,
        ),
    ] {
        shop.vendor.charge_like(&card, Some(like));
        let command = CreatePayment {
            with: PayWith::Stored(None),
            ..purchase(usd(700))
        };
        let failed = shop.begin(name, &command).await;
        assert_eq!(failed.decline(), Some(reason), "{failed:#?}");
    }
    let told = month(club.world()).await.total;
    assert_eq!((told.payments_failed, told.captured), (3, 0));
    let of = |reason, count| FailedPayments {
        reason: Some(reason),
        count,
    };
    assert_eq!(
        told.failures,
        [of(DeclineClass::RetryLater, 2), of(DeclineClass::Never, 1)]
    );
    let mut paid = Vec::new();
    for name in ["won", "lost", "asked"] {
        paid.push(shop.paid(name, &purchase(usd(1_000))).await);
    }
    let mut disputes = Vec::new();
    for (payment, kind) in paid.iter().zip([
        DisputeKind::Chargeback,
        DisputeKind::Chargeback,
        DisputeKind::Inquiry,
    ]) {
        disputes.push(shop.vendor.dispute(&reference(payment), kind).unwrap());
        shop.complete(payment).await;
    }
    let told = month(club.world()).await.total;
    assert_eq!(
        (told.disputes_opened, told.disputes_won, told.disputes_lost),
        (2, 0, 0)
    );
    assert_eq!(told.disputed, 2_000);
    for (at, won) in [(0, true), (1, false)] {
        assert!(shop.vendor.decide_dispute(&disputes[at], won));
        shop.complete(&paid[at]).await;
    }
    let told = month(club.world()).await.total;
    assert_eq!(
        (told.disputes_opened, told.disputes_won, told.disputes_lost),
        (2, 1, 1)
    );
    assert_eq!((told.disputed, told.written_off), (1_000, 1_000));
    agree_with_the_ledger(club.world()).await;
}

#[tokio::test]
async fn subscriptions_count_when_they_begin_and_when_they_are_over() {
    let club = club().await;
    club.keep_a_card("card").await;
    let yearly = CreatePlan {
        interval_count: Some(12),
        ..monthly("year", 12_000)
    };
    club.world().app.plans.create(&club.admin, &yearly).await.unwrap();
    let pro = club.subscribe("pro").await;
    club.subscribe("year").await;
    club.world().wait(DAY);
    club.subscribe("team").await;
    club.world().wait(DAY);
    club.cancel(&pro, CancelWhen::Now, false).await;
    let told = month(club.world()).await;
    let days: Vec<_> = told
        .spans
        .iter()
        .skip_while(|day| day.subscriptions_begun == 0)
        .take(4)
        .map(|day| {
            (
                day.subscriptions_at_start,
                day.subscriptions_begun,
                day.subscriptions_over,
                day.recurring_at_end,
                day.churn_basis_points,
            )
        })
        .collect();
    assert_eq!(
        days,
        [
            (0, 2, 0, 4_000, None),
            (2, 1, 0, 13_000, Some(0)),
            (3, 0, 1, 10_000, Some(3_333)),
            (2, 0, 0, 10_000, Some(0)),
        ]
    );
    let total = told.total;
    assert_eq!((total.subscriptions_at_start, total.subscriptions_begun), (0, 3));
    assert_eq!((total.subscriptions_over, total.churn_basis_points), (1, None));
    agree_with_the_ledger(club.world()).await;
}
