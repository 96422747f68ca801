//! Invoices as callers see them.

use portcullis_ports::contact::EmailAddress;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use serde::Serialize;

use super::model::{InvoiceState, LineText};
use super::records::{InvoiceRecord, NumberRecord};
use super::{INVOICE_NOT_FOUND, InvoiceId};
use crate::foundation::cursor::SignedCursor;
use crate::foundation::taxes::{Percent, TaxCode};
use crate::foundation::texts::Language;
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// A line of an invoice. All amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "InvoiceLine")
)]
pub struct InvoiceLineView {
    /// What it is for.
    pub text: LineText,
    /// How many.
    pub quantity: u32,
    /// What one of them costs.
    pub unit_price: i64,
    /// The tax on it; null if there is none.
    pub tax_code: Option<TaxCode>,
    /// As it is priced: with the tax, where prices hold it.
    pub amount: i64,
    /// Earned by it.
    pub net: i64,
    /// Its share of the tax.
    pub tax: i64,
}

/// The tax of all lines of a code. All amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "InvoiceTax"))]
pub struct InvoiceTaxView {
    /// The code.
    pub tax_code: TaxCode,
    /// What it is called.
    pub name: String,
    /// The rate in percent.
    pub percent: Percent,
    /// Whether prices hold it already.
    pub inclusive: bool,
    /// What it is taken of.
    pub net: i64,
    /// The tax.
    pub tax: i64,
}

/// An invoice. All amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Invoice"))]
pub struct InvoiceView {
    /// Names it.
    pub invoice_id: InvoiceId,
    /// Its number; null for drafts.
    pub number: Option<String>,
    /// Who owes it.
    pub user_sub: Subject,
    /// Where it stands.
    pub state: InvoiceState,
    /// Why there is one: `operator` or `subscription`.
    pub origin: String,
    /// The currency of all amounts.
    pub currency: Currency,
    /// How many decimal places they have (ISO 4217).
    pub digits: u32,
    /// What is invoiced.
    pub lines: Vec<InvoiceLineView>,
    /// The taxes.
    pub taxes: Vec<InvoiceTaxView>,
    /// Earned by all lines.
    pub net: i64,
    /// All taxes.
    pub tax: i64,
    /// Both together; less than nothing if it gives back more than it asks for.
    pub total: i64,
    /// Small sums of earlier invoices that are asked for with it.
    pub carried: i64,
    /// What was too small to be asked for, and is asked for with the next invoice.
    pub rolled_over: i64,
    /// Paid out of the balance.
    pub paid_from_balance: i64,
    /// Paid by payments of it.
    pub paid_by_payments: i64,
    /// Given back of what was paid.
    pub refunded: i64,
    /// What other invoices gave back of it, as credit on the balance. Refunds of the rest come first; beyond that a refund takes
    /// this credit back.
    pub credited: i64,
    /// What is left to be paid.
    pub due: i64,
    /// The payment that collects it now; null if none does.
    pub collecting: Option<PaymentId>,
    /// Its newest payments, oldest first.
    pub payments: Vec<PaymentId>,
    /// Why it was taken back or given up.
    pub reason: Option<String>,
    /// When it was written, in Unix seconds.
    pub created_at: i64,
    /// When it was issued, in Unix seconds; null for drafts.
    pub issued_at: Option<i64>,
    /// Until when it is to be paid, in Unix seconds.
    pub due_at: Option<i64>,
    /// When nothing of it was owed any more, in Unix seconds.
    pub paid_at: Option<i64>,
    /// When it was taken back or given up, in Unix seconds.
    pub ended_at: Option<i64>,
}

