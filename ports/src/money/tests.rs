//! Sums, splits and texts of money.

use proptest::prelude::*;

use super::*;

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, currency("usd"))
}

#[test]
fn currencies_do_not_mix() {
    let eur = Money::new(1, currency("EUR"));
    for refused in [
        usd(1).plus(eur).unwrap_err(),
        usd(1).minus(eur).unwrap_err(),
        usd(1).compare(eur).unwrap_err(),
    ] {
        assert_eq!(refused.code(), CURRENCY_MISMATCH);
    }
}

#[test]
fn texts_have_the_digits_of_their_currency() {
    for (code, minor, text) in [
        ("USD", -1, "-0.01"),
        ("USD", 1_200, "12.00"),
        ("JPY", 500, "500"),
        ("KWD", 1_005, "1.005"),
        ("CLF", 12_345, "1.2345"),
    ] {
        let money = Money::new(minor, currency(code));
        assert_eq!(money.decimal(), text);
        assert_eq!(Money::parse(text, currency(code)), Ok(money));
        assert_eq!(money.to_string(), format!("{text} {code}"));
    }
    assert_eq!(Money::parse("12", currency("USD")), Ok(usd(1_200)));
    assert_eq!(Money::parse("12.5", currency("USD")), Ok(usd(1_250)));
    assert_eq!(
        Money::parse("1.5", currency("JPY")),
        Err(DecimalError::TooFine { digits: 0 })
    );
}

#[test]
fn what_rounding_leaves_goes_to_the_largest_remainders() {
    let parts = |minor, weights: &[u32]| -> Vec<i64> {
        let parts = usd(minor).allocate(weights).unwrap();
        parts.into_iter().map(|part| part.minor).collect()
    };
    assert_eq!(parts(100, &[1, 1, 1]), [34, 33, 33]);
    assert_eq!(parts(-100, &[1, 1, 1]), [-34, -33, -33]);
    assert_eq!(parts(5, &[3, 7]), [2, 3]);
    assert_eq!(parts(1, &[0, 1, 0]), [0, 1, 0]);
    assert_eq!(parts(0, &[2, 3]), [0, 0]);
    assert!(usd(1).allocate(&[0]).is_err() && usd(1).allocate(&[]).is_err());
}

#[test]
fn only_more_than_nothing_is_an_amount() {
    assert_eq!(Amount::new(usd(1)).unwrap().get(), usd(1));
    for minor in [0, -1] {
        assert_eq!(Amount::new(usd(minor)).unwrap_err().code(), AMOUNT_NOT_POSITIVE);
        let stored = format!(r#"{{"minor":{minor},"currency":"USD"}}"#);
        assert!(serde_json::from_str::<Amount>(&stored).is_err());
    }
    let stored = r#"{"minor":1,"currency":"USD"}"#;
    assert_eq!(serde_json::from_str::<Amount>(stored).unwrap().get(), usd(1));
}

proptest! {
    #[test]
    fn what_is_added_can_be_taken_away(a in any::<i64>(), b in any::<i64>()) {
        match usd(a).plus(usd(b)) {
            Ok(sum) => prop_assert_eq!(sum.minus(usd(b)).unwrap(), usd(a)),
            Err(error) => {
                prop_assert_eq!(error.code(), AMOUNT_OVERFLOW);
                prop_assert!(a.checked_add(b).is_none());
            }
        }
    }

    #[test]
    fn parts_add_up_and_are_fair(minor in any::<i64>(), weights in prop::collection::vec(0u32.., 1..12)) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let parts = usd(minor).allocate(&weights).unwrap();
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        prop_assert_eq!(parts.iter().map(|part| i128::from(part.minor)).sum::<i128>(), i128::from(minor));
        for (part, weight) in zip(&parts, &weights) {
            let exact = i128::from(minor) * i128::from(*weight);
            prop_assert!((i128::from(part.minor) * total - exact).abs() < total, "less than one unit off");
        }
    }

    #[test]
    fn texts_read_back(minor in any::<i64>(), code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF", "ISK"])) {
        let money = Money::new(minor, currency(code));
        prop_assert_eq!(Money::parse(&money.decimal(), money.currency), Ok(money));
    }
}
