//! Subscriptions: begin one, follow it, change it, end it; and what operators see of them.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::api_keys::Asking as _;
use portcullis_core::cursor::SignedCursor;
use portcullis_core::subscriptions::{
    CancelSubscription, ChangeMethod, ChangeSubscription, Changed, CompleteSubscription, ListSubscriptions,
    OperatorCancel, PauseSubscription, ReadSubscription, ResumeSubscription, Subscribe, Subscribed,
    SubscriptionId, SubscriptionPage, SubscriptionView,
};
use portcullis_core::use_case::{Problems, UseCase};
use portcullis_ports::identity::Subject;

use crate::answer::{Answer, Answered};
use crate::auth::{LiveSession, OperatorSession, Support, Viewer};
use crate::body::Body;
use crate::idempotency_key::KeyHeader;
use crate::key_scopes::{SessionOrKey, SubscriptionsRead};
use crate::query::Query;
use crate::tags::Tag;

pub(crate) struct SubscriptionsApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(SubscriptionsApi);

/// An operator looks at the subscriptions of a customer.
pub(crate) struct ListCustomerSubscriptions;

impl UseCase for ListCustomerSubscriptions {
    const PROBLEMS: Problems = &[
        &[portcullis_core::operators::CUSTOMER_NOT_FOUND],
        &[portcullis_core::cursor::INVALID_CURSOR],
    ];
}

