//! Invoices: read, print and pay one's own; and what operators write, take back and give up.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::cursor::SignedCursor;
use portcullis_core::invoices::{
    InvoiceId, InvoicePage, InvoiceSeries, InvoiceState, InvoiceView, ListInvoices, ReadInvoice,
};
use portcullis_ports::identity::Subject;

use crate::answer::{Answer, Answered};
use crate::auth::{Admin, LiveSession, OperatorSession, Support, Viewer};
use crate::body::Body;
use crate::dto::{EndInvoice, IssueInvoice, PayInvoice, WriteInvoice};
use crate::idempotency_key::KeyHeader;
use crate::key_scopes::{InvoicesRead, SessionOrKey};
use crate::payments::Begun;
use crate::problem::Refusal;
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct InvoicesApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(InvoicesApi);

/// Which invoices a query asks for.
fn asked(
    state: Query<Option<InvoiceState>>,
    cursor: Query<Option<SignedCursor>>,
    limit: Query<Option<usize>>,
) -> ListInvoices {
    ListInvoices {
        state: state.0,
        cursor: cursor.0,
        limit: limit.0,
    }
}

#[OpenApi(tag = "Tag::Invoices")]
impl InvoicesApi {
    /// List invoices
    ///
    /// One's own, newest first.
    #[oai(
        path = "/api/billing/invoices",
        method = "get",
        operation_id = "list_invoices"
    )]
    async fn list(
        &self,
        requester: SessionOrKey<InvoicesRead>,
        /// Only those that stand there.
        state: Query<Option<InvoiceState>>,
        /// Behind which invoice to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many invoices at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<InvoicePage, ListInvoices> {
        let command = asked(state, cursor, limit);
        let invoices = &self.app.invoices;
        let page = invoices.list(requester.who.subject(), &command, false);
        Ok(Answer(page.await?))
    }

    /// Read an invoice
    ///
    /// What is invoiced, the taxes, and what is left to be paid.
    #[oai(
        path = "/api/billing/invoices/:invoice_id",
        method = "get",
        operation_id = "read_invoice"
    )]
    async fn read(
        &self,
        requester: SessionOrKey<InvoicesRead>,
        /// As in the list.
        invoice_id: Path<InvoiceId>,
    ) -> Answered<InvoiceView, ReadInvoice> {
        let invoice = self.app.invoices.get(requester.who.subject(), &invoice_id.0);
        Ok(Answer(invoice.await?))
    }

    /// Pay an invoice
    ///
    /// All that is left of it. What stands on the balance beyond other debts pays first. 201 once the money is taken; 202 if
    /// the payer has to do something first, or if a bank or nobody can tell yet: go on with the payment that is given. The
    /// same `Idempotency-Key` answers with the same payment. One payment at a time collects an invoice: with `collecting`,
    /// complete or call off the one that is named.
    #[oai(
        path = "/api/billing/invoices/:invoice_id/pay",
        method = "post",
        operation_id = "pay_invoice"
    )]
    async fn pay(
        &self,
        session: LiveSession,
        /// As in the list.
        invoice_id: Path<InvoiceId>,
        /// What the client calls this intent, best a random UUID: sent again it pays nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<PayInvoice>,
    ) -> Result<Begun, Refusal<PayInvoice>> {
        let command = body.0.command()?;
        let who = &session.who;
        let begun = self
            .app
            .invoices
            .pay(who, &key.0, &invoice_id.0, &command, &who.source)
            .await?;
        match begun.refusal() {
            Some(refusal) => Err(refusal.into()),
            None => Ok(Begun::of(begun)),
        }
    }

    /// List everybody's invoices
    ///
    /// Those of one series by their numbers, the last first. Numbers have no gap.
    #[oai(
        path = "/api/operator/billing/invoices",
        method = "get",
        operation_id = "list_all_invoices"
    )]
    async fn list_all(
        &self,
        _operator: OperatorSession<Viewer>,
        /// What their numbers begin with; as new ones do where it is not said.
        series: Query<Option<InvoiceSeries>>,
        /// Only those that stand there.
        state: Query<Option<InvoiceState>>,
        /// Behind which invoice to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many invoices at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<InvoicePage, ListInvoices> {
        let command = asked(state, cursor, limit);
        let page = self.app.invoices.of_series(series.0.as_ref(), &command);
        Ok(Answer(page.await?))
    }

    /// List the invoices of a customer
    ///
    /// Newest first, drafts among them.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/invoices",
        method = "get",
        operation_id = "list_customer_invoices"
    )]
    async fn list_of(
        &self,
        _operator: OperatorSession<Viewer>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// Only those that stand there.
        state: Query<Option<InvoiceState>>,
        /// Behind which invoice to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many invoices at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<InvoicePage, ListInvoices> {
        let command = asked(state, cursor, limit);
        let page = self.app.invoices.list(&user_sub.0, &command, true);
        Ok(Answer(page.await?))
    }

    /// Write an invoice
    ///
    /// Issued at once, or a draft. An invoice that is issued gets its number, stands on the balance, and is paid out of what is
    /// to the customer's credit. What is too small for every vendor is asked for with the next one. The same
    /// `Idempotency-Key` writes one. Needs a fresh step-up; it stands in both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/invoices",
        method = "post",
        operation_id = "write_invoice"
    )]
    async fn write(
        &self,
        operator: OperatorSession<Support>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// What the client calls this intent, best a random UUID: sent again it writes nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<WriteInvoice>,
    ) -> Answered<InvoiceView, WriteInvoice> {
        let command = body.0.command(user_sub.0, operator.who.subject());
        let written = self.app.invoices.write(&operator.who, &key.0, &command);
        Ok(Answer(written.await?))
    }

    /// Read an invoice of a customer
    ///
    /// Also a draft.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/invoices/:invoice_id",
        method = "get",
        operation_id = "read_customer_invoice"
    )]
    async fn show(
        &self,
        _operator: OperatorSession<Viewer>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// As in the list.
        invoice_id: Path<InvoiceId>,
    ) -> Answered<InvoiceView, ReadInvoice> {
        let invoice = self.app.invoices.show(&user_sub.0, &invoice_id.0);
        Ok(Answer(invoice.await?))
    }

    /// Issue a draft
    ///
    /// It gets its number and is owed from then on. Asked twice it changes nothing more. Needs a fresh step-up; it stands in
    /// both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/invoices/:invoice_id/issue",
        method = "post",
        operation_id = "issue_invoice"
    )]
    async fn issue(
        &self,
        operator: OperatorSession<Support>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// As in the list.
        invoice_id: Path<InvoiceId>,
    ) -> Answered<InvoiceView, IssueInvoice> {
        let invoices = &self.app.invoices;
        let issued = invoices.issue_draft(&operator.who, &user_sub.0, &invoice_id.0);
        Ok(Answer(issued.await?))
    }

    /// Take an invoice back
    ///
    /// One that is open is not owed any more, and what was paid of it is to the customer's credit; a draft is thrown away. Of
    /// a paid one the money is given back. Asked twice it changes nothing more. Needs a fresh step-up; it stands in both
    /// histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/invoices/:invoice_id/void",
        method = "post",
        operation_id = "void_invoice"
    )]
    async fn void(
        &self,
        operator: OperatorSession<Admin>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// As in the list.
        invoice_id: Path<InvoiceId>,
        body: Body<EndInvoice>,
    ) -> Answered<InvoiceView, EndInvoice> {
        let (invoices, reason) = (&self.app.invoices, &body.0.reason);
        let void = invoices.void(&operator.who, &user_sub.0, &invoice_id.0, reason);
        Ok(Answer(void.await?))
    }

    /// Give an invoice up
    ///
    /// What is left of an open one is written off. Money that comes all the same pays it. Asked twice it changes nothing more.
    /// Needs a fresh step-up; it stands in both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/invoices/:invoice_id/uncollectible",
        method = "post",
        operation_id = "give_up_invoice"
    )]
    async fn give_up(
        &self,
        operator: OperatorSession<Admin>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// As in the list.
        invoice_id: Path<InvoiceId>,
        body: Body<EndInvoice>,
    ) -> Answered<InvoiceView, EndInvoice> {
        let (invoices, reason) = (&self.app.invoices, &body.0.reason);
        let given_up = invoices.give_up(&operator.who, &user_sub.0, &invoice_id.0, reason);
        Ok(Answer(given_up.await?))
    }
}
