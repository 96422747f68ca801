//! Which plans there are.

use portcullis_ports::Result;

use super::model::{Plan, PlanId};
use super::records::PlanRecord;
use super::views::{PlanList, PlanView};
use super::{PLAN_NOT_FOUND, Plans};
use crate::foundation::table::Versioned;

impl Plans {
    /// The plans that people can subscribe to.
    pub async fn list(&self) -> Result<PlanList> {
        let plans = self.all().await?;
        let offered = plans.iter().filter(|plan| !plan.0.archived);
        let plans = offered.map(|plan| PlanView::of(&plan.0)).collect();
        Ok(PlanList { plans })
    }

    /// All plans, for operators.
    pub async fn list_all(&self) -> Result<PlanList> {
        let plans = self.all().await?;
        let plans = plans.iter().map(|plan| PlanView::of(&plan.0)).collect();
        Ok(PlanList { plans })
    }

    /// A plan, whether or not it is offered.
    ///
    /// # Errors
    /// `plan-not-found`.
    pub(crate) async fn named(&self, id: &PlanId) -> Result<Plan> {
        let found = self.find(id).await?.ok_or_else(|| PLAN_NOT_FOUND.error())?;
        Ok(found.value.0)
    }

    /// A plan that people can subscribe to.
    ///
    /// # Errors
    /// `plan-not-found`.
    pub(crate) async fn offered(&self, id: &PlanId) -> Result<Plan> {
        let plan = self.named(id).await?;
        if plan.archived {
            return Err(PLAN_NOT_FOUND.error());
        }
        Ok(plan)
    }

    /// Every price that a plan ever had.
    #[cfg(test)]
    pub(crate) async fn prices_ever(&self, id: &PlanId) -> Result<Vec<super::Price>> {
        let rows = self.context.table::<super::PriceRecord>();
        let rows = rows.all(&super::PriceRecord::partition(id)).await?;
        Ok(rows.into_iter().map(|row| row.value.0).collect())
    }

    pub(super) async fn all(&self) -> Result<Vec<Versioned<PlanRecord>>> {
        self.context
            .table::<PlanRecord>()
            .all(PlanRecord::PARTITION)
            .await
    }

    pub(super) async fn find(&self, id: &PlanId) -> Result<Option<Versioned<PlanRecord>>> {
        self.context
            .table::<PlanRecord>()
            .find(PlanRecord::PARTITION, id.as_str())
            .await
    }
}
