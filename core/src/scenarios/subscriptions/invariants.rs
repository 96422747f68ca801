//! What holds of the invoices and payments of subscriptions after whatever happened.

use std::collections::BTreeMap;

use crate::areas::invoices::{InvoiceState, InvoiceView};
use crate::areas::payments::{PaymentView, Purpose, Status};

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

/// How much of a sale was taken back with the money.
pub(super) fn reversed_of(invoice: &InvoiceView) -> i64 {
    match invoice.state {
        InvoiceState::Paid => invoice.refunded,
        InvoiceState::Draft | InvoiceState::Open | InvoiceState::Uncollectible | InvoiceState::Void => 0,
    }
}

pub(super) fn sold_of(invoice: &InvoiceView) -> i64 {
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
