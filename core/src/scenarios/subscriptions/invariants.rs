//! What holds of the invoices and payments of subscriptions after whatever happened.

use std::collections::BTreeMap;

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;

use crate::areas::invoices::{InvoiceState, InvoiceView, ListInvoices};
use crate::areas::payments::{Filter, PaymentView, Purpose, Status};
use crate::areas::subscriptions::{SubscriptionStatus, SubscriptionView};
use crate::testing::World;

/// All invoices of somebody, newest first.
pub(super) async fn invoices_of(world: &World, subject: &Subject) -> Vec<InvoiceView> {
    let (mut all, mut command) = (Vec::new(), ListInvoices::default());
    loop {
        let page = world.app.invoices.list(subject, &command, true).await.unwrap();
        all.extend(page.invoices);
        command.cursor = page.next_cursor;
        if command.cursor.is_none() {
            return all;
        }
    }
}

/// All payments of somebody with their refunds, newest first.
pub(super) async fn payments_of(world: &World, subject: &Subject) -> Vec<PaymentView> {
    let (mut all, mut cursor) = (Vec::new(), None);
    let payments = &world.app.payments;
    loop {
        let page = payments
            .list(subject, &Filter::default(), 200, cursor.as_ref())
            .await
            .unwrap();
        for listed in page.items {
            // Lists show payments without their refunds.
            all.push(payments.get(subject, &listed.id).await.unwrap());
        }
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

/// What somebody owes by the ledger; less than nothing is to their credit.
pub(super) async fn owed_by(world: &World, subject: &Subject) -> i64 {
    let balances = world.app.ledger.balances(subject).await.unwrap();
    balances.first().map_or(0, |balance| balance.owed)
}

/// What somebody was sold and has not paid, to the cent. Gives what the vendor took.
pub(super) fn what_is_owed_adds_up(invoices: &[InvoiceView], payments: &[PaymentView], owed: i64) -> i64 {
    let sold = |one: &InvoiceView| match one.state {
        InvoiceState::Draft | InvoiceState::Void => 0,
        InvoiceState::Open | InvoiceState::Paid | InvoiceState::Uncollectible => one.total,
    };
    let sold: i64 = invoices.iter().map(sold).sum();
    let reversed: i64 = invoices.iter().map(reversed_of).sum();
    let taken: i64 = payments.iter().map(|one| one.captured.minor).sum();
    let refunded: i64 = payments.iter().map(|one| one.refunded.minor).sum();
    assert_eq!(
        owed,
        sold - reversed - (taken - refunded),
        "sold {sold}, taken back {reversed}, paid {taken}, given back {refunded}"
    );
    taken
}

/// More is never given back of what was sold than came for it.
pub(super) fn no_more_is_given_back_than_came<'a>(invoices: impl Iterator<Item = &'a InvoiceView>) {
    let kept: i64 = invoices.map(|one| sold_of(one) - reversed_of(one)).sum();
    assert!(kept >= 0, "{kept} was kept");
}

pub(super) fn nothing_is_open(payments: &[PaymentView]) {
    for payment in payments {
        assert!(
            !matches!(
                payment.status,
                Status::Sending | Status::Unknown | Status::Processing | Status::Capturing
            ),
            "{payment:#?}"
        );
    }
}

pub(super) fn no_invoice_is_paid_twice(invoices: &[InvoiceView], payments: &[PaymentView]) {
    for invoice in invoices {
        let of_it = payments.iter().filter(|payment| {
            matches!(&payment.purpose, Purpose::Invoice { invoice: id } if *id == invoice.invoice_id)
        });
        let came: i64 = of_it.map(|payment| payment.captured.minor).sum();
        let asked = (invoice.total + invoice.carried).max(0);
        assert!(
            came + invoice.paid_from_balance <= asked,
            "{came} came for {invoice:#?}"
        );
    }
}

/// The days on which a period, or a part of one, begins or goes on: the last day of a line is the first of the next.
pub(super) fn billed_days(invoices: &[InvoiceView], family: usize) -> BTreeMap<jiff::civil::Date, i32> {
    let mut days = BTreeMap::new();
    let of_it = |text: &str| text.starts_with(&format!("F{family}:"));
    let counted = invoices.iter().filter(|one| one.state != InvoiceState::Void);
    for line in counted.flat_map(|one| &one.lines) {
        let text = line.text.as_str();
        if !of_it(text) {
            continue;
        }
        let (_, span) = text.split_once(": ").unwrap();
        let (from, to) = span.split_once(" to ").unwrap_or((span, span));
        let (mut day, to): (jiff::civil::Date, jiff::civil::Date) =
            (from.parse().unwrap(), to.parse().unwrap());
        while day < to {
            *days.entry(day).or_default() += if line.amount > 0 { 1 } else { -1 };
            day = day.tomorrow().unwrap();
        }
    }
    days
}

pub(super) fn no_day_is_billed_twice(invoices: &[InvoiceView], families: usize) {
    for family in 0..families {
        for (day, times) in billed_days(invoices, family) {
            assert!(
                (0..=1).contains(&times),
                "{day} is billed {times} times to family {family}: {:#?}",
                texts(invoices, family)
            );
        }
    }
}

/// What is entitled to is billed: the days of the present period of whatever is active.
pub(super) fn the_present_period_is_billed(
    view: &SubscriptionView,
    now: Timestamp,
    invoices: &[InvoiceView],
    family: usize,
) {
    let active = matches!(
        view.status,
        SubscriptionStatus::Active | SubscriptionStatus::PastDue
    );
    if !active || view.trial_end.is_some() || view.restricted {
        return;
    }
    assert!(
        now.seconds() < view.current_period_end,
        "a period is behind: {view:#?}"
    );
    let zone = jiff::tz::TimeZone::get(view.time_zone.as_str()).unwrap();
    let date = |at: i64| zone.to_datetime(jiff::Timestamp::from_second(at).unwrap()).date();
    let (mut day, end) = (date(view.current_period_start), date(view.current_period_end - 1));
    let billed = billed_days(invoices, family);
    while day < end {
        let told = || (day, view, texts(invoices, family));
        assert_eq!(billed.get(&day), Some(&1), "{:#?}", told());
        day = day.tomorrow().unwrap();
    }
}

/// How much of a sale was taken back with the money.
fn reversed_of(invoice: &InvoiceView) -> i64 {
    match invoice.state {
        InvoiceState::Paid => {
            let paid = invoice.paid_by_payments.min(invoice.total);
            invoice.refunded.min((paid - invoice.credited).max(0))
        }
        InvoiceState::Draft | InvoiceState::Open | InvoiceState::Uncollectible | InvoiceState::Void => 0,
    }
}

fn sold_of(invoice: &InvoiceView) -> i64 {
    match invoice.state {
        InvoiceState::Open | InvoiceState::Paid => invoice.total,
        InvoiceState::Draft | InvoiceState::Void | InvoiceState::Uncollectible => 0,
    }
}

pub(super) fn texts(invoices: &[InvoiceView], family: usize) -> Vec<(i64, String, InvoiceState)> {
    let of_it = format!("F{family}:");
    let mut texts = Vec::new();
    for invoice in invoices {
        for line in &invoice.lines {
            let text = line.text.to_string();
            if text.starts_with(&of_it) {
                texts.push((line.amount, text, invoice.state));
            }
        }
    }
    texts.reverse();
    texts
}
