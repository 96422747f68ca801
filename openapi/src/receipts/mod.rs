//! Receipts, invoices and statements: what the core tells of money, on a page, on paper, or in a table.

mod invoice;
mod invoices;
mod page;
mod pdf;
mod receipt;
mod sheet;
mod statement;
mod statement_sheet;
mod words;

use std::sync::Arc;

use poem::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use poem::{IntoResponse, Response};
use poem_openapi::param::Path;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Enum, OpenApi};
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::invoices::InvoiceDocument;
use portcullis_core::ledger::{LEDGER_BROKEN, STATEMENT_TOO_LONG};
use portcullis_core::payments::{NO_RECEIPT, PAYMENT_NOT_FOUND, Receipt};
use portcullis_core::use_case::{Problems, UseCase};
use portcullis_ports::Result;
use portcullis_ports::id::PaymentId;
use portcullis_ports::money::Currency;

pub(crate) use invoices::InvoiceDocumentsApi;
use sheet::Sheet;

use crate::auth::{OperatorSession, Viewer};
use crate::key_scopes::{LedgerRead, PaymentsRead, SessionOrKey};
use crate::problem::Refusal;
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct ReceiptsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(ReceiptsApi);

/// The form of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub(crate) enum ReceiptFormat {
    /// A page.
    Html,
    /// A document.
    Pdf,
}

/// The form of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub(crate) enum StatementFormat {
    /// A table (RFC 4180).
    Csv,
    /// A page.
    Html,
    /// A document.
    Pdf,
}

/// A receipt is printed.
pub(crate) struct PrintReceipt;

impl UseCase for PrintReceipt {
    const PROBLEMS: Problems = &[&[PAYMENT_NOT_FOUND, NO_RECEIPT]];
}

/// A statement is printed.
pub(crate) struct PrintStatement;

impl UseCase for PrintStatement {
    const PROBLEMS: Problems = &[&[LEDGER_BROKEN, STATEMENT_TOO_LONG]];
}

#[OpenApi(tag = "Tag::Billing")]
impl ReceiptsApi {
    /// Print the receipt for a payment
    ///
    /// As a page or a PDF, in the language that the client asks for. Only payments that took money have one.
    #[oai(
        path = "/api/billing/payments/:payment_id/receipt",
        method = "get",
        operation_id = "print_receipt"
    )]
    async fn receipt(
        &self,
        requester: SessionOrKey<PaymentsRead>,
        /// As given by the beginning.
        payment_id: Path<PaymentId>,
        /// A page where it is not said.
        format: Query<Option<ReceiptFormat>>,
    ) -> Result<Printed, Refusal<PrintReceipt>> {
        let who = &requester.who;
        let receipt = self
            .app
            .payments
            .receipt(who.subject(), &payment_id.0, who.source());
        Ok(printed(&receipt.await?, format.0)?)
    }

    /// Print the receipt for anybody's payment
    ///
    /// As its payer sees it.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/receipt",
        method = "get",
        operation_id = "print_any_receipt"
    )]
    async fn any_receipt(
        &self,
        operator: OperatorSession<Viewer>,
        /// As in the list.
        payment_id: Path<PaymentId>,
        /// A page where it is not said.
        format: Query<Option<ReceiptFormat>>,
    ) -> Result<Printed, Refusal<PrintReceipt>> {
        let source = &operator.who.who.source;
        let receipt = self.app.payments.any_receipt(&payment_id.0, source);
        Ok(printed(&receipt.await?, format.0)?)
    }

    /// Print what was charged and paid in a span of days
    ///
    /// The entries, oldest first, each with what was owed after it. Page and PDF, in the language that the client asks for,
    /// leave out what is pending. At most 10,000 entries: ask for a shorter span where there are more.
    #[oai(
        path = "/api/billing/statements",
        method = "get",
        operation_id = "print_statement"
    )]
    async fn statement(
        &self,
        requester: SessionOrKey<LedgerRead>,
        /// The first day (UTC), as 2026-11-01; that of the month of the last one where it is not said.
        from: Query<Option<String>>,
        /// The last day (UTC), which is in it; today where it is not said.
        to: Query<Option<String>>,
        /// Of the account in this currency; of all accounts where it is not said.
        currency: Query<Option<Currency>>,
        /// A table where it is not said.
        format: Query<Option<StatementFormat>>,
    ) -> Result<Printed, Refusal<PrintStatement>> {
        let (ledger, now) = (&self.app.ledger, self.app.clock().now());
        let days = statement::Days::of(from.0.as_deref(), to.0.as_deref(), now)?;
        let entries = ledger
            .statement(requester.who.subject(), currency.0, days.span())
            .await?;
        let of = currency
            .0
            .map(|currency| format!("{currency}-"))
            .unwrap_or_default();
        let name = |ending| format!("statement-{of}{}-{}.{ending}", days.first, days.last);
        let format = format.0.unwrap_or(StatementFormat::Csv);
        if format == StatementFormat::Csv {
            return Ok(Printed {
                media_type: CSV,
                name: name("csv"),
                policy: None,
                bytes: statement::csv(&entries)?,
            });
        }
        let who = &requester.who;
        let letterhead = self.app.payments.letterhead(who.subject(), who.source());
        let sheet = statement_sheet::sheet(&letterhead.await?, &days, &entries)?;
        Ok(if format == StatementFormat::Html {
            Printed::page(&sheet, name("html"))?
        } else {
            Printed::document(&sheet, name("pdf"))?
        })
    }
}

