//! Printing invoices: one's own, and as an operator those of customers.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::invoices::{InvoiceId, ReadInvoice};
use portcullis_ports::identity::Subject;

use super::{Printed, ReceiptFormat, printed_invoice};
use crate::auth::{OperatorSession, Viewer};
use crate::key_scopes::{InvoicesRead, SessionOrKey};
use crate::problem::Refusal;
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct InvoiceDocumentsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(InvoiceDocumentsApi);

#[OpenApi(tag = "Tag::Invoices")]
impl InvoiceDocumentsApi {
    /// Print an invoice
    ///
    /// As a page or a PDF, in the language that the client asks for, as it stands now.
    #[oai(
        path = "/api/billing/invoices/:invoice_id/document",
        method = "get",
        operation_id = "print_invoice"
    )]
    async fn invoice(
        &self,
        requester: SessionOrKey<InvoicesRead>,
        /// As in the list.
        invoice_id: Path<InvoiceId>,
        /// A page where it is not said.
        format: Query<Option<ReceiptFormat>>,
    ) -> Result<Printed, Refusal<ReadInvoice>> {
        let who = &requester.who;
        let invoices = &self.app.invoices;
        let document = invoices.document(who.subject(), &invoice_id.0, who.source());
        Ok(printed_invoice(&document.await?, format.0)?)
    }

    /// Print an invoice of a customer
    ///
    /// As the customer sees it.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/invoices/:invoice_id/document",
        method = "get",
        operation_id = "print_customer_invoice"
    )]
    async fn any_invoice(
        &self,
        operator: OperatorSession<Viewer>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// As in the list.
        invoice_id: Path<InvoiceId>,
        /// A page where it is not said.
        format: Query<Option<ReceiptFormat>>,
    ) -> Result<Printed, Refusal<ReadInvoice>> {
        let source = &operator.who.who.source;
        let document = self.app.invoices.document(&user_sub.0, &invoice_id.0, source);
        Ok(printed_invoice(&document.await?, format.0)?)
    }
}
