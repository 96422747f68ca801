//! How invoices, what a person owes by them, and their numbers are stored.

use std::collections::BTreeMap;

use portcullis_ports::Timestamp;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::{InvoiceOrigin, InvoiceState, LineText, OrderLine};
use crate::areas::payments::{InvoiceId, InvoiceSeries};
use crate::foundation::table::Stored;
use crate::foundation::taxes::{Percent, TaxCode};

/// Invoices, and what each person owes by them.
pub(crate) const INVOICES: Collection = Collection {
    name: "invoices",
    table: "payments",
    variable: "PAYMENTS_TABLE_NAME",
};
/// The numbers that were given out, by series.
pub(crate) const INVOICE_NUMBERS: Collection = Collection {
    name: "invoice_numbers",
    table: "payments",
    variable: "PAYMENTS_TABLE_NAME",
};

/// How many of the payments of an invoice are named in it.
const NAMED_PAYMENTS: usize = 50;

/// A line. All amounts here are in minor units of the invoice's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LineRecord {
    pub(super) text: LineText,
    pub(super) quantity: u32,
    pub(super) unit_price: i64,
    pub(super) tax_code: Option<TaxCode>,
    /// As it is priced: with the tax, where prices hold it.
    pub(super) amount: i64,
    /// Earned by it.
    pub(super) net: i64,
    pub(super) tax: i64,
}

impl LineRecord {
    /// As it was ordered.
    pub(super) fn ordered(&self) -> OrderLine {
        OrderLine {
            text: self.text.clone(),
            quantity: self.quantity,
            unit_price: self.unit_price,
            tax: self.tax_code.clone(),
            rate: None,
        }
    }
}

/// What all lines of a tax code come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TaxRecord {
    pub(super) code: TaxCode,
    pub(super) name: String,
    pub(super) percent: Percent,
    pub(super) inclusive: bool,
    pub(super) net: i64,
    pub(super) tax: i64,
}

/// Its place in a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NumberRecord {
    pub(super) series: InvoiceSeries,
    pub(super) number: u64,
}

impl NumberRecord {
    /// As it stands on the invoice.
    pub(super) fn text(&self) -> String {
        format!("{}-{:06}", self.series, self.number)
    }
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InvoiceRecord {
    pub(super) id: InvoiceId,
    pub(super) subject: Subject,
    pub(super) state: InvoiceState,
    pub(super) currency: Currency,
    pub(super) lines: Vec<LineRecord>,
    pub(super) taxes: Vec<TaxRecord>,
    pub(super) net: i64,
    pub(super) tax: i64,
    /// Less than nothing if it gives back more than it asks for.
    pub(super) total: i64,
    pub(super) number: Option<NumberRecord>,
    pub(super) origin: InvoiceOrigin,
    /// Small sums of earlier invoices that are asked for with it.
    pub(super) carried: i64,
    /// What was too small to be asked for, and is asked for with the next one.
    pub(super) rolled_over: i64,
    /// Paid out of what was to the customer's credit, or was paid on the balance.
    pub(super) from_balance: i64,
    /// Paid by payments of it.
    pub(super) from_payments: i64,
    /// Taken by payments of it. What was not needed is to the customer's credit.
    pub(super) received: i64,
    /// Given back of that.
    pub(super) refunded: i64,
    /// How much of the sale was taken back with that.
    pub(super) reversed: i64,
    /// How much of the sale other invoices gave back, as credit on the balance.
    #[serde(default)]
    pub(super) credited: i64,
    /// Given up, and not paid since.
    pub(super) written_off: i64,
    /// The one payment that collects it now.
    pub(super) collecting: Option<PaymentId>,
    /// Its newest payments, oldest first.
    pub(super) payments: Vec<PaymentId>,
    /// Why it was taken back or given up.
    pub(super) reason: Option<String>,
    pub(super) due_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) paid_at: Option<Timestamp>,
    /// When it was taken back or given up.
    pub(super) ended_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
}

impl InvoiceRecord {
    pub(super) const PREFIX: &'static str = "i#";

    pub(super) fn sort(id: &InvoiceId) -> String {
        format!("{}{id}", Self::PREFIX)
    }

    /// What is left to be paid.
    pub(super) fn due(&self) -> i64 {
        match self.state {
            InvoiceState::Open => self.total + self.carried - self.from_balance - self.from_payments,
            InvoiceState::Draft | InvoiceState::Paid | InvoiceState::Void | InvoiceState::Uncollectible => 0,
        }
    }

