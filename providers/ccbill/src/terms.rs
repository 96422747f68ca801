//! What CCBill takes: six currencies, and how it writes prices.
//!
//! Source: CCBill's RESTful API guide. Limits of prices are those of the account, and are not documented.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_ports::money::Decimal;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::{AmountRule, MethodKind, RefundRule, Replay, SourceKind, Terms, VendorRef};

/// Currencies with their numbers of ISO 4217.
const CURRENCIES: [(&str, u16); 6] = [
    ("AUD", 36),
    ("CAD", 124),
    ("EUR", 978),
    ("GBP", 826),
    ("JPY", 392),
    ("USD", 840),
];
/// The most that is sent: 99,999.99, or as many yen.
const MOST: i64 = 9_999_999;
/// An extract may be read once in this time, so what it shows is this old.
pub(crate) const EXTRACT_EVERY: Duration = Duration::from_hours(1);
/// The longest span of one extract.
pub(crate) const EXTRACT_SPAN: Duration = Duration::from_hours(24);

/// The number of a currency; `None` if CCBill does not take it.
pub(crate) fn number(currency: Currency) -> Option<u16> {
    let known = CURRENCIES.iter().find(|(code, _)| *code == currency.as_str());
    known.map(|(_, number)| *number)
}

/// The currency of a number, which may have leading zeros.
pub(crate) fn currency(number: &str) -> Option<Currency> {
    let number: u16 = number.trim().parse().ok()?;
    let known = CURRENCIES.iter().find(|(_, known)| *known == number)?;
    Currency::parse(known.0).ok()
}

/// A price with two decimals, which CCBill writes in every currency.
pub(crate) fn price(money: Money) -> String {
    let (minor, digits) = (money.minor, money.currency.digits());
    let hundredths = if digits == 0 {
        minor.saturating_mul(100)
    } else {
        minor
    };
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A price that CCBill wrote; `None` if it is none of that currency.
pub(crate) fn from_price(text: &str, currency: Currency) -> Option<Money> {
    let hundredths = Decimal::parse(text.trim(), 2).ok()?.units();
    match currency.digits() {
        0 if hundredths % 100 == 0 => Some(Money::new(hundredths / 100, currency)),
        2 => Some(Money::new(hundredths, currency)),
        _ => None,
    }
}

fn amounts() -> BTreeMap<Currency, AmountRule> {
    let rule = AmountRule {
        min: 1,
        max: MOST,
        step: 1,
    };
    let parsed = CURRENCIES
        .iter()
        .filter_map(|(code, _)| Currency::parse(code).ok());
    parsed.map(|currency| (currency, rule)).collect()
}

/// What CCBill takes, for an account.
pub(crate) fn terms(live: bool, account: VendorRef) -> Terms {
    Terms {
        live,
        account: Some(account),
        methods: vec![MethodKind::Card],
        sources: vec![SourceKind::Stored, SourceKind::HostedPage],
        amounts: amounts(),
        // There are no keys: what was sent is never sent again.
        replay: Replay::default(),
        find_by_ours: false,
        keeps_ours: false,
        find_lag: EXTRACT_EVERY + Duration::from_secs(1),
        absence_after: None,
        refunds: RefundRule::LastOfSubscription,
        refund_within: None,
        partial_capture: false,
        authorization_valid: None,
        action_within: None,
        report_lag: EXTRACT_EVERY,
        report_span: Some(EXTRACT_SPAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_have_two_decimals_in_every_currency() {
        let money = |minor, code: &str| Money::new(minor, Currency::parse(code).unwrap());
        for (ours, theirs) in [
            (money(1_999, "USD"), "19.99"),
            (money(5, "AUD"), "0.05"),
            (money(500, "JPY"), "500.00"),
        ] {
            assert_eq!(price(ours), theirs);
            assert_eq!(from_price(theirs, ours.currency), Some(ours));
        }
        assert_eq!(from_price("500.50", money(0, "JPY").currency), None);
        assert_eq!(from_price("1e3", money(0, "USD").currency), None);
        assert_eq!(
            from_price("10", money(0, "USD").currency),
            Some(money(1_000, "USD"))
        );
    }

    #[test]
    fn numbers_are_read_with_and_without_zeros() {
        for (code, wanted) in CURRENCIES {
            let known = Currency::parse(code).unwrap();
            assert_eq!(number(known), Some(wanted));
            assert_eq!(currency(&format!("{wanted:03}")), Some(known));
        }
        assert_eq!(currency("999"), None);
        assert_eq!(number(Currency::parse("CHF").unwrap()), None);
    }
}
