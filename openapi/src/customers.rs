//! What operators do about the account of a customer: adjust, freeze, thaw.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::operators::{Adjusted, CustomerView};
use portcullis_ports::identity::Subject;

use crate::answer::{Answer, Answered};
use crate::auth::{Admin, OperatorSession};
use crate::body::Body;
use crate::dto::{Adjust, FreezeReason};
use crate::idempotency_key::KeyHeader;
use crate::tags::Tag;

pub(crate) struct CustomersApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(CustomersApi);

#[OpenApi(tag = "Tag::Billing")]
impl CustomersApi {
    /// Adjust what a customer owes
    ///
    /// Books goodwill, or a charge, with its reason. The same `Idempotency-Key` books once. Needs a fresh step-up; it stands in
    /// both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/adjustments",
        method = "post",
        operation_id = "adjust_customer"
    )]
    async fn adjust(
        &self,
        operator: OperatorSession<Admin>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// What the client calls this intent, best a random UUID: sent again it books nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<Adjust>,
    ) -> Answered<Adjusted, Adjust> {
        let (command, operators) = (body.0.command()?, &self.app.operators);
        let adjusted = operators.adjust(&operator.who, &key.0, &user_sub.0, &command);
        Ok(Answer(adjusted.await?))
    }

    /// Freeze the billing of a customer
    ///
    /// The customer begins no payment and adds no payment method until it is thawed. What is under way goes on, and money that
    /// arrives is booked. Needs a fresh step-up; it stands in both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/freeze",
        method = "post",
        operation_id = "freeze_customer"
    )]
    async fn freeze(
        &self,
        operator: OperatorSession<Admin>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        body: Body<FreezeReason>,
    ) -> Answered<CustomerView, FreezeReason> {
        let (reason, operators) = (&body.0.reason, &self.app.operators);
        let customer = operators.freeze(&operator.who, &user_sub.0, reason);
        Ok(Answer(customer.await?))
    }

    /// Thaw the billing of a customer
    ///
    /// The customer pays and adds payment methods again. Needs a fresh step-up; it stands in both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/thaw",
        method = "post",
        operation_id = "thaw_customer"
    )]
    async fn thaw(
        &self,
        operator: OperatorSession<Admin>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        body: Body<FreezeReason>,
    ) -> Answered<CustomerView, FreezeReason> {
        let (reason, operators) = (&body.0.reason, &self.app.operators);
        let customer = operators.thaw(&operator.who, &user_sub.0, reason);
        Ok(Answer(customer.await?))
    }
}
