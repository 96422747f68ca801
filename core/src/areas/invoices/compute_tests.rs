//! What lines come to, whatever they are.

use std::collections::BTreeMap;

use portcullis_ports::money::{Currency, Money};
use proptest::prelude::*;

use super::compute::*;
use super::model::{LineText, MAX_LINES, MOST, OrderLine};
use crate::foundation::taxes::{Percent, TaxCode, TaxRate};

fn rates() -> BTreeMap<TaxCode, TaxRate> {
    let rate = |percent: &str, inclusive| TaxRate {
        name: "VAT".to_owned(),
        percent: Percent::parse(percent).unwrap(),
        inclusive,
    };
    let code = |text: &str| TaxCode::parse(text).unwrap();
    [
        (code("standard"), rate("19", false)),
        (code("shown"), rate("19", true)),
        (code("reduced"), rate("7.7", false)),
    ]
    .into()
}

fn line(quantity: u32, unit_price: i64, tax: Option<&str>) -> OrderLine {
    OrderLine {
        text: LineText::parse("Plum kettle").unwrap(),
        quantity,
        unit_price,
        tax: tax.map(|code| TaxCode::parse(code).unwrap()),
        rate: None,
    }
}

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

#[test]
fn tax_is_rounded_once_for_all_lines_of_a_code() {
    let three = vec![line(1, 33, Some("standard")); 3];
    let computed = compute(eur(), &three, &rates()).unwrap();
    assert_eq!((computed.net, computed.tax, computed.total), (99, 19, 118));
    let shares: Vec<i64> = computed.lines.iter().map(|line| line.tax).collect();
    assert_eq!(shares, [6, 7, 6]);
}

#[test]
fn prices_that_hold_their_tax_are_what_is_paid() {
    let lines = [line(2, 5_950, Some("shown")), line(1, 100, None)];
    let computed = compute(eur(), &lines, &rates()).unwrap();
    assert_eq!(
        (computed.net, computed.tax, computed.total),
        (10_100, 1_900, 12_000)
    );
}

#[test]
fn lines_that_make_no_invoice_are_refused_by_name() {
    let far = OrderLine {
        unit_price: i64::MAX,
        ..line(2, 1, None)
    };
    for (lines, field) in [
        (vec![], "/lines"),
        (vec![line(1, 1, None); 101], "/lines"),
        (vec![line(0, 1, None)], "/lines/0/quantity"),
        (vec![line(1, 1, None), far], "/lines/1/unit_price"),
        (vec![line(1, 1, Some("luxury"))], "/lines/0/tax_code"),
        (
            vec![line(1, 1_000, None), line(1, -500, Some("standard"))],
            "/lines",
        ),
    ] {
        let refused = compute(eur(), &lines, &rates()).unwrap_err();
        assert_eq!(refused.fields()[0].pointer, field);
    }
}

#[test]
fn prices_at_the_ends_of_their_range_are_refused_by_name() {
    for price in [i64::MIN, i64::MIN + 1, -MOST - 1, MOST + 1, i64::MAX] {
        for quantity in [1, 2, u32::MAX] {
            let refused = compute(eur(), &[line(quantity, price, Some("shown"))], &rates());
            assert_eq!(refused.unwrap_err().fields()[0].pointer, "/lines/0/unit_price");
        }
    }
    let most = vec![line(1, MOST, Some("standard")); MAX_LINES];
    let refused = compute(eur(), &most, &rates()).unwrap_err();
    assert_eq!(refused.fields()[0].pointer, "/lines");
    let least = compute(eur(), &[line(1, -MOST, None)], &rates()).unwrap();
    assert_eq!(least.total, -MOST);
}

proptest! {
    #[test]
    fn whatever_is_ordered_is_computed_or_refused(lines in proptest::collection::vec(
        (any::<u32>(), any::<i64>(), prop_oneof![
            Just(None), Just(Some("standard")), Just(Some("shown")), Just(Some("reduced"))
        ]), 0..12,
    )) {
        let lines: Vec<OrderLine> = lines.into_iter().map(|(many, price, tax)| line(many, price, tax)).collect();
        match compute(eur(), &lines, &rates()) {
            Ok(computed) => prop_assert_eq!(computed.net + computed.tax, computed.total),
            Err(refused) => prop_assert!(refused.fields()[0].pointer.starts_with("/lines")),
        }
    }

    #[test]
    fn what_is_given_back_takes_back_the_tax_that_was_charged(
        quantity in 1_u32..50,
        price in 0_i64..5_000_000,
        tax in prop_oneof![Just(None), Just(Some("standard")), Just(Some("shown")), Just(Some("reduced"))],
    ) {
        let charged = compute(eur(), &[line(quantity, price, tax)], &rates()).unwrap();
        let back = compute(eur(), &[line(quantity, -price, tax)], &rates()).unwrap();
        prop_assert_eq!((back.net, back.tax, back.total), (-charged.net, -charged.tax, -charged.total));
        let both = compute(eur(), &[line(quantity, -price, tax), line(quantity, price, tax)], &rates()).unwrap();
        prop_assert_eq!((both.net, both.tax, both.total), (0, 0, 0));
        prop_assert_eq!(both.lines[0].tax, -charged.tax);
        prop_assert_eq!(both.lines[1].tax, charged.tax);
    }

    #[test]
    fn lines_and_taxes_are_the_total(lines in proptest::collection::vec(
        (1_u32..50, -2_000_000_i64..5_000_000, prop_oneof![
            Just(None), Just(Some("standard")), Just(Some("shown")), Just(Some("reduced"))
        ]), 1..30,
    )) {
        let lines: Vec<OrderLine> = lines.into_iter().map(|(many, price, tax)| line(many, price, tax)).collect();
        let Ok(computed) = compute(eur(), &lines, &rates()) else { return Ok(()) };
        let nets: i64 = computed.lines.iter().map(|line| line.net).sum();
        let shares: i64 = computed.lines.iter().map(|line| line.tax).sum();
        let taxes: i64 = computed.taxes.iter().map(|tax| tax.tax).sum();
        prop_assert_eq!(nets, computed.net);
        prop_assert_eq!(shares, taxes);
        prop_assert_eq!(nets + taxes, computed.total);
        for line in &computed.lines {
            let shown = line.tax_code.as_ref().is_some_and(|code| code.as_str() == "shown");
            prop_assert_eq!(if shown { line.net + line.tax } else { line.net }, line.amount);
        }
        // The tax of a code is that of its sum, to the half unit.
        for tax in &computed.taxes {
            let rate = &rates()[&tax.code];
            let of_code = computed.lines.iter().filter(|line| line.tax_code.as_ref() == Some(&tax.code));
            let sum = Money::new(of_code.map(|line| line.amount).sum(), eur());
            prop_assert_eq!(rate.split(sum).unwrap().1.minor, tax.tax);
        }
    }

    #[test]
    fn parts_of_a_sale_that_are_given_back_end_at_the_whole(net in 0_i64..1_000_000, tax in 0_i64..1_000_000, steps in proptest::collection::vec(1_i64..1_000, 1..40)) {
        let total = net + tax;
        let (mut part, mut given) = (0, (0, 0));
        for step in steps.into_iter().chain([total]) {
            let next = (part + step).min(total);
            let (before, after) = (net_of(part, net, total), net_of(next, net, total));
            prop_assert!(after >= before && after - before <= next - part);
            given = (given.0 + after - before, given.1 + (next - part) - (after - before));
            part = next;
        }
        prop_assert_eq!(given, (net, tax));
    }
}
