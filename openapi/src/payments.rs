//! Payments: begin, follow, complete, call off; and what operators do with them.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::param::Path;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::{ApiResponse, OpenApi};
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::cursor::SignedCursor;
use portcullis_core::payments::{
    CreatePayment, DisputeAnswer, DisputeId, Filter, PaymentView, Status, Timeline,
};
use portcullis_ports::Timestamp;
use portcullis_ports::id::PaymentId;

use crate::answer::{Answer, Answered};
use crate::auth::{LiveSession, OperatorSession, Support, Viewer};
use crate::body::Body;
use crate::dto::{
    AnswerDispute, BeginPayment, BeginRefund, CapturePayment, CompletePayment, ListPayments, MovePayment,
    OperatePayment, Payment, PaymentPage, ReadPayment, ResolvePayment, part,
};
use crate::idempotency_key::KeyHeader;
use crate::key_scopes::{PaymentsRead, SessionOrKey};
use crate::problem::Refusal;
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct PaymentsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(PaymentsApi);

/// How many payments a page has where it is not said.
const PAGE: usize = 50;

fn filter(status: Query<Option<Status>>, vendor: Query<Option<String>>) -> Filter {
    Filter {
        status: status.0.into_iter().collect(),
        vendor: vendor.0,
    }
}

#[OpenApi(tag = "Tag::Payments")]
impl PaymentsApi {
    /// Begin a payment
    ///
    /// 201 once the money is taken or held; 202 if the payer has to do something first, or if a bank or nobody can tell yet;
    /// 402 if it was declined, 503 if the vendor could not be asked: then nothing was charged, and a new key tries again. The same `Idempotency-Key` answers with the same payment, however it stands by then. Large
    /// amounts, and methods that were stored lately, need a fresh step-up.
    #[oai(
        path = "/api/billing/payments",
        method = "post",
        operation_id = "begin_payment"
    )]
    async fn begin(
        &self,
        session: LiveSession,
        /// What the client calls this intent, best a random UUID: sent again it pays nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<BeginPayment>,
    ) -> Result<Begun, Refusal<BeginPayment>> {
        let command = CreatePayment::try_from(body.0)?;
        let who = &session.who;
        let begun = self
            .app
            .payments
            .create(who, &key.0, &command, &who.source)
            .await?;
        match begun.refusal() {
            Some(refusal) => Err(refusal.into()),
            None => Ok(Begun::of(begun)),
        }
    }

    /// List payments
    ///
    /// One's own, newest first.
    #[oai(
        path = "/api/billing/payments",
        method = "get",
        operation_id = "list_payments"
    )]
    async fn list(
        &self,
        requester: SessionOrKey<PaymentsRead>,
        /// Only those that stand there.
        status: Query<Option<Status>>,
        /// Only those by this vendor.
        vendor: Query<Option<String>>,
        /// Behind which payment to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many payments at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<usize>>,
    ) -> Answered<PaymentPage, ListPayments> {
        let (filter, limit) = (filter(status, vendor), limit.0.unwrap_or(PAGE));
        let subject = requester.who.subject();
        let list = self.app.payments.list(subject, &filter, limit, cursor.0.as_ref());
        Ok(Answer(PaymentPage::of(list.await?, Payment::of)))
    }

    /// Read a payment
    ///
    /// With its refunds and disputes, as they are known here; `POST …/complete` has the vendor asked.
    #[oai(
        path = "/api/billing/payments/:payment_id",
        method = "get",
        operation_id = "read_payment"
    )]
    async fn read(
        &self,
        requester: SessionOrKey<PaymentsRead>,
        /// As given by the beginning.
        payment_id: Path<PaymentId>,
    ) -> Answered<Payment, ReadPayment> {
        let payment = self.app.payments.get(requester.who.subject(), &payment_id.0);
        Ok(Answer(Payment::of(payment.await?)))
    }

    /// Go on with a payment
    ///
    /// After the payer acted, or to be told again what the payer has to do. Where the vendor's script or widget handed
    /// something to the page, such as the result of 3-D Secure, it is sent along. Sent again it moves nothing a second time.
    #[oai(
        path = "/api/billing/payments/:payment_id/complete",
        method = "post",
        operation_id = "complete_payment"
    )]
    async fn complete(
        &self,
        session: LiveSession,
        /// As given by the beginning.
        payment_id: Path<PaymentId>,
        body: Body<CompletePayment>,
    ) -> Answered<Payment, CompletePayment> {
        let who = &session.who;
        let handed = body.0.handed()?;
        let payments = &self.app.payments;
        let payment = payments.complete(who, &payment_id.0, &handed, &who.source);
        Ok(Answer(Payment::of(payment.await?)))
    }

    /// Call off a payment
    ///
    /// One that waits for its payer.
    #[oai(
        path = "/api/billing/payments/:payment_id/cancel",
        method = "post",
        operation_id = "cancel_payment"
    )]
    async fn cancel(
        &self,
        session: LiveSession,
        /// As given by the beginning.
        payment_id: Path<PaymentId>,
    ) -> Answered<Payment, MovePayment> {
        let who = &session.who;
        let payment = self.app.payments.cancel(who, &payment_id.0, &who.source);
        Ok(Answer(Payment::of(payment.await?)))
    }

    /// List everybody's payments
    ///
    /// Those of one day, newest first; or with `open` those that need an operator's eye: unknown, contested, or shown
    /// otherwise by the vendor.
    #[oai(
        path = "/api/operator/billing/payments",
        method = "get",
        operation_id = "list_all_payments"
    )]
    #[expect(clippy::too_many_arguments, reason = "every parameter of the query is one")]
    async fn list_all(
        &self,
        _operator: OperatorSession<Viewer>,
        /// Those that need an operator's eye, of whatever day.
        open: Query<Option<bool>>,
        /// A moment of the day that is asked for, in Unix seconds; today where it is not said.
        day: Query<Option<i64>>,
        /// Only those that stand there.
        status: Query<Option<Status>>,
        /// Only those by this vendor.
        vendor: Query<Option<String>>,
        /// Behind which payment to go on, as given by the page before, with the same filter.
        cursor: Query<Option<SignedCursor>>,
        /// How many payments at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<usize>>,
    ) -> Answered<PaymentPage, ListPayments> {
        let (filter, limit) = (filter(status, vendor), limit.0.unwrap_or(PAGE));
        let (payments, cursor) = (&self.app.payments, cursor.0.as_ref());
        let list = if open.0.unwrap_or_default() {
            payments.open(&filter, limit, cursor).await?
        } else {
            let now = self.app.clock().now();
            let moment = day.0.map_or(now, Timestamp::from_seconds);
            payments.of_day(moment, &filter, limit, cursor).await?
        };
        Ok(Answer(PaymentPage::of(list, Payment::for_operator)))
    }

    /// Read anybody's payment
    ///
    /// With its refunds, its disputes, and what only operators see.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id",
        method = "get",
        operation_id = "read_any_payment"
    )]
    async fn show(
        &self,
        _operator: OperatorSession<Viewer>,
        /// As in the list.
        payment_id: Path<PaymentId>,
    ) -> Answered<Payment, ReadPayment> {
        let payment = self.app.payments.show(&payment_id.0).await?;
        Ok(Answer(Payment::for_operator(payment)))
    }

    /// Read what happened to a payment
    ///
    /// Everything in one list, oldest first: where it came to stand, what the vendor was asked and what became of that, what
    /// the vendor told, what the ledger took, what was found and what operators decided.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/timeline",
        method = "get",
        operation_id = "read_payment_timeline"
    )]
    async fn timeline(
        &self,
        _operator: OperatorSession<Viewer>,
        /// As in the list.
        payment_id: Path<PaymentId>,
    ) -> Answered<Timeline, Timeline> {
        Ok(Answer(self.app.payments.timeline(&payment_id.0).await?))
    }

    /// Give money back
    ///
    /// All that is left of a payment, or a part. The same `Idempotency-Key` is the same refund. Needs a fresh step-up.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/refunds",
        method = "post",
        operation_id = "refund_payment"
    )]
    async fn refund(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        payment_id: Path<PaymentId>,
        /// What the client calls this intent, best a random UUID: sent again it gives nothing back a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<BeginRefund>,
    ) -> Answered<Payment, BeginRefund> {
        let payments = &self.app.payments;
        let currency = payments.show(&payment_id.0).await?.amount.currency;
        let command = body.0.command(currency)?;
        let source = &operator.who.who.source;
        let refunded = payments
            .refund(&operator.who, &key.0, &payment_id.0, &command, source)
            .await?;
        match refunded.refusal() {
            Some(refusal) => Err(refusal.into()),
            None => Ok(Answer(Payment::for_operator(refunded.payment))),
        }
    }

    /// Capture held money
    ///
    /// All of it, or a part, which lets the rest go. Needs a fresh step-up.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/capture",
        method = "post",
        operation_id = "capture_payment"
    )]
    async fn capture(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        payment_id: Path<PaymentId>,
        body: Body<CapturePayment>,
    ) -> Answered<Payment, CapturePayment> {
        let payments = &self.app.payments;
        let currency = payments.show(&payment_id.0).await?.amount.currency;
        let amount = part(body.0.amount, currency)?;
        let source = &operator.who.who.source;
        let captured = payments.capture(&operator.who, &payment_id.0, amount, source);
        Ok(Answer(Payment::for_operator(captured.await?)))
    }

    /// Let held money go
    ///
    /// Or call off a payment that waits for its payer. Needs a fresh step-up.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/void",
        method = "post",
        operation_id = "void_payment"
    )]
    async fn void(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        payment_id: Path<PaymentId>,
    ) -> Answered<Payment, OperatePayment> {
        let source = &operator.who.who.source;
        let gone = self.app.payments.void(&operator.who, &payment_id.0, source);
        Ok(Answer(Payment::for_operator(gone.await?)))
    }

    /// Decide about a payment
    ///
    /// Has the vendor asked again, decides that an order of which nobody can tell never arrived, or takes note of what was
    /// found. Needs a fresh step-up.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/resolve",
        method = "post",
        operation_id = "resolve_payment"
    )]
    async fn resolve(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        payment_id: Path<PaymentId>,
        body: Body<ResolvePayment>,
    ) -> Answered<Payment, ResolvePayment> {
        let reason = body.0.reason()?;
        let (decided, source) = ((body.0.decision, reason.as_str()), &operator.who.who.source);
        let resolved = self
            .app
            .payments
            .resolve(&operator.who, &payment_id.0, decided, source);
        Ok(Answer(Payment::for_operator(resolved.await?)))
    }

    /// Answer a dispute
    ///
    /// With evidence in words and files, or by giving it up. Files go to the vendor, and nothing of them is kept. Needs a fresh
    /// step-up.
    #[oai(
        path = "/api/operator/billing/payments/:payment_id/disputes/:dispute_id/answer",
        method = "post",
        operation_id = "answer_dispute"
    )]
    async fn answer_dispute(
        &self,
        operator: OperatorSession<Support>,
        /// As in the list.
        payment_id: Path<PaymentId>,
        /// As in the payment.
        dispute_id: Path<DisputeId>,
        body: Body<AnswerDispute>,
    ) -> Answered<Payment, AnswerDispute> {
        let answer = DisputeAnswer::try_from(body.0)?;
        let (named, source) = ((&payment_id.0, &dispute_id.0), &operator.who.who.source);
        let answered = self
            .app
            .payments
            .answer_dispute(&operator.who, named, &answer, source);
        Ok(Answer(Payment::for_operator(answered.await?)))
    }
}

/// A payment that was begun: 201 once the money is taken or held, 202 before.
pub(crate) struct Begun {
    settled: bool,
    answer: Answer<Payment>,
}

impl Begun {
    pub(crate) fn of(payment: PaymentView) -> Self {
        Self {
            settled: matches!(payment.status, Status::Succeeded | Status::Authorized),
            answer: Answer(Payment::of(payment)),
        }
    }
}

impl IntoResponse for Begun {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if response.status() == StatusCode::OK {
            let status = if self.settled {
                StatusCode::CREATED
            } else {
                StatusCode::ACCEPTED
            };
            response.set_status(status);
        }
        response
    }
}

impl ApiResponse for Begun {
    fn meta() -> MetaResponses {
        let mut responses = Vec::new();
        for (status, description) in [
            (201, "The money is taken, or held."),
            (
                202,
                "The payer has to do something first, or nobody can tell yet: follow the payment.",
            ),
        ] {
            for mut response in Answer::<Payment>::meta().responses {
                response.status = Some(status);
                response.description = description;
                responses.push(response);
            }
        }
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        <Answer<Payment> as ApiResponse>::register(registry);
    }
}
