//! Customers whose billing is frozen.
//!
//! They begin no payment and store no payment method. What they may read stays, and money that arrives is booked.

mod records;

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Code, Kind, Result, Timestamp};

pub(crate) use records::BILLING_FREEZES;
use records::{Freeze, Frozen};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::table::{Batch, Slot};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // Who was frozen since the backup stays so.
        Family::new(BILLING_FREEZES, Personal::BySubject, &[shape::<Freeze>("freeze")]).taken_over(),
    ],
    problems: &[BILLING_FROZEN],
    ..Area::EMPTY
};

/// An operator froze the billing of this customer.
pub const BILLING_FROZEN: Code = Code::new(
    "billing-frozen",
    Kind::Conflict,
    "Billing of this account is frozen: nothing can be paid and no payment method added. Ask whoever runs the service.",
);

/// A freeze as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FreezeView {
    /// Since when.
    pub(crate) since: Timestamp,
    /// Who did it.
    pub(crate) operator: Subject,
    /// Why.
    pub(crate) reason: String,
}

/// Learns of customers whose billing is frozen.
#[async_trait]
pub(crate) trait FreezeObserver: Send + Sync + 'static {
    /// A customer is frozen in this commit. What an observer adds to it happens together with that or not at all.
    ///
    /// # Errors
    /// Whatever the store answers. The commit fails with it, and is tried again.
    async fn frozen(&self, batch: &mut Batch, subject: &Subject) -> Result<()>;
}

/// Knows who is frozen.
#[derive(Clone)]
pub(crate) struct BillingFreezes {
    context: Arc<Context>,
}

impl BillingFreezes {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
        }
    }

    /// Refuses somebody who is frozen. The commit fails if it comes to that meanwhile.
    ///
    /// # Errors
    /// `billing-frozen`.
    pub(crate) async fn require_thawed(&self, batch: &mut Batch, subject: &Subject) -> Result<()> {
        let slot = self.slot(batch, subject).await?;
        if slot.value.frozen.is_some() {
            return Err(BILLING_FROZEN.error());
        }
        batch.check_slot(&slot);
        Ok(())
    }

    /// The freeze of a customer, if there is one.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) async fn find(&self, subject: &Subject) -> Result<Option<FreezeView>> {
        let freezes = self.context.table::<Freeze>();
        let found = freezes.find(subject.as_str(), Freeze::SORT).await?;
        let frozen = found.and_then(|found| found.value.frozen);
        Ok(frozen.map(|frozen| FreezeView {
            since: frozen.since,
            operator: frozen.operator,
            reason: frozen.reason,
        }))
    }

    /// Whether somebody was frozen within the last second.
    pub(crate) async fn is_frozen(&self, subject: &Subject) -> Result<bool> {
        let cache = &self.context.cache;
        let found = cache.find::<Freeze>(subject.as_str(), Freeze::SORT).await?;
        Ok(found.is_some_and(|found| found.frozen.is_some()))
    }

    /// Adds to a commit that a customer is frozen by an operator, or not any more. Tells whether that changes anything.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) async fn set(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        by: Option<(&Subject, &str)>,
    ) -> Result<bool> {
        let mut slot = self.slot(batch, subject).await?;
        if slot.value.frozen.is_some() == by.is_some() {
            return Ok(false);
        }
        let since = self.context.now();
        slot.value.frozen = by.map(|(operator, reason)| Frozen {
            since,
            operator: operator.clone(),
            reason: reason.to_owned(),
        });
        batch.save(&slot)?;
        Ok(true)
    }

    async fn slot(&self, batch: &Batch, subject: &Subject) -> Result<Slot<Freeze>> {
        let nobody = || Freeze {
            subject: subject.clone(),
            frozen: None,
        };
        let freezes = self.context.table::<Freeze>();
        freezes
            .slot_in(batch, subject.as_str(), Freeze::SORT, nobody)
            .await
    }
}
