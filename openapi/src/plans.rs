//! Plans: what people can subscribe to, and what operators make of them.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use portcullis_core::App;
use portcullis_core::plans::{ChangePlan, CreatePlan, ListPlans, PlanId, PlanList, PlanView};

use crate::answer::{Answer, Answered};
use crate::auth::{Admin, OperatorSession, Viewer};
use crate::body::Body;
use crate::key_scopes::{PlansRead, SessionOrKey};
use crate::tags::Tag;

pub(crate) struct PlansApi {
    pub(crate) app: Arc<App>,
}

crate::context::from_context!(PlansApi);

#[OpenApi(tag = "Tag::Subscriptions")]
impl PlansApi {
    /// List the plans
    ///
    /// Everything that can be subscribed to, with its prices in whole minor units and what it entitles to.
    #[oai(path = "/api/billing/plans", method = "get", operation_id = "list_plans")]
    async fn list(&self, _requester: SessionOrKey<PlansRead>) -> Answered<PlanList, ListPlans> {
        Ok(Answer(self.app.plans.list().await?))
    }

    /// List all plans
    ///
    /// Those that nobody can subscribe to any more included.
    #[oai(path = "/api/operator/plans", method = "get", operation_id = "list_all_plans")]
    async fn list_all(&self, _operator: OperatorSession<Viewer>) -> Answered<PlanList, ListPlans> {
        Ok(Answer(self.app.plans.list_all().await?))
    }

    /// Make a plan
    ///
    /// How its periods are counted stays as it is for good; all else can be changed. Needs a fresh step-up.
    #[oai(path = "/api/operator/plans", method = "post", operation_id = "create_plan")]
    async fn create(
        &self,
        operator: OperatorSession<Admin>,
        body: Body<CreatePlan>,
    ) -> Answered<PlanView, CreatePlan> {
        Ok(Answer(self.app.plans.create(&operator.who, &body.0).await?))
    }

    /// Change a plan
    ///
    /// Another price is for who subscribes from now on: those who did keep theirs. Needs a fresh step-up.
    #[oai(
        path = "/api/operator/plans/:plan_id",
        method = "patch",
        operation_id = "change_plan"
    )]
    async fn change(
        &self,
        operator: OperatorSession<Admin>,
        /// As in the list.
        plan_id: Path<PlanId>,
        body: Body<ChangePlan>,
    ) -> Answered<PlanView, ChangePlan> {
        let changed = self.app.plans.change(&operator.who, &plan_id.0, &body.0);
        Ok(Answer(changed.await?))
    }
}
