//! Look-ups over time: old payments, foreign sales, reports.

use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_ports::outcome::{Reference, Resolution};
use portcullis_ports::payments::{ActivityKind, PaymentStatus, TimeSpan};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_ccbill::simulator::Token;

use crate::account::{Account, done, found, money, theirs};

#[tokio::test]
async fn an_old_payment_is_confirmed_by_the_extract_of_its_day() {
    let account = Account::new().await;
    let order = account.stored(Token::GOOD);
    let made = done(account.charge(&order).await);
    let sought = account.sought(theirs(&made), &order);
    account.hours_pass(24 * 10);
    let seen = found(account.look(&sought).await);
    assert_eq!(
        (seen.status, seen.captured),
        (PaymentStatus::Succeeded, order.amount.get())
    );
    // What is booked needs no line, and what went back since is seen in the extract of the last day.
    assert!(account.vendor.does(Deed::RefundsThere(
        made.theirs.as_ref().unwrap(),
        money(300, "USD")
    )));
    account.hours_pass(1);
    let mut booked = sought.clone();
    if let Some(known) = &mut booked.known {
        known.booked = made.captured;
    }
    let seen = found(account.look(&booked).await);
    assert_eq!((seen.captured, seen.complete), (made.captured, false));
    assert_eq!(
        seen.refunds
            .iter()
            .map(|refund| (refund.ours.clone(), refund.amount))
            .collect::<Vec<_>>(),
        [(None, money(300, "USD"))]
    );
}

#[tokio::test]
async fn another_amount_than_the_ordered_one_is_shown_as_it_is() {
    let account = Account::new().await;
    let order = account.stored(Token::GOOD);
    let made = done(account.charge(&order).await);
    let mut sought = account.sought(theirs(&made), &order);
    if let Some(known) = &mut sought.known {
        known.amount = portcullis_ports::money::Amount::new(money(9_999, "USD")).unwrap();
    }
    account.hours_pass(1);
    let seen = found(account.look(&sought).await);
    assert_eq!(
        (seen.amount, seen.captured),
        (order.amount.get(), order.amount.get())
    );
}

#[tokio::test]
async fn what_is_not_there_is_absent_and_what_cannot_be_read_cannot_be_told() {
    let account = Account::new().await;
    let order = account.stored(Token::GOOD);
    let nobody = account.sought(Reference::Theirs("0126264101999999999".to_owned()), &order);
    assert_eq!(account.look(&nobody).await, Resolution::Absent);
    let made = done(account.charge(&order).await);
    let sought = account.sought(theirs(&made), &order);
    for fault in [
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(500, String::new()),
        Fault::Refused,
    ] {
        account.will("/utils/", fault.clone());
        let seen = account.look(&sought).await;
        assert!(matches!(seen, Resolution::CannotTell(_)), "{fault:?}: {seen:?}");
    }
    let told = portcullis_ports::payments::Sought {
        known: None,
        ..sought.clone()
    };
    assert!(matches!(account.look(&told).await, Resolution::CannotTell(reason) if reason.code == "not-ours"));
    account.will("/data/main.cgi", Fault::Garbage);
    let seen = found(account.look(&sought).await);
    assert_eq!(seen.status, PaymentStatus::Processing, "no extract, no money");
}

#[tokio::test]
async fn a_report_holds_what_moved_and_is_read_once_an_hour() {
    let account = Account::new().await;
    let from = account.runtime.clock.now();
    let order = account.stored(Token::GOOD);
    let made = done(account.charge(&order).await);
    let subscription = made.theirs.clone().unwrap();
    assert!(
        account
            .vendor
            .does(Deed::RefundsThere(&subscription, money(400, "USD")))
    );
    assert!(account.vendor.does(Deed::Disputes(
        &subscription,
        portcullis_ports::payments::DisputeKind::Chargeback
    )));
    account.hours_pass(2);
    let reports = account.connected.reports.as_ref().unwrap();
    let span = TimeSpan {
        from,
        to: account.runtime.clock.now(),
    };
    let page = reports.activity(&span, None).await.unwrap();
    let lines: Vec<_> = page
        .lines
        .iter()
        .map(|line| (line.kind.clone(), line.amount.minor))
        .collect();
    assert_eq!(
        lines,
        [
            (ActivityKind::Payment, 1_000),
            (ActivityKind::Refund, -400),
            (ActivityKind::Dispute, -600)
        ]
    );
    assert!(
        page.lines
            .iter()
            .all(|line| line.payment.as_ref() == Some(&subscription))
    );
    assert_eq!(
        reports.activity(&span, None).await.unwrap(),
        page,
        "read again from what was read"
    );
    let before = TimeSpan {
        from: span.from - Duration::from_hours(48),
        to: span.from - Duration::from_hours(24),
    };
    let error = reports.activity(&before, None).await.unwrap_err();
    assert_eq!(error.code(), portcullis_ports::payments::UNAVAILABLE);
    account.hours_pass(1);
    assert_eq!(reports.activity(&before, None).await.unwrap().lines, []);
    assert!(reports.events_since(from, None).await.unwrap().events.is_empty());
    assert!(reports.holdings().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_extract_that_was_read_too_early_is_read_again() {
    let account = Account::new().await;
    let from = account.runtime.clock.now() - Duration::from_hours(1);
    let span = TimeSpan {
        from,
        to: from + Duration::from_hours(2),
    };
    let reports = account.connected.reports.as_ref().unwrap();
    assert_eq!(reports.activity(&span, None).await.unwrap().lines, []);
    done(account.charge(&account.stored(Token::GOOD)).await);
    assert_eq!(
        reports.activity(&span, None).await.unwrap().lines,
        [],
        "CCBill gives no other one within the hour"
    );
    account.hours_pass(1);
    assert_eq!(
        reports.activity(&span, None).await.unwrap().lines.len(),
        1,
        "a late line"
    );
    account.hours_pass(1);
    let reads = account.sent("/data/main.cgi");
    for _ in 0..2 {
        assert_eq!(reports.activity(&span, None).await.unwrap().lines.len(), 1);
        account.hours_pass(24);
    }
    assert_eq!(
        account.sent("/data/main.cgi"),
        reads + 1,
        "now it is whole, and kept"
    );
}

#[tokio::test]
async fn an_extract_that_was_not_asked_for_may_be_asked_for_at_once() {
    let account = Account::new().await;
    let order = account.stored(Token::GOOD);
    let made = done(account.charge(&order).await);
    let sought = account.sought(theirs(&made), &order);
    for (fault, status) in [
        (Some(Fault::Refused), PaymentStatus::Processing),
        (None, PaymentStatus::Succeeded),
    ] {
        if let Some(fault) = fault {
            account.will("/data/main.cgi", fault);
        }
        assert_eq!(found(account.look(&sought).await).status, status);
    }
}
