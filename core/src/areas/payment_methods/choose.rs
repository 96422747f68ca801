//! Which method is charged by default, in which order they stand, and the end of one.

use portcullis_ports::Result;

use super::actions::{REMOVE_METHOD, SET_DEFAULT};
use super::model::{METHOD_NOT_FOUND, PaymentMethodId, SetDefaultMethod, SetMethodPriority};
use super::records::Method;
use super::rules::LAST_PRIORITY;
use super::{PaymentMethods, events};
use crate::areas::sessions::SignedIn;
use crate::foundation::input::refused;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::security_notifications::SecurityEvent;

impl PaymentMethods {
    /// Has a method charged where none is named.
    ///
    /// # Errors
    /// `step-up-required`, `payment-method-not-found`, `payment-method-unusable`.
    pub async fn set_default(&self, who: &SignedIn, command: &SetDefaultMethod) -> Result<()> {
        self.step_up.require(SET_DEFAULT, who).await?;
        let (subject, id) = (who.subject(), &command.payment_method_id);
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                let mut slot = self.methods_in(&batch, subject).await?;
                let method = slot.value.method(id).ok_or_else(|| METHOD_NOT_FOUND.error())?;
                self.require_alive(method)?;
                if slot.value.default.as_ref() == Some(id) {
                    return Ok(());
                }
                slot.value.default = Some(id.clone());
                batch.save(&slot)?;
                let event = Event::success(events::DEFAULT, &who.source).with("payment_method", id);
                self.audit.append(&mut batch, subject, &[event]).await?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Puts a method in another place of the order.
    ///
    /// # Errors
    /// `payment-method-not-found`; `invalid-request` for a place that there is not.
    pub async fn set_priority(&self, who: &SignedIn, command: &SetMethodPriority) -> Result<()> {
        if command.priority > LAST_PRIORITY {
            return Err(refused(
                "/priority",
                "a whole number from 0 to 100000 is expected",
            ));
        }
        let (subject, id) = (who.subject(), &command.payment_method_id);
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                let mut slot = self.methods_in(&batch, subject).await?;
                let mut methods = slot.value.methods.iter_mut();
                let method = methods.find(|method| method.id == *id);
                let method = method.ok_or_else(|| METHOD_NOT_FOUND.error())?;
                method.priority = command.priority;
                batch.save(&slot)?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Removes a method. It is gone here at once; the vendor is told until it confirms that it keeps it no more.
    ///
    /// # Errors
    /// `step-up-required`, `payment-method-not-found`.
    pub async fn remove(&self, who: &SignedIn, id: &PaymentMethodId) -> Result<()> {
        self.step_up.require(REMOVE_METHOD, who).await?;
        let subject = who.subject();
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.sessions.require_in(&mut batch, who).await?;
                let mut slot = self.methods_in(&batch, subject).await?;
                let now = self.context.now();
                let usable = |method: &Method| self.dead(method, now).is_none();
                let removed = slot.value.remove(id, usable, now);
                let removed = removed.ok_or_else(|| METHOD_NOT_FOUND.error())?;
                self.plan_forgetting(&mut batch, subject, removed).await?;
                batch.save(&slot)?;
                let event = Event::success(events::REMOVED, &who.source).with("payment_method", id);
                self.audit.append(&mut batch, subject, &[event]).await?;
                let told = SecurityEvent::PaymentMethodRemoved;
                self.notifications.add(&mut batch, subject, &told).await?;
                self.context.commit(batch).await
            })
            .await
    }
}
