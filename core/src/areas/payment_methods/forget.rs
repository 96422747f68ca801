//! Vendors forget removed methods: they are told until they confirm it.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::{Error, Result};
use serde::{Deserialize, Serialize};

use super::calls::not_asked;
use super::model::{PaymentMethodId, VENDOR_UNAVAILABLE};
use super::names::Named;
use super::records::{Forgetting, VendorAccount};
use super::{PaymentMethods, events};
use crate::foundation::account_erasure::AccountErasure;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::tasks::{Leased, Next, Runners, TaskKind, TaskRunner};

/// Tells vendors to forget methods, for about two months.
pub(super) const FORGET: TaskKind = TaskKind::new(
    "payment-methods-forget",
    "Tells a payment vendor to forget a payment method that was removed.",
)
.leased(Duration::from_mins(2))
.retried(
    64,
    &[
        Duration::from_secs(10),
        Duration::from_mins(1),
        Duration::from_mins(10),
        Duration::from_hours(1),
        Duration::from_hours(6),
        Duration::from_hours(24),
    ],
);

/// Whose method a task is about; its id is that of the method.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ToldOf {
    subject: Subject,
}

/// Runs the tasks.
struct Forgetter(PaymentMethods);

#[async_trait]
impl TaskRunner for Forgetter {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let ToldOf { subject } = task.body()?;
        let id = PaymentMethodId::parse(task.id()).map_err(Error::internal)?;
        Ok(match self.0.forget(&subject, &id).await? {
            Forgotten::Done => Next::Done,
            Forgotten::Never(reason) => Next::Dead(reason),
        })
    }
}

/// What became of telling a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Forgotten {
    /// It keeps the method no more, or there is nothing to forget.
    Done,
    /// It cannot be told: by another try it could not be told either.
    Never(String),
}

#[async_trait]
impl AccountErasure for PaymentMethods {
    /// Removes all methods and has their vendors told. Done once all of them have confirmed it.
    async fn wind_down(&self, subject: &Subject, source: &Source) -> Result<bool> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let mut slot = self.methods_in(&batch, subject).await?;
                let ids: Vec<_> = slot
                    .value
                    .methods
                    .iter()
                    .map(|method| method.id.clone())
                    .collect();
                if ids.is_empty() {
                    return Ok(slot.value.forgetting.is_empty());
                }
                let now = self.context.now();
                for id in &ids {
                    if let Some(removed) = slot.value.remove(id, |_| false, now) {
                        self.plan_forgetting(&mut batch, subject, removed).await?;
                        let event = Event::success(events::REMOVED, source).with("payment_method", id);
                        self.audit.append(&mut batch, subject, &[event]).await?;
                    }
                }
                batch.save(&slot)?;
                self.context.commit(batch).await?;
                Ok(false)
            })
            .await
    }
}

impl PaymentMethods {
    /// Has vendors told by the workers of this process.
    pub(crate) fn register_runners(&self, runners: &mut Runners) {
        runners.repeating(&FORGET, Forgetter(self.clone()));
    }

    /// Adds to a commit that a vendor will be told.
    pub(super) async fn plan_forgetting(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        removed: &Forgetting,
    ) -> Result<()> {
        let told = ToldOf {
            subject: subject.clone(),
        };
        let (id, now) = (removed.id.as_str(), self.context.now());
        self.tasks.plan(batch, &FORGET, id, now, &told).await.map(drop)
    }

    /// Tells the vendor to forget a removed method. Telling it twice does no harm.
    ///
    /// # Errors
    /// `payment-vendor-unavailable` if it has to be told again.
    async fn forget(&self, subject: &Subject, id: &PaymentMethodId) -> Result<Forgotten> {
        let slot = self.methods(subject).await?;
        let Some(removed) = slot.value.forgetting.iter().find(|one| one.id == *id) else {
            return Ok(Forgotten::Done);
        };
        let vendor = match self.vendors.named(&removed.instance) {
            Ok(vendor) if VendorAccount::of(vendor.terms()).matches(&removed.account) => vendor,
            _ => {
                return Ok(Forgotten::Never(format!(
                    "the account at `{}` is not connected",
                    removed.instance
                )));
            }
        };
        match vendor.forget_method(&removed.reference).await {
            Outcome::Done(()) => {}
            Outcome::NotSent(reason) => return Err(not_asked(&reason)),
            Outcome::Pending(_) | Outcome::Unknown(_) => return Err(VENDOR_UNAVAILABLE.error()),
            Outcome::Declined(decline) => return Ok(Forgotten::Never(decline.code)),
        }
        self.context.retried(|| self.note_forgotten(subject, id)).await?;
        Ok(Forgotten::Done)
    }

    async fn note_forgotten(&self, subject: &Subject, id: &PaymentMethodId) -> Result<()> {
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let mut slot = self.methods_in(&batch, subject).await?;
        let Some(at) = slot.value.forgetting.iter().position(|one| one.id == *id) else {
            return Ok(());
        };
        let gone = slot.value.forgetting.remove(at);
        let theirs = &gone.reference.theirs;
        self.clear_name(&mut batch, Named::Method(theirs), &gone.instance)?;
        batch.save(&slot)?;
        let source = Source::internal("payments");
        let event = Event::success(events::FORGOTTEN, &source)
            .with("payment_method", id)
            .with("vendor", &gone.instance);
        self.audit.append(&mut batch, subject, &[event]).await?;
        self.context.commit(batch).await
    }
}
