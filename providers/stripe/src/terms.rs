//! What Stripe takes: currencies with their least amounts, and how it counts them.
//!
//! Source: "Supported currencies" of Stripe's documentation, with the least amounts of its table of minimum charges.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::{AmountRule, MethodKind, RefundRule, Replay, SourceKind, Terms, VendorRef};

const DAY: Duration = Duration::from_hours(24);
/// The most of every currency: eight digits as Stripe counts.
const MAX: i64 = 99_999_999;

/// Currencies, and the least amount in ISO minor units. Where Stripe's table is silent the least is one step: Stripe itself
/// refuses what is worth too little.
const CURRENCIES: &[(&str, i64)] = &[
    ("AED", 200),
    ("ALL", 1),
    ("ARS", 1),
    ("AUD", 50),
    ("BAM", 1),
    ("BDT", 1),
    ("BGN", 100),
    ("BHD", 10),
    ("BOB", 1),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("CLP", 1),
    ("COP", 1),
    ("CRC", 1),
    ("CZK", 1_500),
    ("DKK", 250),
    ("DOP", 1),
    ("EGP", 1),
    ("EUR", 50),
    ("GBP", 30),
    ("GEL", 1),
    ("GTQ", 1),
    ("HKD", 400),
    ("HUF", 17_500),
    ("IDR", 1),
    ("ILS", 1),
    ("INR", 50),
    ("ISK", 1),
    ("JMD", 1),
    ("JOD", 10),
    ("JPY", 50),
    ("KES", 1),
    ("KRW", 1),
    ("KWD", 10),
    ("KZT", 1),
    ("MAD", 1),
    ("MXN", 1_000),
    ("MYR", 200),
    ("NGN", 1),
    ("NOK", 300),
    ("NZD", 50),
    ("OMR", 10),
    ("PEN", 1),
    ("PHP", 1),
    ("PKR", 1),
    ("PLN", 200),
    ("PYG", 1),
    ("QAR", 1),
    ("RON", 200),
    ("RSD", 1),
    ("SAR", 1),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1_000),
    ("TND", 10),
    ("TRY", 1),
    ("TWD", 1),
    ("TZS", 1),
    ("UAH", 1),
    ("UGX", 1),
    ("USD", 50),
    ("UYU", 1),
    ("VND", 1),
    ("ZAR", 1),
];

/// How many of Stripe's units one ISO minor unit is: Stripe counts these two with decimals that they no longer have.
fn scale(currency: Currency) -> i64 {
    if matches!(currency.as_str(), "ISK" | "UGX") {
        100
    } else {
        1
    }
}

/// An amount as Stripe counts it.
pub(crate) fn to_stripe(money: Money) -> i64 {
    money.minor.saturating_mul(scale(money.currency))
}

/// An amount that Stripe counted; `None` if it is none of ours.
pub(crate) fn from_stripe(amount: i64, currency: &str) -> Option<Money> {
    let currency = Currency::parse(currency).ok()?;
    let scale = scale(currency);
    (amount % scale == 0).then(|| Money::new(amount / scale, currency))
}

/// The code of a currency as Stripe writes it.
pub(crate) fn code(currency: Currency) -> String {
    currency.as_str().to_ascii_lowercase()
}

fn amounts() -> BTreeMap<Currency, AmountRule> {
    let rule = |(code, min): &(&str, i64)| {
        let currency = Currency::parse(code).ok()?;
        let rule = AmountRule {
            min: *min,
            max: MAX / scale(currency),
            // Amounts of three decimals end in 0.
            step: if currency.digits() == 3 { 10 } else { 1 },
        };
        Some((currency, rule))
    };
    CURRENCIES.iter().filter_map(rule).collect()
}

/// What Stripe takes, for an account.
pub(crate) fn terms(live: bool, account: Option<VendorRef>) -> Terms {
    // Keys are kept for a day at least, counted from when Stripe saw the first request.
    let kept = Some(DAY);
    Terms {
        live,
        account,
        methods: vec![
            MethodKind::Card,
            MethodKind::UsBankDebit,
            MethodKind::SepaDebit,
            MethodKind::Wallet,
        ],
        sources: vec![SourceKind::Stored, SourceKind::Fresh, SourceKind::HostedPage],
        amounts: amounts(),
        replay: Replay {
            charge: kept,
            // Reads only.
            complete: kept,
            capture: kept,
            refund: kept,
            setup: kept,
            subscribe: None,
        },
        find_by_ours: true,
        keeps_ours: true,
        find_lag: Duration::ZERO,
        // Stripe itself gives up a request after 80 s, and lists are current.
        absence_after: Some(Duration::from_mins(2)),
        refunds: RefundRule::PerPayment {
            partial: true,
            many: true,
        },
        // Bank debits; cards can be given back for longer, as far as their banks take it.
        refund_within: Some(DAY * 180),
        partial_capture: true,
        // Visa, where the payer was absent: 4 days and 18 hours. The picture of a card payment says it exactly.
        authorization_valid: Some(Duration::from_hours(4 * 24 + 18)),
        action_within: None,
        report_lag: Duration::from_mins(5),
        report_span: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_counted_as_stripe_counts_them() {
        let money = |minor, code: &str| Money::new(minor, Currency::parse(code).unwrap());
        for (ours, theirs) in [
            (money(1_999, "USD"), 1_999),
            (money(500, "JPY"), 500),
            (money(1_230, "KWD"), 1_230),
            (money(7, "ISK"), 700),
            (money(20_000, "UGX"), 2_000_000),
        ] {
            assert_eq!(to_stripe(ours), theirs);
            assert_eq!(from_stripe(theirs, &code(ours.currency)), Some(ours));
        }
        assert_eq!(from_stripe(750, "isk"), None);
        assert_eq!(from_stripe(1, "xxx"), None);
    }

    #[test]
    fn every_listed_currency_is_one_and_admits_its_least_amount() {
        let terms = terms(false, None);
        assert_eq!(terms.amounts.len(), CURRENCIES.len());
        for (currency, rule) in &terms.amounts {
            assert_eq!(
                terms.admits(Money::new(rule.min, *currency)),
                Ok(()),
                "{currency}"
            );
        }
    }
}