    pub(super) fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }

    /// How much was paid by payments of it and not needed.
    pub(super) const fn surplus(&self) -> i64 {
        self.received.saturating_sub(self.from_payments)
    }

    /// What of the sale payments of it have paid, and neither refunds nor other invoices have taken back. What the balance paid is
    /// given back with the money that came to the balance.
    pub(super) fn still_paid(&self) -> i64 {
        let paid = self.from_payments.min(self.total);
        (paid - self.reversed - self.credited).max(0)
    }

    /// Names a payment that collects it.
    pub(super) fn collected_by(&mut self, payment: &PaymentId) {
        self.collecting = Some(payment.clone());
        self.paid_by(payment);
    }

    /// Names a payment of it.
    pub(super) fn paid_by(&mut self, payment: &PaymentId) {
        if self.payments.contains(payment) {
            return;
        }
        self.payments.push(payment.clone());
        let surplus = self.payments.len().saturating_sub(NAMED_PAYMENTS);
        self.payments.drain(..surplus);
    }
}

impl Stored for InvoiceRecord {
    const COLLECTION: Collection = INVOICES;
    const VERSION: u32 = 2;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.id))
    }

    /// The first version did not say what other invoices had given back.
    fn upgrade(_: u32, body: serde_json::Value) -> serde_json::Result<Self> {
        serde_json::from_value(body)
    }
}

/// An invoice that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenInvoice {
    pub(super) id: InvoiceId,
    pub(super) currency: Currency,
    pub(super) due: i64,
    /// Whether a payment collects it.
    pub(super) collecting: bool,
}

/// What a person owes by invoices. In every commit that changes what is due by one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountRecord {
    pub(super) subject: Subject,
    /// Oldest first.
    pub(super) open: Vec<OpenInvoice>,
    /// What was too small to be asked for, by currency.
    pub(super) rolled_over: BTreeMap<Currency, i64>,
}

impl AccountRecord {
    pub(super) const SORT: &'static str = "account";

    pub(super) fn empty(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            open: Vec::new(),
            rolled_over: BTreeMap::new(),
        }
    }

    /// What is due by open invoices of a currency.
    pub(super) fn due(&self, currency: Currency) -> i64 {
        let of_currency = self.open.iter().filter(|open| open.currency == currency);
        of_currency.map(|open| open.due).fold(0, i64::saturating_add)
    }

    /// Follows an invoice.
    pub(super) fn follow(&mut self, invoice: &InvoiceRecord) {
        let at = self.open.iter().position(|open| open.id == invoice.id);
        let now = OpenInvoice {
            id: invoice.id.clone(),
            currency: invoice.currency,
            due: invoice.due(),
            collecting: invoice.collecting.is_some(),
        };
        match (at, invoice.state == InvoiceState::Open) {
            (Some(at), true) => self.open[at] = now,
            (None, true) => self.open.push(now),
            (Some(at), false) => drop(self.open.remove(at)),
            (None, false) => {}
        }
    }
}

impl Stored for AccountRecord {
    const COLLECTION: Collection = INVOICES;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.to_owned())
    }
}

/// The last number of a series: written by whoever gives out the next, and by nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeriesRecord {
    pub(super) series: InvoiceSeries,
    pub(super) last: u64,
}

impl SeriesRecord {
    /// Behind all numbers.
    pub(super) const SORT: &'static str = "last";
}

impl Stored for SeriesRecord {
    const COLLECTION: Collection = INVOICE_NUMBERS;

    fn key(&self) -> (String, String) {
        (self.series.to_string(), Self::SORT.to_owned())
    }
}

/// A number that was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NumberedRecord {
    pub(super) series: InvoiceSeries,
    pub(super) number: u64,
    pub(super) subject: Subject,
    pub(super) invoice: InvoiceId,
}

impl NumberedRecord {
    pub(super) const PREFIX: &'static str = "n#";

    pub(super) fn sort(number: u64) -> String {
        format!("{}{number:012}", Self::PREFIX)
    }
}

impl Stored for NumberedRecord {
    const COLLECTION: Collection = INVOICE_NUMBERS;

    fn key(&self) -> (String, String) {
        (self.series.to_string(), Self::sort(self.number))
    }
}