impl InvoiceView {
    pub(super) fn of(invoice: &InvoiceRecord) -> Self {
        let lines = invoice.lines.iter().map(|line| InvoiceLineView {
            text: line.text.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            tax_code: line.tax_code.clone(),
            amount: line.amount,
            net: line.net,
            tax: line.tax,
        });
        let taxes = invoice.taxes.iter().map(|tax| InvoiceTaxView {
            tax_code: tax.code.clone(),
            name: tax.name.clone(),
            percent: tax.percent.clone(),
            inclusive: tax.inclusive,
            net: tax.net,
            tax: tax.tax,
        });
        let seconds = |at: Option<portcullis_ports::Timestamp>| at.map(portcullis_ports::Timestamp::seconds);
        Self {
            invoice_id: invoice.id.clone(),
            number: invoice.number.as_ref().map(NumberRecord::text),
            user_sub: invoice.subject.clone(),
            state: invoice.state,
            origin: invoice.origin.kind().to_owned(),
            currency: invoice.currency,
            digits: invoice.currency.digits(),
            lines: lines.collect(),
            taxes: taxes.collect(),
            net: invoice.net,
            tax: invoice.tax,
            total: invoice.total,
            carried: invoice.carried,
            rolled_over: invoice.rolled_over,
            paid_from_balance: invoice.from_balance,
            paid_by_payments: invoice.from_payments,
            refunded: invoice.refunded,
            credited: invoice.credited,
            due: invoice.due(),
            collecting: invoice.collecting.clone(),
            payments: invoice.payments.clone(),
            reason: invoice.reason.clone(),
            created_at: invoice.created_at.seconds(),
            issued_at: seconds(invoice.issued_at),
            due_at: seconds(invoice.due_at),
            paid_at: seconds(invoice.paid_at),
            ended_at: seconds(invoice.ended_at),
        }
    }

    /// An amount of it.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
}

/// An invoice as an example; the macro takes what stands before and behind it.
macro_rules! example_invoice {
    ($before:literal, $behind:literal) => {
        concat!(
            $before,
            r#"{
  "invoice_id": "inv_01h2xcejqtf2nbrexx3vqjhp41",
  "number": "INV-000042",
  "user_sub": "usr_ypqeqcs9v6bq5vzwm86escxfjc",
  "state": "open",
  "origin": "operator",
  "currency": "EUR",
  "digits": 2,
  "lines": [
    {
      "text": "Plum kettle",
      "quantity": 2,
      "unit_price": 5000,
      "tax_code": "standard",
      "amount": 10000,
      "net": 10000,
      "tax": 1900
    }
  ],
  "taxes": [
    {
      "tax_code": "standard",
      "name": "VAT",
      "percent": "19",
      "inclusive": false,
      "net": 10000,
      "tax": 1900
    }
  ],
  "net": 10000,
  "tax": 1900,
  "total": 11900,
  "carried": 0,
  "rolled_over": 0,
  "paid_from_balance": 0,
  "paid_by_payments": 0,
  "refunded": 0,
  "credited": 0,
  "due": 11900,
  "collecting": null,
  "payments": [],
  "reason": null,
  "created_at": 1790000000,
  "issued_at": 1790000000,
  "due_at": 1791209600,
  "paid_at": null,
  "ended_at": null
}"#,
            $behind
        )
    };
}

impl Documented for InvoiceView {
    const EXAMPLE: &str = example_invoice!("", "");
}

/// A page of invoices, newest first.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InvoicePage {
    /// The invoices. A page may hold fewer than were asked for, and even none, although more follow.
    pub invoices: Vec<InvoiceView>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<SignedCursor>,
}

impl Documented for InvoicePage {
    const EXAMPLE: &str = example_invoice!("{ \"invoices\": [", "], \"next_cursor\": null }");
}

/// What is printed of an invoice.
#[derive(Debug, Clone)]
pub struct InvoiceDocument {
    /// The language that was asked for, if there are texts in it.
    pub language: Language,
    /// Who wrote it.
    pub seller: String,
    /// Where that is, with what the law asks for beside it, line by line.
    pub seller_address: Vec<String>,
    /// The address of who owes it; nothing for people of another identity provider.
    pub email: Option<EmailAddress>,
    /// The invoice.
    pub invoice: InvoiceView,
}

/// One invoice is read.
#[derive(Debug, Clone, Copy)]
pub struct ReadInvoice;

impl UseCase for ReadInvoice {
    const PROBLEMS: Problems = &[&[INVOICE_NOT_FOUND]];
}
