//! What a subscription is paid with.

use portcullis_ports::Result;

use super::books::Running;
use super::commands::ChangeMethod;
use super::end::refusal;
use super::views::SubscriptionView;
use super::{Subscriptions, events};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::sessions::SignedIn;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

impl Subscriptions {
    /// Has one's subscription paid with another method, or with the default. What is not paid is tried with it at once.
    ///
    /// # Errors
    /// `step-up-required`, `subscription-not-found`, `subscription-state`, `payment-method-not-found`,
    /// `no-default-payment-method`, `payment-method-unusable`.
    pub async fn change_method(
        &self,
        who: &SignedIn,
        id: &SubscriptionId,
        command: &ChangeMethod,
    ) -> Result<SubscriptionView> {
        let subject = who.subject();
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, subject).await;
                let mut slot = self.books.read_in(&batch, subject, id).await?;
                let before = slot.value.clone();
                if before.status.is_over() {
                    return Err(refusal(before.status, "nothing is billed any more"));
                }
                before.require_ours("another payment method is chosen there")?;
                let method = command.payment_method_id.as_ref();
                self.require_method(who, method, true).await?;
                self.require_proof(who, method, &before.terms).await?;
                let record = &mut slot.value;
                record.method = method.cloned();
                record.expiry_told = None;
                record.try_again(self.context.now());
                let event = Event::success(events::METHOD, &who.source)
                    .with("subscription", id)
                    .with(
                        "payment_method",
                        method.map_or("default", |method| method.as_str()),
                    );
                self.books.audit.append(&mut batch, subject, &[event]).await?;
                let record = record.clone();
                self.books.save(&mut batch, &before, slot, &who.source).await?;
                self.books
                    .plan(&mut batch, &record, Running::Neither, false)
                    .await?;
                self.context.commit(batch).await?;
                Ok(SubscriptionView::of(&record))
            })
            .await
    }
}
