//! A method that a vendor stored is kept here as well.

use portcullis_ports::identity::Subject;
use portcullis_ports::payments::StoredMethod;
use portcullis_ports::{Error, Result};

use super::model::{METHOD_LIMIT, PaymentMethodId, SETUP_DECLINED};
use super::names::Named;
use super::records::{CustomerMethods, VendorAccount};
use super::rules::{Adopted, Arrival};
use super::{PaymentMethods, events};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::security_notifications::SecurityEvent;

/// Whether a method that a vendor stored is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// Under this name.
    As(PaymentMethodId),
    /// There are as many as there may be.
    NoRoom,
    /// It was removed here before, or cannot be charged again.
    Unwanted,
}

impl Kept {
    /// What whoever wanted to keep it is told.
    pub(super) fn refusal(self) -> Option<Error> {
        match self {
            Self::As(_) => None,
            Self::NoRoom => Some(METHOD_LIMIT.error()),
            Self::Unwanted => Some(SETUP_DECLINED.with_detail(
                "This payment method was removed, or cannot be charged again: begin again to add another.",
            )),
        }
    }
}

impl PaymentMethods {
    /// Adds to a commit a method that was stored with a payment. The same card takes the place of the former; the first
    /// becomes the default. Where there is no room the vendor is told to forget it: the payment stands all the same.
    ///
    /// # Errors
    /// If the store cannot be asked, or no vendor of that name is connected.
    pub(crate) async fn adopt(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        instance: &str,
        stored: &StoredMethod,
    ) -> Result<()> {
        let account = VendorAccount::of(self.vendors.named(instance)?.terms());
        let mut slot = self.methods_in(batch, subject).await?;
        let source = Source::internal("payments");
        self.keep(batch, &mut slot.value, (instance, account), stored, &source)
            .await?;
        batch.save(&slot)
    }

    /// Takes a method in, and adds to the commit what follows from it.
    pub(super) async fn keep(
        &self,
        batch: &mut Batch,
        methods: &mut CustomerMethods,
        (instance, account): (&str, VendorAccount),
        stored: &StoredMethod,
        source: &Source,
    ) -> Result<Kept> {
        let now = self.context.now();
        let forgetting = methods.forgetting.len();
        let adopted = methods.adopt(Arrival {
            id: PaymentMethodId::time_ordered(now, self.context.entropy.as_ref())?,
            instance,
            account,
            stored: stored.clone(),
            now,
        });
        let subject = methods.subject.clone();
        for one in methods.forgetting.iter().skip(forgetting) {
            self.plan_forgetting(batch, &subject, one).await?;
        }
        let about = |kind, id: Option<&PaymentMethodId>| {
            let event = Event::success(kind, source).with("vendor", instance);
            match id {
                Some(id) => event.with("payment_method", id),
                None => event,
            }
        };
        let is_new = matches!(adopted, Adopted::Added(_));
        let (event, kept) = match adopted {
            Adopted::Added(id) => (Some(about(events::ADDED, Some(&id))), Kept::As(id)),
            Adopted::Replaced(id) | Adopted::Known { id, changed: true } => {
                (Some(about(events::UPDATED, Some(&id))), Kept::As(id))
            }
            Adopted::Known { id, changed: false } => (None, Kept::As(id)),
            Adopted::NoRoom => (Some(about(events::NOT_KEPT, None)), Kept::NoRoom),
            Adopted::Unwanted => (None, Kept::Unwanted),
        };
        if matches!(kept, Kept::As(_)) {
            let named = Named::Method(&stored.reference.theirs);
            self.add_name(batch, named, instance, &subject, None)?;
        }
        if let Some(event) = event {
            self.audit.append(batch, &subject, &[event]).await?;
            if is_new {
                let told = SecurityEvent::PaymentMethodAdded;
                self.notifications.add(batch, &subject, &told).await?;
            }
        }
        Ok(kept)
    }
}
