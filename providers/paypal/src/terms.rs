//! What PayPal takes: currencies, how it writes amounts and times, and how long it remembers.
//!
//! Sources: "Currency codes", "Idempotency" and "Transaction search" of PayPal's documentation.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::{AmountRule, MethodKind, RefundRule, Replay, SourceKind, Terms, VendorRef};

use crate::wire;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// How late transactions appear in reports.
pub(crate) const REPORT_LAG: Duration = Duration::from_hours(3);
/// How long after an order was sent for the last time a report that does not have it proves that it is nowhere.
pub(crate) const ABSENCE_AFTER: Duration = Duration::from_hours(4);
/// The longest span of one report.
pub(crate) const REPORT_SPAN: Duration = Duration::from_hours(31 * 24);
/// How long an authorisation is honoured; after that it is renewed before it is captured.
pub(crate) const HONOURED: Duration = Duration::from_hours(3 * 24);

const CURRENCIES: [&str; 24] = [
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "MYR",
    "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD",
];

/// How many ISO minor units the smallest amount is: PayPal takes no decimals of some currencies that have two.
fn step(currency: Currency) -> i64 {
    match currency.as_str() {
        "HUF" | "TWD" => 100,
        _ => 1,
    }
}

/// An amount as PayPal writes it.
pub(crate) fn to_paypal(money: Money) -> serde_json::Value {
    let value = match step(money.currency) {
        1 => money.decimal(),
        step => (money.minor / step).to_string(),
    };
    serde_json::json!({ "currency_code": money.currency.as_str(), "value": value })
}

/// An amount that PayPal wrote; `None` if it is none of ours.
pub(crate) fn from_paypal(money: &wire::Money) -> Option<Money> {
    let currency = Currency::parse(&money.currency_code).ok()?;
    // Decimals that a currency does not have are zeros, where PayPal writes any.
    let value = match money.value.split_once('.') {
        Some((whole, part)) if part.bytes().all(|digit| digit == b'0') => whole,
        _ => &money.value,
    };
    Money::parse(value, currency).ok()
}

/// A time that PayPal wrote.
pub(crate) fn from_time(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

/// A time as PayPal reads it, in whole seconds.
pub(crate) fn to_time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).map_or_else(|_| String::new(), |time| time.to_string())
}

fn amounts() -> BTreeMap<Currency, AmountRule> {
    let rule = |code: &&str| {
        let currency = Currency::parse(code).ok()?;
        let step = step(currency);
        let unit = 10_i64.checked_pow(currency.digits())?;
        // Seven digits before the point, as long as it has always been.
        let max = 10_000_000 * unit - step;
        Some((currency, AmountRule { min: step, max, step }))
    };
    CURRENCIES.iter().filter_map(rule).collect()
}

/// What PayPal takes, for an account.
pub(crate) fn terms(live: bool, account: Option<VendorRef>) -> Terms {
    Terms {
        live,
        account,
        methods: vec![MethodKind::Wallet, MethodKind::Card],
        sources: vec![SourceKind::Stored, SourceKind::Fresh, SourceKind::HostedPage],
        amounts: amounts(),
        replay: Replay {
            charge: Some(HOUR * 6),
            complete: Some(HOUR * 6),
            capture: Some(DAY * 45),
            refund: Some(DAY * 45),
            setup: Some(HOUR * 3),
            subscribe: Some(HOUR * 72),
        },
        find_by_ours: true,
        keeps_ours: true,
        find_lag: Duration::ZERO,
        // What is not in a report that reaches so far is nowhere: no approval address was given out for it either.
        absence_after: Some(ABSENCE_AFTER),
        refunds: RefundRule::PerPayment {
            partial: true,
            many: true,
        },
        refund_within: Some(DAY * 180),
        partial_capture: true,
        authorization_valid: Some(DAY * 29),
        action_within: Some(HOUR * 3),
        report_lag: REPORT_LAG,
        report_span: Some(REPORT_SPAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::parse(code).unwrap())
    }

    #[test]
    fn amounts_are_written_as_paypal_writes_them() {
        for (ours, theirs) in [
            (money(1_999, "USD"), "19.99"),
            (money(5, "EUR"), "0.05"),
            (money(500, "JPY"), "500"),
            (money(12_300, "HUF"), "123"),
            (money(7_700, "TWD"), "77"),
        ] {
            let written = to_paypal(ours);
            assert_eq!(written["value"], theirs);
            let read: wire::Money = serde_json::from_value(written).unwrap();
            assert_eq!(from_paypal(&read), Some(ours));
        }
        for (code, value, expected) in [
            ("JPY", "500.00", Some(money(500, "JPY"))),
            ("JPY", "500.50", None),
            ("USD", "1.999", None),
            ("XXX", "1", None),
            ("USD", "-13.79", Some(money(-1_379, "USD"))),
        ] {
            let read = wire::Money {
                currency_code: code.to_owned(),
                value: value.to_owned(),
            };
            assert_eq!(from_paypal(&read), expected, "{value} {code}");
        }
    }

    #[test]
    fn every_listed_currency_admits_its_least_and_most_amount() {
        let terms = terms(false, None);
        assert_eq!(terms.amounts.len(), CURRENCIES.len());
        for (currency, rule) in &terms.amounts {
            for minor in [rule.min, rule.max] {
                assert_eq!(terms.admits(Money::new(minor, *currency)), Ok(()), "{currency}");
            }
        }
        assert!(terms.admits(money(12_350, "HUF")).is_err(), "no decimals");
        assert!(terms.admits(money(1_000_000_000, "USD")).is_err(), "ten million");
    }

    #[test]
    fn times_are_read_in_both_forms() {
        for text in [
            "2026-09-21T14:13:18Z",
            "2026-09-21T14:13:18.000Z",
            "2026-09-21T16:13:18+0200",
        ] {
            let at = from_time(text).unwrap();
            assert_eq!(to_time(at), "2026-09-21T14:13:18Z", "{text}");
        }
        assert_eq!(from_time("yesterday"), None);
    }
}
