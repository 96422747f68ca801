//! What lines come to: amounts, taxes and the total, which agree to the last minor unit.
//!
//! The tax of a code is that of the sum of its lines, rounded once. Each line shows its share: what the sum up to it comes to,
//! less what the sum before it came to. So shares add up to the whole whatever is rounded.

use std::collections::BTreeMap;

use portcullis_ports::Result;
use portcullis_ports::money::{Currency, Money};

use super::model::{MAX_LINES, MOST, OrderLine};
use super::records::{LineRecord, TaxRecord};
use crate::foundation::input::refused;
use crate::foundation::taxes::{TaxCode, TaxRate};

/// What an invoice comes to, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Computed {
    pub(super) lines: Vec<LineRecord>,
    pub(super) taxes: Vec<TaxRecord>,
    /// Earned.
    pub(super) net: i64,
    pub(super) tax: i64,
    /// Both together.
    pub(super) total: i64,
}

/// Computes an invoice.
///
/// # Errors
/// `invalid-request` for lines that make none.
pub(super) fn compute(
    currency: Currency,
    ordered: &[OrderLine],
    rates: &BTreeMap<TaxCode, TaxRate>,
) -> Result<Computed> {
    if ordered.is_empty() || ordered.len() > MAX_LINES {
        return Err(refused("/lines", "1 to 100 lines are expected"));
    }
    let mut computed = Computed {
        lines: Vec::with_capacity(ordered.len()),
        taxes: Vec::new(),
        net: 0,
        tax: 0,
        total: 0,
    };
    // By code: the sum of the lines so far.
    let mut sums: BTreeMap<&TaxCode, i64> = BTreeMap::new();
    for (at, line) in ordered.iter().enumerate() {
        let amount = amount_of(at, line)?;
        let (net, tax) = match &line.tax {
            None => (amount, 0),
            Some(code) => {
                let rate = rates.get(code).ok_or_else(|| unknown(at, rates))?;
                let sum = sums.entry(code).or_default();
                let split = |minor| rate.split(Money::new(minor, currency));
                let (before, after) = (split(*sum)?, split(*sum + amount)?);
                *sum += amount;
                let net = after.0.minor - before.0.minor;
                let tax = after.1.minor - before.1.minor;
                computed.add_tax(code, rate, net, tax);
                (net, tax)
            }
        };
        computed.net += net;
        computed.tax += tax;
        computed.lines.push(LineRecord {
            text: line.text.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            tax_code: line.tax.clone(),
            amount,
            net,
            tax,
        });
    }
    computed.total = computed.net + computed.tax;
    let mixed = (computed.net > 0 && computed.tax < 0) || (computed.net < 0 && computed.tax > 0);
    if mixed || (computed.net == 0 && computed.tax != 0) {
        return Err(refused(
            "/lines",
            "what is given back does not take more tax back than is left; write a second invoice",
        ));
    }
    if computed.total.abs() > MOST {
        return Err(refused(
            "/lines",
            "a total of at most 1000000000000 minor units is expected",
        ));
    }
    Ok(computed)
}

fn amount_of(at: usize, line: &OrderLine) -> Result<i64> {
    if line.quantity == 0 {
        return Err(refused(
            &format!("/lines/{at}/quantity"),
            "at least 1 is expected",
        ));
    }
    let amount = line.unit_price.checked_mul(i64::from(line.quantity));
    amount.filter(|amount| amount.abs() <= MOST).ok_or_else(|| {
        refused(
            &format!("/lines/{at}/unit_price"),
            "a line of at most 1000000000000 minor units is expected",
        )
    })
}

fn unknown(at: usize, rates: &BTreeMap<TaxCode, TaxRate>) -> portcullis_ports::Error {
    let known: Vec<&str> = rates.keys().map(TaxCode::as_str).collect();
    let advice = if known.is_empty() {
        "no tax code is declared: set `billing.taxes`".to_owned()
    } else {
        format!("one of these is expected: {}", known.join(", "))
    };
    refused(&format!("/lines/{at}/tax_code"), &advice)
}

impl Computed {
    fn add_tax(&mut self, code: &TaxCode, rate: &TaxRate, net: i64, tax: i64) {
        let known = self.taxes.iter_mut().find(|known| known.code == *code);
        if let Some(known) = known {
            known.net += net;
            known.tax += tax;
            return;
        }
        self.taxes.push(TaxRecord {
            code: code.clone(),
            name: rate.name.clone(),
            percent: rate.percent.clone(),
            inclusive: rate.inclusive,
            net,
            tax,
        });
    }
}

/// How much of `part` of a sale is earned; the rest is tax. Grows with the part, never faster, and ends at the whole.
pub(super) fn net_of(part: i64, net: i64, total: i64) -> i64 {
    if total == 0 {
        return 0;
    }
    let share = i128::from(part) * i128::from(net) / i128::from(total);
    i64::try_from(share).unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::LineText;
    use super::*;
    use crate::foundation::taxes::Percent;

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

    proptest! {
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
}