const HTML: &str = "text/html; charset=utf-8";
const PDF: &str = "application/pdf";
const CSV: &str = "text/csv; charset=utf-8; header=present";

/// A document.
pub(crate) struct Printed {
    media_type: &'static str,
    name: String,
    /// What a browser may do with it, if it is a page.
    policy: Option<&'static str>,
    bytes: Vec<u8>,
}

fn printed(receipt: &Receipt, format: Option<ReceiptFormat>) -> Result<Printed> {
    let sheet = receipt::sheet(receipt)?;
    as_document(&sheet, &format!("receipt-{}", receipt.id), format)
}

fn printed_invoice(document: &InvoiceDocument, format: Option<ReceiptFormat>) -> Result<Printed> {
    let sheet = invoice::sheet(document)?;
    let number = document.invoice.number.as_deref().unwrap_or_default();
    as_document(&sheet, &format!("invoice-{number}"), format)
}

fn as_document(sheet: &Sheet, name: &str, format: Option<ReceiptFormat>) -> Result<Printed> {
    match format.unwrap_or(ReceiptFormat::Html) {
        ReceiptFormat::Html => Printed::page(sheet, format!("{name}.html")),
        ReceiptFormat::Pdf => Printed::document(sheet, format!("{name}.pdf")),
    }
}

impl Printed {
    fn page(sheet: &Sheet, name: String) -> Result<Self> {
        Ok(Self {
            media_type: HTML,
            name,
            policy: Some(&page::POLICY),
            bytes: page::html(sheet)?.into_bytes(),
        })
    }

    fn document(sheet: &Sheet, name: String) -> Result<Self> {
        Ok(Self {
            media_type: PDF,
            name,
            policy: None,
            bytes: pdf::pdf(sheet)?,
        })
    }
}

impl IntoResponse for Printed {
    fn into_response(self) -> Response {
        let disposition = match self.media_type {
            CSV => format!("attachment; filename=\"{}\"", self.name),
            _ => format!("inline; filename=\"{}\"", self.name),
        };
        let mut response = Response::builder().body(self.bytes);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        // Names are made of ids, days and codes of currencies.
        if let Ok(disposition) = HeaderValue::from_str(&disposition) {
            headers.insert(CONTENT_DISPOSITION, disposition);
        }
        if let Some(policy) = self.policy {
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        }
        response
    }
}

impl ApiResponse for Printed {
    fn meta() -> MetaResponses {
        let binary = || MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let media = ["text/html", "application/pdf", "text/csv"];
        let content = media.map(|content_type| MetaMediaType {
            content_type,
            schema: binary(),
        });
        let done = MetaResponse {
            description: "The document, in the form that was asked for.",
            status: Some(200),
            status_range: None,
            content: content.into(),
            headers: vec![MetaHeader {
                name: "Content-Disposition".to_owned(),
                description: Some("A name for the file.".to_owned()),
                required: true,
                deprecated: false,
                schema: String::schema_ref(),
            }],
        };
        MetaResponses {
            responses: vec![done],
        }
    }

    fn register(_: &mut Registry) {}
}
