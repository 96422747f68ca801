//! News of vendors: what became of stored methods, and of those that are being added.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{
    EventObject, EventOrigin, EventTopic, Handed, MethodRef, MethodState, PaymentEvent, Setup as Picture,
    SetupStatus, StoredMethod, VendorRef,
};

use super::calls::not_asked;
use super::model::{DeadReason, VENDOR_UNAVAILABLE};
use super::names::Named;
use super::records::{Method, Setup};
use super::rules::tidied;
use super::{PaymentMethods, events};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

/// What is true of a method now.
enum Truth {
    Dead(DeadReason),
    Known(Box<StoredMethod>),
}

/// What is true of a setup now.
enum Ending {
    Picture(Box<Picture>),
    Stored(Box<StoredMethod>),
}

impl PaymentMethods {
    /// Applies news about a stored method or one that is being added, and says whether anything changed. News of other
    /// things, of other accounts and of what is not known here change nothing. Applied again, or in another order, it
    /// comes to the same: what may go back and forth is asked for instead of believed.
    ///
    /// # Errors
    /// `payment-vendor-unavailable` if the vendor has to be asked and does not answer: apply it again later.
    pub(crate) async fn apply_event(&self, instance: &str, event: &PaymentEvent) -> Result<bool> {
        if event.origin != EventOrigin::Own {
            return Ok(false);
        }
        match event.topic {
            EventTopic::Method => {
                let theirs = match &event.object {
                    Some(EventObject::Method { reference, .. }) => Some(&reference.theirs),
                    _ => event.theirs.as_ref(),
                };
                let Some(theirs) = theirs else { return Ok(false) };
                let owner = self.owner(Named::Method(theirs), instance).await?;
                let Some(subject) = owner else { return Ok(false) };
                self.context
                    .retried(|| self.apply_method(instance, &subject, theirs, event))
                    .await
            }
            EventTopic::Setup => {
                let Some(subject) = self.owner_of_setup(instance, event).await? else {
                    return Ok(false);
                };
                self.context
                    .retried(|| self.apply_setup(instance, &subject, event))
                    .await
            }
            EventTopic::Payment
            | EventTopic::Refund
            | EventTopic::Dispute
            | EventTopic::Subscription
            | EventTopic::Other(_) => Ok(false),
        }
    }

    async fn apply_method(
        &self,
        instance: &str,
        subject: &Subject,
        theirs: &VendorRef,
        event: &PaymentEvent,
    ) -> Result<bool> {
        let mut slot = self.methods(subject).await?;
        // One that is being forgotten is none any more, and death is for good.
        let known = slot
            .value
            .of_vendor(instance, theirs)
            .filter(|known| known.dead.is_none());
        let Some(known) = known else { return Ok(false) };
        let source = Source::internal(instance);
        let about = |kind, method: &Method| {
            let event = Event::info(kind, &source).with("payment_method", &method.id);
            event.with("vendor", &method.instance)
        };
        // The row was read before the vendor is asked: whoever changes it meanwhile has this asked again.
        let mut batch = Batch::default();
        let event = match self.truth(instance, known, event).await? {
            Truth::Dead(reason) => {
                known.dead = Some(reason);
                about(events::UNUSABLE, known).with("reason", reason.as_str())
            }
            Truth::Known(stored) if *stored == known.stored => return Ok(false),
            Truth::Known(stored) => {
                known.stored = *stored;
                about(events::UPDATED, known)
            }
        };
        batch.save(&slot)?;
        self.audit.append(&mut batch, subject, &[event]).await?;
        self.context.commit(batch).await?;
        Ok(true)
    }

