//! Payments outside of any vendor: operators mark what came, and what was paid out.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_ports::id::{PaymentId, RefundId};

use crate::answer::{Answer, Answered};
use crate::auth::{OperatorSession, Support};
use crate::body::Body;
use crate::dto::{MarkPaidOut, MarkReceived, Payment};
use crate::idempotency_key::KeyHeader;
use crate::tags::Tag;

pub(crate) struct OfflinePaymentsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(OfflinePaymentsApi);

#[OpenApi(tag = "Tag::Payments")]
impl OfflinePaymentsApi {
    /// Mark money that came
    ///
    /// For a payment outside of any vendor: a bank transfer, cash, a voucher. A part leaves the payment open for the rest; what
    /// comes beyond is to the payer's credit, and so is what comes after it was called off. The same `Idempotency-Key`, and
    /// the same reference, book once. Needs a fresh step-up; it stands in both histories.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/receipts",
        method = "post",
        operation_id = "mark_received"
    )]
    async fn received(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        payment_id: Path<PaymentId>,
        /// What the client calls this intent, best a random UUID: sent again it books nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<MarkReceived>,
    ) -> Answered<Payment, MarkReceived> {
        let payments = &self.app.payments;
        let currency = payments.show(&payment_id.0).await?.amount.currency;
        let command = body.0.command(currency)?;
        let source = &operator.who.who.source;
        let marked = payments.receive(&operator.who, &key.0, &payment_id.0, &command, source);
        Ok(Answer(Payment::for_operator(marked.await?)))
    }

    /// Mark a refund that was paid out
    ///
    /// For a payment outside of any vendor, whose refunds wait for an operator. The same `Idempotency-Key`, and the same
    /// reference, book once. Needs a fresh step-up; it stands in both histories.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/refunds/:refund_id/paid-out",
        method = "post",
        operation_id = "mark_paid_out"
    )]
    async fn paid_out(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        payment_id: Path<PaymentId>,
        /// As with the payment.
        refund_id: Path<RefundId>,
        /// What the client calls this intent, best a random UUID: sent again it books nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<MarkPaidOut>,
    ) -> Answered<Payment, MarkPaidOut> {
        let (command, payments) = (body.0.command()?, &self.app.payments);
        let (ids, source) = ((&payment_id.0, &refund_id.0), &operator.who.who.source);
        let marked = payments.pay_out(&operator.who, &key.0, ids, &command, source);
        Ok(Answer(Payment::for_operator(marked.await?)))
    }
}
