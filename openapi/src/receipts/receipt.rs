//! What stands on a receipt, line by line.

use portcullis_core::payments::{Purpose, Receipt};
use portcullis_ports::money::Money;
use portcullis_ports::{Result, Timestamp};

use super::sheet::{Row, Sheet};
use super::statement::moment;
use super::words::words;

/// The sheet of a receipt.
///
/// # Errors
/// `internal` if a moment is beyond all calendars.
pub(super) fn sheet(receipt: &Receipt) -> Result<Sheet> {
    let words = words(receipt.language);
    let mut rows = vec![
        Row::plain(words.number, receipt.id.as_str()),
        Row::plain(words.date, utc(receipt.paid_at)?),
    ];
    if let Some(email) = &receipt.email {
        rows.push(Row::plain(words.payer, email.as_str()));
    }
    rows.push(Row::plain(words.subject, receipt.payer.as_str()));
    let purpose = match (&receipt.purpose, receipt.description.as_str()) {
        (Purpose::Balance, "") => words.balance,
        (Purpose::Purchase { .. } | Purpose::Order { .. }, "") => words.purchase,
        (Purpose::Invoice { .. }, "") => words.invoice,
        (_, description) => description,
    };
    rows.push(Row::plain(words.description, purpose));
    if let Purpose::Purchase {
        reference: Some(reference),
    } = &receipt.purpose
    {
        rows.push(Row::plain(words.reference, reference));
    }
    if let Purpose::Order { order } = &receipt.purpose {
        rows.push(Row::plain(words.reference, order.as_str()));
    }
    if let Purpose::Invoice { invoice } = &receipt.purpose {
        rows.push(Row::plain(words.invoice_title, invoice.as_str()));
    }
    if let Some(method) = &receipt.method {
        let last4 = method.last4.as_ref().map(|last4| format!(" ···· {last4}"));
        let shown = format!("{}{}", method.label, last4.unwrap_or_default());
        rows.push(Row::plain(words.method, shown));
    }
    rows.push(Row::strong(words.amount, receipt.captured.to_string()));
    for (at, amount) in &receipt.refunds {
        let day = utc(*at)?;
        let day = day.split_once(' ').map_or(day.as_str(), |(day, _)| day);
        let label = words.refund.replace("{date}", day);
        rows.push(Row::plain(&label, back(*amount)?));
    }
    if receipt.contested.minor > 0 {
        rows.push(Row::plain(words.contested, back(receipt.contested)?));
    }
    if receipt.kept() != receipt.captured {
        rows.push(Row::strong(words.kept, receipt.kept().to_string()));
    }
    Ok(Sheet {
        language: words.language,
        title: words.receipt.to_owned(),
        from: receipt.seller.clone(),
        rows,
        tables: Vec::new(),
    })
}

fn back(amount: Money) -> Result<String> {
    Ok(amount.negated()?.to_string())
}

/// To the minute, such as `2026-11-27 21:10 UTC`.
fn utc(at: Timestamp) -> Result<String> {
    let moment = moment(at)?;
    let minute = moment.get(..16).unwrap_or(&moment).replace('T', " ");
    Ok(format!("{minute} UTC"))
}

#[cfg(test)]
mod tests {
    use portcullis_core::payments::PaidWithView;
    use portcullis_core::texts::Language;
    use portcullis_ports::id::PaymentId;
    use portcullis_ports::identity::Subject;
    use portcullis_ports::money::Currency;
    use portcullis_ports::payments::MethodKind;

    use super::*;

    fn receipt(currency: &str, captured: i64) -> Receipt {
        let currency = Currency::parse(currency).expect("a currency");
        Receipt {
            id: PaymentId::parse("pay_01h2xcejqtf2nbrexx3vqjhp41").expect("an id"),
            language: Language::DE,
            seller: "Plum Kettles".to_owned(),
            payer: Subject::parse("usr_ada").expect("a subject"),
            email: None,
            paid_at: Timestamp::from_seconds(1_790_000_000),
            purpose: Purpose::Balance,
            description: String::new(),
            method: Some(PaidWithView {
                kind: MethodKind::Card,
                label: "Visa".to_owned(),
                last4: Some("4242".to_owned()),
            }),
            captured: Money::new(captured, currency),
            refunds: Vec::new(),
            contested: Money::zero(currency),
        }
    }

    fn values(receipt: &Receipt) -> Vec<String> {
        let rows = sheet(receipt).expect("a sheet").rows;
        rows.into_iter()
            .map(|row| format!("{}: {}", row.label, row.value))
            .collect()
    }

    #[test]
    fn it_says_who_paid_what_when_and_with_what() {
        let mut given = receipt("EUR", 1_999);
        given.refunds = vec![(
            Timestamp::from_seconds(1_790_100_000),
            Money::new(500, given.captured.currency),
        )];
        assert_eq!(
            values(&given),
            [
                "Quittungsnummer: pay_01h2xcejqtf2nbrexx3vqjhp41",
                "Datum: 2026-09-21 14:13 UTC",
                "Kundennummer: usr_ada",
                "Für: Zahlung des offenen Betrags",
                "Bezahlt mit: Visa ···· 4242",
                "Gezahlter Betrag: 19.99 EUR",
                "Erstattet am 2026-09-22: -5.00 EUR",
                "Gezahlt nach Erstattungen: 14.99 EUR",
            ]
        );
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        for (currency, minor, shown) in [("JPY", 1_999, "1999 JPY"), ("KWD", 1_990, "1.990 KWD")] {
            let values = values(&receipt(currency, minor));
            assert_eq!(values.last(), Some(&format!("Gezahlter Betrag: {shown}")));
        }
    }
}