    /// What is true of a method, asked for unless the news can only be true.
    async fn truth(&self, instance: &str, known: &Method, event: &PaymentEvent) -> Result<Truth> {
        let told = match &event.object {
            Some(EventObject::Method { state, method, .. }) => (Some(*state), method.as_deref()),
            _ => (None, None),
        };
        match told {
            (Some(MethodState::Detached), _) => return Ok(Truth::Dead(DeadReason::Detached)),
            (Some(MethodState::MandateWithdrawn), _) => return Ok(Truth::Dead(DeadReason::MandateWithdrawn)),
            (Some(MethodState::Usable), Some(method)) if tidied(method.clone()) == known.stored => {
                return Ok(Truth::Known(Box::new(known.stored.clone())));
            }
            (Some(MethodState::Usable) | None, _) => {}
        }
        let vendor = self.vendors.named(instance)?;
        Ok(match vendor.describe_method(&known.stored.reference).await? {
            None => Truth::Dead(DeadReason::Detached),
            Some(now) if belongs_elsewhere(&known.stored.reference, &now) => {
                Truth::Dead(DeadReason::Detached)
            }
            Some(now) => Truth::Known(Box::new(tidied(now))),
        })
    }

    async fn owner_of_setup(&self, instance: &str, event: &PaymentEvent) -> Result<Option<Subject>> {
        if let Some(ours) = &event.setup
            && let Some(subject) = self.owner(Named::Setup(ours), instance).await?
        {
            return Ok(Some(subject));
        }
        match &event.object {
            Some(EventObject::Setup(picture)) => match &picture.customer {
                Some(customer) => self.owner(Named::Customer(customer), instance).await,
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    async fn apply_setup(&self, instance: &str, subject: &Subject, event: &PaymentEvent) -> Result<bool> {
        let mut slot = self.methods(subject).await?;
        let is_it = |setup: &&Setup| {
            let ours = event.setup.as_ref() == Some(&setup.id);
            let theirs = setup.theirs.is_some() && setup.theirs == event.theirs;
            setup.instance == instance && (ours || theirs)
        };
        let open = slot.value.setups.iter().filter(|setup| setup.state.is_open());
        let Some(setup) = open.into_iter().find(is_it).cloned() else {
            return Ok(false);
        };
        let Some(ending) = self.ending(&setup, event).await? else {
            return Ok(false);
        };
        let before = slot.value.clone();
        let source = Source::internal(instance);
        let mut batch = Batch::default();
        let methods = &mut slot.value;
        match &ending {
            Ending::Picture(picture) => {
                self.apply_picture(&mut batch, methods, &setup.id, picture, &source)
                    .await?;
            }
            Ending::Stored(stored) => {
                self.finish(&mut batch, methods, &setup.id, stored, &source)
                    .await?;
            }
        }
        if slot.value == before {
            return Ok(false);
        }
        batch.save(&slot)?;
        self.context.commit(batch).await?;
        Ok(true)
    }

    /// How a setup stands. What is over for good may be believed, everything else is asked for.
    async fn ending(&self, setup: &Setup, event: &PaymentEvent) -> Result<Option<Ending>> {
        if let Some(EventObject::Setup(picture)) = &event.object {
            let is_final = match picture.status {
                SetupStatus::Succeeded => picture.method.is_some(),
                SetupStatus::Canceled => true,
                SetupStatus::RequiresAction | SetupStatus::Processing | SetupStatus::Failed => false,
            };
            if is_final {
                return Ok(Some(Ending::Picture(picture.clone())));
            }
        }
        let Some(theirs) = setup.theirs.as_ref().or(event.theirs.as_ref()) else {
            return Ok(None);
        };
        let vendor = self.vendors.named(&setup.instance)?;
        let proof = self.setup_proof(setup, theirs, None, &Handed::default())?;
        match vendor.finish_setup(&proof).await {
            Outcome::Done(stored) => Ok(Some(Ending::Stored(Box::new(stored)))),
            Outcome::Pending(picture) => Ok(Some(Ending::Picture(Box::new(picture)))),
            // The payer may try again, and hears of it when completing.
            Outcome::Declined(_) => Ok(None),
            Outcome::NotSent(reason) => Err(not_asked(&reason)),
            Outcome::Unknown(_) => Err(VENDOR_UNAVAILABLE.error()),
        }
    }
}

/// Whether a vendor shows a method that was taken from the customer whom it was stored for.
fn belongs_elsewhere(known: &MethodRef, now: &StoredMethod) -> bool {
    known.customer.is_some() && now.reference.customer != known.customer
}
