//! What is asked for about invoices.

use poem_openapi::Object;
use portcullis_core::invoices::{
    self, INVOICE_NOT_FOUND, INVOICE_STATE, InvoiceOrder, InvoiceOrigin, LineText, OrderLine, TaxCode,
};
use portcullis_core::ledger::Reason;
use portcullis_core::payment_methods::PaymentMethodId;
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::{Result, Timestamp};
use serde::Deserialize;

use super::pay_by::PayBy;
use super::payments::BeginPayment;

/// An invoice is to be paid.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayInvoice {
    /// How it is paid.
    pay_by: PayBy,
    /// The stored method.
    payment_method_id: Option<PaymentMethodId>,
    /// Whether a method that is entered is stored for later.
    save_method: Option<bool>,
    /// The vendor, by the name of its instance, where there are several and no stored method says it.
    vendor: Option<String>,
}

impl PayInvoice {
    pub(crate) fn command(self) -> Result<invoices::PayInvoice> {
        Ok(invoices::PayInvoice {
            with: self.pay_by.with(self.payment_method_id, self.save_method)?,
            vendor: self.vendor,
        })
    }
}

impl UseCase for PayInvoice {
    const PROBLEMS: Problems = &[
        &[INVOICE_NOT_FOUND, INVOICE_STATE],
        BeginPayment::PROBLEMS[0],
        BeginPayment::PROBLEMS[1],
        BeginPayment::PROBLEMS[2],
    ];
}

impl Documented for PayInvoice {
    const EXAMPLE: &str =
        r#"{ "pay_by": "method", "payment_method_id": null, "save_method": null, "vendor": null }"#;
}

/// A line of an invoice.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteLine {
    /// What it is for.
    text: LineText,
    /// How many; one where it is not said.
    #[oai(validator(minimum(value = "1")))]
    quantity: Option<u32>,
    /// What one of them costs, in minor units; less than nothing for what is given back.
    unit_price: i64,
    /// The tax on it, by its code in `billing.taxes`; none where it is not said.
    tax_code: Option<TaxCode>,
}

/// An invoice is written.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteInvoice {
    /// The currency of all amounts.
    currency: Currency,
    /// What is invoiced.
    #[oai(validator(min_items = 1, max_items = 100))]
    lines: Vec<WriteLine>,
    /// Until when it is to be paid, in Unix seconds, within ten years of now; as the setting says where it is not said.
    due_at: Option<i64>,
    /// Whether it is issued at once; otherwise it is a draft, which is the case where it is not said.
    issue: Option<bool>,
}

impl WriteInvoice {
    pub(crate) fn command(self, subject: Subject, operator: &Subject) -> invoices::WriteInvoice {
        let lines = self.lines.into_iter().map(|line| OrderLine {
            text: line.text,
            quantity: line.quantity.unwrap_or(1),
            unit_price: line.unit_price,
            tax: line.tax_code,
            rate: None,
        });
        invoices::WriteInvoice {
            order: InvoiceOrder {
                subject,
                currency: self.currency,
                lines: lines.collect(),
                origin: InvoiceOrigin::Operator {
                    operator: operator.clone(),
                },
                due_at: self.due_at.map(Timestamp::from_seconds),
            },
            issue: self.issue.unwrap_or_default(),
        }
    }
}

impl UseCase for WriteInvoice {
    const PROBLEMS: Problems = invoices::WriteInvoice::PROBLEMS;
}

impl Documented for WriteInvoice {
    const EXAMPLE: &str = r#"{
  "currency": "EUR",
  "lines": [{ "text": "Plum kettle", "quantity": 2, "unit_price": 5000, "tax_code": "standard" }],
  "due_at": null,
  "issue": true
}"#;
}

/// A draft is issued.
pub(crate) struct IssueInvoice;

impl UseCase for IssueInvoice {
    const PROBLEMS: Problems = invoices::EndInvoice::PROBLEMS;
}

/// An invoice is taken back, or given up.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndInvoice {
    /// Why: it stands with the invoice and in both histories, and the customer reads it.
    pub(crate) reason: Reason,
}

impl UseCase for EndInvoice {
    const PROBLEMS: Problems = invoices::EndInvoice::PROBLEMS;
}

impl Documented for EndInvoice {
    const EXAMPLE: &str = r#"{ "reason": "The kettles were never sent" }"#;
}
