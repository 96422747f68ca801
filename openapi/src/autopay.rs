//! Automatic payment, and what a customer has set about billing.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::autopay::{AutopayList, AutopayView, BillingSettings, ReadAutopay, SetAutopay};

use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::key_scopes::{AutopayRead, SessionOrKey};
use crate::tags::Tag;

pub(crate) struct AutopayApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(AutopayApi);

#[OpenApi(tag = "Tag::Billing")]
impl AutopayApi {
    /// Read what is set about billing
    ///
    /// The default method, and automatic payment in every currency.
    #[oai(
        path = "/api/billing/settings",
        method = "get",
        operation_id = "billing_settings"
    )]
    async fn settings(&self, requester: SessionOrKey<AutopayRead>) -> Answered<BillingSettings, ReadAutopay> {
        let settings = self.app.autopay.billing_settings(requester.who.subject());
        Ok(Answer(settings.await?))
    }

    /// Read automatic payment
    ///
    /// One rule for each currency in which it was ever turned on: its bounds, what comes next, and what happened last.
    #[oai(path = "/api/billing/autopay", method = "get", operation_id = "read_autopay")]
    async fn list(&self, requester: SessionOrKey<AutopayRead>) -> Answered<AutopayList, ReadAutopay> {
        let rules = self.app.autopay.list(requester.who.subject());
        Ok(Answer(rules.await?))
    }

    /// Turn automatic payment on or off, or change it
    ///
    /// What is due is collected from a stored method within the ceilings, as soon as it is due, from a threshold on, or on a day
    /// of the month. More than a ceiling is never collected in part: it is told and left to the customer. A bank that refuses
    /// for good turns it off. What lets it collect more, sooner or with another method needs a fresh step-up; turning it off
    /// and lowering a ceiling do not.
    #[oai(path = "/api/billing/autopay", method = "post", operation_id = "set_autopay")]
    async fn set(&self, session: LiveSession, body: Body<SetAutopay>) -> Answered<AutopayView, SetAutopay> {
        let rule = self.app.autopay.set(&session.who, &body.0);
        Ok(Answer(rule.await?))
    }
}
