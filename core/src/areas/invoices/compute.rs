//! What lines come to: amounts, taxes and the total, which agree to the last minor unit.
//!
//! The tax of a code is that of the sum of its lines, rounded once for each rate. Each line shows its share: what the sum up to it comes to,
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
    // By code and rate: the sum of the lines so far.
    let mut sums: Vec<(&TaxCode, &TaxRate, i64)> = Vec::new();
    for (at, line) in ordered.iter().enumerate() {
        let amount = amount_of(at, line)?;
        let (net, tax) = match &line.tax {
            None => (amount, 0),
            Some(code) => {
                let rate = line.rate.as_ref().or_else(|| rates.get(code));
                let rate = rate.ok_or_else(|| unknown(at, rates))?;
                let known = sums.iter().position(|sum| (sum.0, sum.1) == (code, rate));
                let known = known.unwrap_or_else(|| {
                    sums.push((code, rate, 0));
                    sums.len() - 1
                });
                let sum = &mut sums[known].2;
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
    amount
        .filter(|amount| (-MOST..=MOST).contains(amount))
        .ok_or_else(|| {
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
        let same = |known: &&mut TaxRecord| {
            known.code == *code
                && (&known.name, &known.percent, known.inclusive)
                    == (&rate.name, &rate.percent, rate.inclusive)
        };
        let known = self.taxes.iter_mut().find(same);
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
