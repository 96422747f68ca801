//! Payers come back from a vendor, whatever they were sent to it for.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::subscriptions::SubscriptionId;
use portcullis_core::{App, Source};

use crate::answer::SeeOther;
use crate::dto::ReadPayment;
use crate::problem::Refusal;
use crate::tags::Tag;

pub(crate) struct ReturnsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(ReturnsApi);

#[OpenApi(tag = "Tag::Payments")]
impl ReturnsApi {
    /// Come back from a vendor
    ///
    /// The address to which a vendor sends a payer back. It goes on with the payment, and leads to the panel.
    #[oai(
        path = "/billing/return/:state",
        method = "get",
        operation_id = "return_from_vendor"
    )]
    async fn returned(
        &self,
        /// As it was sent along.
        state: Path<String>,
    ) -> Result<SeeOther, Refusal<ReadPayment>> {
        self.back(&state.0).await
    }

    /// Come back from a vendor without having paid
    ///
    /// The same for whoever called it off there. The payment can still be paid until it is called off here.
    #[oai(
        path = "/billing/cancel/:state",
        method = "get",
        operation_id = "return_unpaid"
    )]
    async fn returned_unpaid(
        &self,
        /// As it was sent along.
        state: Path<String>,
    ) -> Result<SeeOther, Refusal<ReadPayment>> {
        self.back(&state.0).await
    }
}

impl ReturnsApi {
    /// Goes on with what an address of ours is about, and gives the page that shows it.
    async fn back(&self, state: &str) -> Result<SeeOther, Refusal<ReadPayment>> {
        let (id, _) = state.split_once('.').unwrap_or_default();
        if SubscriptionId::parse(id).is_ok() {
            let agreed = self.app.subscriptions.complete_return(state).await?.subscription;
            let page = format!("/billing/subscriptions?subscription={}", agreed.subscription_id);
            return Ok(SeeOther(page));
        }
        let source = Source::internal("return from a payment vendor");
        let payment = self.app.payments.complete_return(state, &source).await?;
        Ok(SeeOther(format!("/billing?payment={}", payment.id)))
    }
}
