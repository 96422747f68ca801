//! Stored payment methods: list, add, choose, remove; and what the payment vendors take.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::payment_methods::{
    BeginSetup, CompleteSetup, MethodView, PaymentMethodId, ReadSetup, RemoveMethod, SetDefaultMethod,
    SetMethodPriority, SetupView,
};
use portcullis_core::payment_vendors::BillingConfig;
use portcullis_ports::id::SetupId;

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::dto::{BareList, Confirmed};
use crate::idempotency_key::KeyHeader;
use crate::key_scopes::{MethodsRead, SessionOrKey};
use crate::tags::Tag;

pub(crate) struct PaymentMethodsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(PaymentMethodsApi);

#[OpenApi(tag = "Tag::PaymentMethods")]
impl PaymentMethodsApi {
    /// What the payment vendors take
    ///
    /// By vendor: how a page loads its script, what it offers, and which amounts of which currencies it takes.
    #[expect(
        clippy::unused_async,
        reason = "poem-openapi takes asynchronous handlers only"
    )]
    #[oai(path = "/api/billing/config", method = "get", operation_id = "billing_config")]
    async fn config(&self) -> Answered<BillingConfig> {
        Ok(Answer(self.app.payment_vendors.config()))
    }

    /// List payment methods
    ///
    /// By priority. Each says whether it can be charged, and why not.
    #[oai(
        path = "/api/billing/payment-methods",
        method = "get",
        operation_id = "list_payment_methods"
    )]
    async fn list(&self, requester: SessionOrKey<MethodsRead>) -> Answered<BareList<MethodView>> {
        let methods = &self.app.payment_methods;
        Ok(Answer(BareList(methods.list(requester.who.subject()).await?)))
    }

    /// Begin to add a payment method
    ///
    /// `next_action` says how the payer enters it at the vendor; nothing of it passes through here. The same
    /// `Idempotency-Key` goes on with the same setup. Needs a fresh step-up.
    #[oai(
        path = "/api/billing/payment-methods/setups",
        method = "post",
        operation_id = "begin_payment_method_setup"
    )]
    async fn begin_setup(
        &self,
        session: LiveSession,
        /// What the client calls this intent, best a random UUID: sent again it does not begin another one.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<BeginSetup>,
    ) -> Answered<SetupView, BeginSetup> {
        let methods = &self.app.payment_methods;
        Ok(Answer(methods.begin_setup(&session.who, &key.0, &body.0).await?))
    }

    /// Read how the adding of a payment method stands
    ///
    /// It is there until its day is over, or until deposits were told.
    #[oai(
        path = "/api/billing/payment-methods/setups/:setup_id",
        method = "get",
        operation_id = "read_payment_method_setup"
    )]
    async fn setup(
        &self,
        session: LiveSession,
        /// As given by the beginning.
        setup_id: Path<SetupId>,
    ) -> Answered<SetupView, ReadSetup> {
        let methods = &self.app.payment_methods;
        Ok(Answer(methods.setup(&session.who, &setup_id.0).await?))
    }

    /// Go on after the payer acted
    ///
    /// Asks the vendor what was stored, and keeps it. Bank accounts are proven by what arrived: send either `amounts` or
    /// `descriptor_code`. Sent again it answers alike.
    #[oai(
        path = "/api/billing/payment-methods/setups/:setup_id/complete",
        method = "post",
        operation_id = "complete_payment_method_setup"
    )]
    async fn complete_setup(
        &self,
        session: LiveSession,
        /// As given by the beginning.
        setup_id: Path<SetupId>,
        body: Body<CompleteSetup>,
    ) -> Answered<SetupView, CompleteSetup> {
        let methods = &self.app.payment_methods;
        let completed = methods.complete_setup(&session.who, &setup_id.0, &body.0);
        Ok(Answer(completed.await?))
    }

    /// Choose the default payment method
    ///
    /// It is charged where a payment names none. Needs a fresh step-up.
    #[oai(
        path = "/api/billing/payment-methods/default",
        method = "post",
        operation_id = "set_default_payment_method"
    )]
    async fn set_default(
        &self,
        session: LiveSession,
        body: Body<SetDefaultMethod>,
    ) -> Answered<Confirmed, SetDefaultMethod> {
        let methods = &self.app.payment_methods;
        methods.set_default(&session.who, &body.0).await?;
        Ok(Answer(Confirmed::OK))
    }

    /// Put a payment method in another place
    ///
    /// Lower comes first. When the default is removed, the first that can be charged takes its place.
    #[oai(
        path = "/api/billing/payment-methods/priority",
        method = "post",
        operation_id = "set_payment_method_priority"
    )]
    async fn set_priority(
        &self,
        session: LiveSession,
        body: Body<SetMethodPriority>,
    ) -> Answered<Confirmed, SetMethodPriority> {
        let methods = &self.app.payment_methods;
        methods.set_priority(&session.who, &body.0).await?;
        Ok(Answer(Confirmed::OK))
    }

    /// Remove a payment method
    ///
    /// It is gone at once, and the vendor is told to forget it until it confirms. Needs a fresh step-up.
    #[oai(
        path = "/api/billing/payment-methods/:payment_method_id",
        method = "delete",
        operation_id = "remove_payment_method"
    )]
    async fn remove(
        &self,
        session: LiveSession,
        /// As given in the list.
        payment_method_id: Path<PaymentMethodId>,
    ) -> Answered<Confirmed, RemoveMethod> {
        let methods = &self.app.payment_methods;
        methods.remove(&session.who, &payment_method_id.0).await?;
        Ok(Answer(Confirmed::OK))
    }
}
