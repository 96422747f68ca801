//! What stands on an invoice, line by line.

use portcullis_core::invoices::{InvoiceDocument, InvoiceState, InvoiceView};
use portcullis_ports::{Result, Timestamp};

use super::sheet::{Row, Sheet};
use super::statement::moment;
use super::words::words;

/// The sheet of an invoice.
///
/// # Errors
/// `internal` if a moment is beyond all calendars.
pub(super) fn sheet(document: &InvoiceDocument) -> Result<Sheet> {
    let (words, invoice) = (words(document.language), &document.invoice);
    let shown = |minor| invoice.money(minor).to_string();
    let mut rows = vec![Row::plain(
        words.invoice_number,
        invoice.number.as_deref().unwrap_or_default(),
    )];
    for line in &document.seller_address {
        rows.push(Row::plain("", line));
    }
    if let Some(issued) = invoice.issued_at {
        rows.push(Row::plain(words.date, day(issued)?));
    }
    if let Some(due) = invoice.due_at.filter(|_| invoice.due > 0) {
        rows.push(Row::plain(words.pay_until, day(due)?));
    }
    if let Some(email) = &document.email {
        rows.push(Row::plain(words.customer, email.as_str()));
    }
    rows.push(Row::plain(words.subject, invoice.user_sub.as_str()));
    for line in &invoice.lines {
        let many = match line.quantity {
            1 => String::new(),
            many => format!(" ({many} × {})", invoice.money(line.unit_price)),
        };
        rows.push(Row::plain(
            line.text.as_str(),
            format!("{}{many}", shown(line.amount)),
        ));
    }
    rows.push(Row::plain(words.net, shown(invoice.net)));
    for tax in &invoice.taxes {
        let label = format!("{} {} %", tax.name, tax.percent);
        rows.push(Row::plain(
            &label,
            format!("{} ({})", shown(tax.tax), shown(tax.net)),
        ));
    }
    rows.push(Row::strong(words.total, shown(invoice.total)));
    rows.extend(left(document, invoice));
    Ok(Sheet {
        language: words.language,
        title: words.invoice_title.to_owned(),
        from: document.seller.clone(),
        rows,
        tables: Vec::new(),
    })
}

/// What became of the total.
fn left(document: &InvoiceDocument, invoice: &InvoiceView) -> Vec<Row> {
    let words = words(document.language);
    let shown = |minor| invoice.money(minor).to_string();
    let paid = invoice.paid_from_balance.saturating_add(invoice.paid_by_payments);
    let figures = [
        (words.carried, invoice.carried),
        (words.paid, paid.saturating_neg()),
        (words.rolled_over, invoice.rolled_over),
        (words.given_back, invoice.refunded),
    ];
    let mut rows: Vec<Row> = figures
        .into_iter()
        .filter(|(_, minor)| *minor != 0)
        .map(|(label, minor)| Row::plain(label, shown(minor)))
        .collect();
    match invoice.state {
        InvoiceState::Open | InvoiceState::Paid => rows.push(Row::strong(words.due, shown(invoice.due))),
        InvoiceState::Void => rows.push(Row::strong(words.state, words.void)),
        // Whether we still hope for it is no matter of whoever owes it.
        InvoiceState::Uncollectible | InvoiceState::Draft => {}
    }
    rows
}

fn day(seconds: i64) -> Result<String> {
    let moment = moment(Timestamp::from_seconds(seconds))?;
    Ok(moment.get(..10).unwrap_or(&moment).to_owned())
}

#[cfg(test)]
mod tests {
    use portcullis_core::invoices::{InvoiceId, InvoiceLineView, InvoiceTaxView, LineText, TaxCode};
    use portcullis_core::texts::Language;
    use portcullis_core::use_case::Documented as _;
    use portcullis_ports::identity::Subject;
    use portcullis_ports::money::Currency;

    use super::*;

    fn document() -> InvoiceDocument {
        let example: serde_json::Value = serde_json::from_str(InvoiceView::EXAMPLE).expect("JSON");
        let code = TaxCode::parse("standard").expect("a code");
        let percent = example["taxes"][0]["percent"].as_str().expect("a rate");
        InvoiceDocument {
            language: Language::DE,
            seller: "Plum Kettles".to_owned(),
            seller_address: vec![
                "Kesselgasse 1, 10115 Berlin".to_owned(),
                "USt-IdNr. DE123456789".to_owned(),
            ],
            email: None,
            invoice: InvoiceView {
                invoice_id: InvoiceId::parse("inv_01h2xcejqtf2nbrexx3vqjhp41").expect("an id"),
                number: Some("INV-000042".to_owned()),
                user_sub: Subject::parse("usr_ada").expect("a subject"),
                state: InvoiceState::Open,
                origin: "operator".to_owned(),
                currency: Currency::parse("EUR").expect("a currency"),
                digits: 2,
                lines: vec![InvoiceLineView {
                    text: LineText::parse("Plum kettle").expect("a text"),
                    quantity: 2,
                    unit_price: 5_000,
                    tax_code: Some(code.clone()),
                    amount: 10_000,
                    net: 10_000,
                    tax: 1_900,
                }],
                taxes: vec![InvoiceTaxView {
                    tax_code: code,
                    name: "USt".to_owned(),
                    percent: percent.parse().expect("a percent"),
                    inclusive: false,
                    net: 10_000,
                    tax: 1_900,
                }],
                net: 10_000,
                tax: 1_900,
                total: 11_900,
                carried: 0,
                rolled_over: 0,
                paid_from_balance: 1_000,
                paid_by_payments: 0,
                refunded: 0,
                credited: 0,
                due: 10_900,
                collecting: None,
                payments: Vec::new(),
                reason: None,
                created_at: 1_790_000_000,
                issued_at: Some(1_790_000_000),
                due_at: Some(1_791_209_600),
                paid_at: None,
                ended_at: None,
            },
        }
    }

    fn values(document: &InvoiceDocument) -> Vec<String> {
        let rows = sheet(document).expect("a sheet").rows;
        rows.into_iter()
            .map(|row| format!("{}: {}", row.label, row.value))
            .collect()
    }

    #[test]
    fn it_says_what_the_law_asks_for() {
        assert_eq!(
            values(&document()),
            [
                "Rechnungsnummer: INV-000042",
                ": Kesselgasse 1, 10115 Berlin",
                ": USt-IdNr. DE123456789",
                "Datum: 2026-09-21",
                "Zu zahlen bis: 2026-10-05",
                "Kundennummer: usr_ada",
                "Plum kettle: 100.00 EUR (2 × 50.00 EUR)",
                "Nettobetrag: 100.00 EUR",
                "USt 19 %: 19.00 EUR (100.00 EUR)",
                "Gesamtbetrag: 119.00 EUR",
                "Bezahlt: -10.00 EUR",
                "Offen: 109.00 EUR",
            ]
        );
    }

    #[test]
    fn one_that_was_taken_back_says_so_and_asks_for_nothing() {
        let mut document = document();
        document.invoice.state = InvoiceState::Void;
        document.invoice.due = 0;
        document.invoice.paid_from_balance = 0;
        let values = values(&document);
        assert_eq!(values.last().map(String::as_str), Some("Stand: zurückgenommen"));
        assert!(values.iter().all(|row| !row.contains("Zu zahlen")), "{values:?}");
    }
}
