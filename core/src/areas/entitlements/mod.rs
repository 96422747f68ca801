//! What people are entitled to, by the subscriptions that they have.
//!
//! It is one small record for each person, written in the commits of subscriptions, so that whoever asks reads nothing else.

mod model;
mod records;
pub mod scopes;
#[cfg(test)]
mod tests;
mod views;

use std::sync::Arc;

use portcullis_ports::identity::Subject;
use portcullis_ports::{Result, Timestamp};

pub use model::SubscriptionId;
pub(crate) use model::{Access, Grant};
use records::{ENTITLEMENTS, Granted};
pub use views::{Entitled, EntitlementList, ReadEntitlements};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Slot};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // It follows subscriptions, which are taken over.
        Family::new(
            ENTITLEMENTS,
            Personal::BySubject,
            &[shape::<Granted>("entitlements")],
        )
        .taken_over(),
    ],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// Knows what people are entitled to.
#[derive(Clone)]
pub struct EntitlementRecords {
    context: Arc<Context>,
}

impl EntitlementRecords {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
        }
    }

    /// What somebody is entitled to at this moment. One record is read.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn of(&self, subject: &Subject) -> Result<EntitlementList> {
        let granted = self.slot(&Batch::default(), subject).await?;
        Ok(granted.value.list(self.context.now()))
    }

    /// The live subscriptions of somebody. The commit fails if that changes meanwhile.
    pub(crate) async fn live(&self, batch: &mut Batch, subject: &Subject) -> Result<Vec<SubscriptionId>> {
        let slot = self.slot(batch, subject).await?;
        batch.check_slot(&slot);
        Ok(slot.value.grants.into_keys().collect())
    }

    /// Adds to the commit of a subscription what it grants, or that it is none any more.
    pub(crate) async fn keep(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        subscription: &SubscriptionId,
        grant: Option<Grant>,
    ) -> Result<()> {
        let mut slot = self.slot(batch, subject).await?;
        let before = slot.value.grants.get(subscription);
        if before == grant.as_ref() {
            return Ok(());
        }
        match grant {
            Some(grant) => {
                slot.value.grants.insert(subscription.clone(), grant);
            }
            None => {
                slot.value.grants.remove(subscription);
            }
        }
        batch.save(&slot)
    }

    async fn slot(&self, batch: &Batch, subject: &Subject) -> Result<Slot<Granted>> {
        let table = self.context.table::<Granted>();
        let none = || Granted::none(subject);
        table.slot_in(batch, subject.as_str(), Granted::SORT, none).await
    }
}

impl Granted {
    /// What counts at a moment.
    fn list(&self, now: Timestamp) -> EntitlementList {
        let live = self.grants.values().filter(|grant| grant.counts(now));
        let mut entitled = Vec::<Entitled>::new();
        let mut plans = Vec::new();
        for grant in live {
            plans.push(grant.plan.clone());
            for (name, limit) in &grant.entitlements {
                let until = match grant.access {
                    Access::Until(end) => Some(end.seconds()),
                    Access::Granted | Access::Withheld => None,
                };
                match entitled.iter_mut().find(|one| one.name == *name) {
                    Some(one) => one.join(*limit, until),
                    None => entitled.push(Entitled {
                        name: name.clone(),
                        limit: *limit,
                        until,
                    }),
                }
            }
        }
        entitled.sort_by(|one, other| one.name.cmp(&other.name));
        plans.sort();
        EntitlementList {
            entitlements: entitled,
            plans,
        }
    }
}
