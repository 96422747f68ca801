//! Subscriptions as clients of the replaced service ask for them.

use std::sync::Arc;

use poem_openapi::OpenApi;
use portcullis_core::App;
use portcullis_core::plans::{PLAN_NOT_FOUND, PlanId, PriceView};
use portcullis_core::sessions::SignedIn;
use portcullis_core::subscriptions::{
    CancelSubscription, CancelWhen, ListSubscriptions, Subscribe, SubscriptionStatus, SubscriptionView,
};
use portcullis_ports::{Error, Result};

use super::answers::{AliasSubscribed, AliasSubscription, AliasSubscriptions};
use super::requests::{self, CancelByAlias, SubscribeMonthly};
use crate::answer::{Answer, Answered};
use crate::auth::LiveSession;
use crate::body::Body;
use crate::dto::{Confirmed, wrong};
use crate::query::Query;
use crate::tags::Tag;

/// The plan of requests that name none.
const MONTHLY: &str = "monthly";
/// How many items the list has where it is not said, and at most.
const LISTED: i64 = 50;
const MOST: i64 = 100;

pub(crate) struct SubscriptionAliasesApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(SubscriptionAliasesApi);

#[OpenApi(tag = "Tag::Deprecated")]
impl SubscriptionAliasesApi {
    /// Subscribe to a plan
    ///
    /// To the plan `monthly` where none is named. The price is that of the plan: one that the client tells has to be the same.
    #[oai(
        path = "/api/billing/subscribe-monthly",
        method = "post",
        operation_id = "alias_subscribe",
        deprecated
    )]
    async fn subscribe(
        &self,
        session: LiveSession,
        body: Body<SubscribeMonthly>,
    ) -> Answered<AliasSubscribed, SubscribeMonthly> {
        Ok(Answer(self.subscribed(&session.who, body.0).await?))
    }

    /// Cancel a subscription
    ///
    /// With the period that is paid. Sent again it changes nothing more.
    #[oai(
        path = "/api/billing/subscriptions/cancel",
        method = "post",
        operation_id = "alias_cancel_subscription",
        deprecated
    )]
    async fn cancel_subscription(
        &self,
        session: LiveSession,
        body: Body<CancelByAlias>,
    ) -> Answered<Confirmed, CancelByAlias> {
        let at = CancelSubscription {
            at: Some(CancelWhen::PeriodEnd),
            credit: None,
        };
        let subscriptions = &self.app.subscriptions;
        subscriptions
            .cancel(&session.who, &body.0.subscription_id, at)
            .await?;
        Ok(Answer(Confirmed::OK))
    }

    /// List subscriptions in the panel
    ///
    /// Newest first; up to 100 of them.
    #[oai(
        path = "/ui/billing/subscriptions",
        method = "get",
        operation_id = "alias_ui_subscriptions",
        deprecated
    )]
    async fn ui_subscriptions(
        &self,
        session: LiveSession,
        /// How many at most: what is beyond 1 to 100 counts as the nearest that is not.
        limit: Query<Option<i64>>,
    ) -> Answered<AliasSubscriptions, ListSubscriptions> {
        let list = self.subscriptions(&session.who, limit.0);
        Ok(Answer(list.await?))
    }
}

impl SubscriptionAliasesApi {
    async fn subscribed(&self, who: &SignedIn, body: SubscribeMonthly) -> Result<AliasSubscribed> {
        let monthly = || PlanId::parse(MONTHLY).map_err(Error::internal);
        let plan_id = body.plan_id.map_or_else(monthly, Ok)?;
        let offered = self.app.plans.list().await?.plans;
        let plan = offered.into_iter().find(|plan| plan.plan_id == plan_id);
        let plan = plan.ok_or_else(|| PLAN_NOT_FOUND.error())?;
        let price = self.price(&plan.prices)?;
        if body.monthly_price_cents.is_some_and(|told| told != price.amount) {
            let amount = price.amount;
            let why = format!("The price of the plan is {amount}: leave this out, or send that.");
            return Err(wrong("monthly_price_cents", &why));
        }
        let key = requests::key(body.idempotency_key.as_ref())?;
        let command = Subscribe {
            plan_id,
            currency: Some(price.currency),
            payment_method_id: body.payment_method_id,
            collector: None,
            trial: None,
        };
        let subscriptions = &self.app.subscriptions;
        let subscribed = match &key {
            Some(key) => subscriptions.subscribe(who, key, &command).await?,
            None => subscriptions.subscribe_unkeyed(who, &command).await?,
        };
        let subscription = subscribed.subscription;
        Ok(AliasSubscribed {
            approved: subscription.status != SubscriptionStatus::Incomplete,
            subscription_id: subscription.subscription_id,
            transaction_id: subscribed.payment_id,
        })
    }

    /// The only price, or that in the currency of the setting.
    fn price<'a>(&self, prices: &'a [PriceView]) -> Result<&'a PriceView> {
        if let [only] = prices {
            return Ok(only);
        }
        let currency = self.app.settings().billing.default_currency;
        let found = prices.iter().find(|price| Some(price.currency) == currency);
        found.ok_or_else(|| {
            wrong(
                "plan_id",
                "A plan with a price in the currency of `billing.default_currency` is expected.",
            )
        })
    }

    async fn subscriptions(&self, who: &SignedIn, limit: Option<i64>) -> Result<AliasSubscriptions> {
        let limit = usize::try_from(limit.unwrap_or(LISTED).clamp(1, MOST)).unwrap_or(1);
        let command = ListSubscriptions {
            cursor: None,
            limit: Some(limit),
        };
        let list = self.app.subscriptions.list(who.subject(), &command).await?;
        Ok(AliasSubscriptions {
            items: list.items.into_iter().map(AliasSubscription::from).collect(),
        })
    }
}

impl From<SubscriptionView> for AliasSubscription {
    fn from(subscription: SubscriptionView) -> Self {
        Self {
            payment_token_id: subscription.payment_method_id,
            subscription_id: subscription.subscription_id,
            status: subscription.status,
            plan_id: subscription.plan_id,
            created_at: subscription.created_at,
            updated_at: subscription.updated_at,
            next_renewal_time: subscription.renews_at,
        }
    }
}