#[OpenApi(tag = "Tag::Subscriptions")]
impl SubscriptionsApi {
    /// Subscribe to a plan
    ///
    /// The first period is billed and charged to a stored method, or the plan is tried, which needs a stored method. Where none
    /// is stored, the subscription is `incomplete` until its invoice is paid. Where a vendor collects it by itself, it is
    /// `incomplete` until its payer has done what `next_action` says. A plan is tried once: after that `trial` has to be false. The same `Idempotency-Key` is the same
    /// subscription, however it stands by then.
    #[oai(
        path = "/api/billing/subscriptions",
        method = "post",
        operation_id = "subscribe"
    )]
    async fn subscribe(
        &self,
        session: LiveSession,
        /// What the client calls this intent, best a random UUID: sent again it subscribes to nothing a second time.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<Subscribe>,
    ) -> Answered<Subscribed, Subscribe> {
        let subscribed = self.app.subscriptions.subscribe(&session.who, &key.0, &body.0);
        Ok(Answer(subscribed.await?))
    }

    /// Go on with a subscription that a vendor collects
    ///
    /// Once its payer has agreed at the vendor; or to be told again where that is done. The vendor is asked how it stands: twice, or
    /// at the same time, it begins once. Without this the webhook of the vendor has the same effect.
    #[oai(
        path = "/api/billing/subscriptions/:subscription_id/complete",
        method = "post",
        operation_id = "complete_subscription"
    )]
    async fn complete(
        &self,
        session: LiveSession,
        /// As given by the list.
        subscription_id: Path<SubscriptionId>,
    ) -> Answered<Subscribed, CompleteSubscription> {
        let completed = self.app.subscriptions.complete(&session.who, &subscription_id.0);
        Ok(Answer(completed.await?))
    }

    /// List subscriptions
    ///
    /// One's own, newest first, those that are over included.
    #[oai(
        path = "/api/billing/subscriptions",
        method = "get",
        operation_id = "list_subscriptions"
    )]
    async fn list(
        &self,
        requester: SessionOrKey<SubscriptionsRead>,
        /// Behind which subscription to go on, as given by the page before.
        cursor: Query<Option<SignedCursor>>,
        /// How many subscriptions at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<SubscriptionPage, ListSubscriptions> {
        let command = ListSubscriptions {
            cursor: cursor.0,
            limit: limit.0,
        };
        let list = self.app.subscriptions.list(requester.who.subject(), &command);
        Ok(Answer(list.await?))
    }

    /// Read a subscription
    ///
    /// Where it stands, what it costs, and when it is billed next or ends.
    #[oai(
        path = "/api/billing/subscriptions/:subscription_id",
        method = "get",
        operation_id = "read_subscription"
    )]
    async fn read(
        &self,
        requester: SessionOrKey<SubscriptionsRead>,
        /// As given by the list.
        subscription_id: Path<SubscriptionId>,
    ) -> Answered<SubscriptionView, ReadSubscription> {
        let subscription = self
            .app
            .subscriptions
            .get(requester.who.subject(), &subscription_id.0);
        Ok(Answer(subscription.await?))
    }

    /// Cancel a subscription
    ///
    /// With the period that is paid, which it entitles to until then; or at once, where `credit` puts the days that are left on
    /// the balance. Sent again it changes nothing more.
    #[oai(
        path = "/api/billing/subscriptions/:subscription_id/cancel",
        method = "post",
        operation_id = "cancel_subscription"
    )]
    async fn cancel(
        &self,
        session: LiveSession,
        /// As given by the list.
        subscription_id: Path<SubscriptionId>,
        body: Body<CancelSubscription>,
    ) -> Answered<SubscriptionView, CancelSubscription> {
        let cancelled = self
            .app
            .subscriptions
            .cancel(&session.who, &subscription_id.0, body.0);
        Ok(Answer(cancelled.await?))
    }

    /// Pause a subscription
    ///
    /// It is not billed and entitles to nothing until it is resumed. What was paid is not given back: it is used up after that,
    /// as far as its period is not over by then.
    #[oai(
        path = "/api/billing/subscriptions/:subscription_id/pause",
        method = "post",
        operation_id = "pause_subscription"
    )]
    async fn pause(
        &self,
        session: LiveSession,
        /// As given by the list.
        subscription_id: Path<SubscriptionId>,
    ) -> Answered<SubscriptionView, PauseSubscription> {
        let paused = self.app.subscriptions.pause(&session.who, &subscription_id.0);
        Ok(Answer(paused.await?))
    }

    /// Resume a subscription
    ///
    /// One that is paused, or that was cancelled and has not ended yet. One whose period went by while it was paused begins
    /// anew today, and is billed. Needs a fresh step-up where paying its price would.
    #[oai(
        path = "/api/billing/subscriptions/:subscription_id/resume",
        method = "post",
        operation_id = "resume_subscription"
    )]
    async fn resume(
        &self,
        session: LiveSession,
        /// As given by the list.
        subscription_id: Path<SubscriptionId>,
    ) -> Answered<SubscriptionView, ResumeSubscription> {
        let resumed = self.app.subscriptions.resume(&session.who, &subscription_id.0);
        Ok(Answer(resumed.await?))
    }

    /// Change the plan of a subscription
    ///
    /// At once, or with the next period. At once, the days that are left are given back at the old price and billed at the new
    /// one; what is less than nothing goes to the balance. A dearer plan needs a fresh step-up where paying its price would. With
    /// `preview` nothing is changed, and the same lines are shown.
    #[oai(
        path = "/api/billing/subscriptions/:subscription_id/change",
        method = "post",
        operation_id = "change_subscription"
    )]
    async fn change(
        &self,
        session: LiveSession,
        /// As given by the list.
        subscription_id: Path<SubscriptionId>,
        /// What the client calls this intent, best a random UUID: sent again it changes nothing a second time. A preview does
        /// not use it up.
        #[oai(name = "Idempotency-Key")]
        key: KeyHeader,
        body: Body<ChangeSubscription>,
    ) -> Answered<Changed, ChangeSubscription> {
        let changed = self
            .app
            .subscriptions
            .change(&session.who, &key.0, &subscription_id.0, &body.0);
        Ok(Answer(changed.await?))
    }

    /// Choose what a subscription is paid with
    ///
    /// A stored method, or whatever is the default. What is not paid is tried with it at once. Needs a fresh step-up where paying
    /// its price would.
    #[oai(
        path = "/api/billing/subscriptions/:subscription_id/payment-method",
        method = "post",
        operation_id = "choose_subscription_method"
    )]
    async fn choose_method(
        &self,
        session: LiveSession,
        /// As given by the list.
        subscription_id: Path<SubscriptionId>,
        body: Body<ChangeMethod>,
    ) -> Answered<SubscriptionView, ChangeMethod> {
        let chosen = self
            .app
            .subscriptions
            .change_method(&session.who, &subscription_id.0, &body.0);
        Ok(Answer(chosen.await?))
    }

    /// List the subscriptions of a customer
    ///
    /// Newest first. That somebody looked stands in both histories.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/subscriptions",
        method = "get",
        operation_id = "list_customer_subscriptions"
    )]
    async fn list_for(
        &self,
        operator: OperatorSession<Viewer>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// Behind which subscription to go on, as given by the page before.
        cursor: Query<Option<SignedCursor>>,
        /// How many subscriptions at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<usize>>,
    ) -> Answered<SubscriptionPage, ListCustomerSubscriptions> {
        let command = ListSubscriptions {
            cursor: cursor.0,
            limit: limit.0,
        };
        let subscriptions = &self.app.subscriptions;
        let list = subscriptions.list_for(&operator.who, &user_sub.0, &command);
        Ok(Answer(list.await?))
    }

    /// Cancel the subscription of a customer
    ///
    /// As its owner could, with the reason for both histories. Needs a fresh step-up.
    #[oai(
        path = "/api/operator/billing/customers/:user_sub/subscriptions/:subscription_id/cancel",
        method = "post",
        operation_id = "cancel_customer_subscription"
    )]
    async fn cancel_for(
        &self,
        operator: OperatorSession<Support>,
        /// The stable name of the account.
        user_sub: Path<Subject>,
        /// As in the list.
        subscription_id: Path<SubscriptionId>,
        body: Body<OperatorCancel>,
    ) -> Answered<SubscriptionView, OperatorCancel> {
        let cancelled =
            self.app
                .subscriptions
                .cancel_for(&operator.who, &user_sub.0, &subscription_id.0, &body.0);
        Ok(Answer(cancelled.await?))
    }
}
