//! What has to be true of somebody who has more billed: good standing, a proof of factors, and one subscription to a plan.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::billing::line;
use super::lifecycle::GivenBack;
use super::records::{SubscriptionRecord, Terms, TrialsRecord};
use super::{CUSTOMER_RESTRICTED, SUBSCRIPTION_EXISTS, Subscriptions};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::invoices::OrderLine;
use crate::areas::payment_methods::{
    METHOD_NOT_FOUND, METHOD_UNUSABLE, NO_DEFAULT_METHOD, PaymentMethodId, UsableMethod,
};
use crate::areas::plans::PlanId;
use crate::areas::sessions::SignedIn;
use crate::foundation::table::{Batch, Slot};

/// Refuses a second subscription to a plan: one that has it, or goes on with it from its next period.
pub(super) fn require_no_other(others: &[SubscriptionRecord], plan: &PlanId) -> Result<()> {
    let has = |other: &&SubscriptionRecord| {
        other.terms.plan == *plan || other.change.as_ref().is_some_and(|next| next.plan == *plan)
    };
    match others.iter().find(has) {
        Some(other) => Err(SUBSCRIPTION_EXISTS
            .error()
            .member("subscription_id", other.id.to_string())),
        None => Ok(()),
    }
}

impl Subscriptions {
    /// The live subscriptions of somebody, but for one. The commit fails if any of them changes meanwhile.
    pub(super) async fn others(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        but: Option<&SubscriptionId>,
    ) -> Result<Vec<SubscriptionRecord>> {
        let table = self.context.table::<SubscriptionRecord>();
        let mut others = Vec::new();
        for id in self.entitlements.live(batch, subject).await? {
            if Some(&id) == but {
                continue;
            }
            let sort = SubscriptionRecord::sort(&id);
            if let Some(slot) = table.found_in(batch, subject.as_str(), &sort).await? {
                batch.check_slot(&slot);
                others.push(slot.value);
            }
        }
        Ok(others)
    }

    /// Refuses to have more billed of somebody who contests a payment, or has not paid another subscription for too long.
    ///
    /// # Errors
    /// `customer-restricted`.
    pub(super) async fn require_standing(
        &self,
        subject: &Subject,
        others: &[SubscriptionRecord],
    ) -> Result<()> {
        let unpaid = others.iter().any(|other| other.restricted);
        if unpaid || self.payments.is_contested(subject).await? {
            return Err(CUSTOMER_RESTRICTED.error());
        }
        Ok(())
    }

    /// Refuses to have a stored method charged by itself from now on, unless its owner would be let pay a period with it now.
    /// Where nothing can be charged, whoever pays is asked then.
    ///
    /// # Errors
    /// `step-up-required`.
    pub(super) async fn require_proof(
        &self,
        who: &SignedIn,
        method: Option<&PaymentMethodId>,
        terms: &Terms,
    ) -> Result<()> {
        let method = match self.charged_method(who.subject(), method).await {
            Ok(method) => method,
            Err(error) => match error.code() {
                METHOD_NOT_FOUND | METHOD_UNUSABLE | NO_DEFAULT_METHOD => return Ok(()),
                _ => return Err(error),
            },
        };
        if terms.amount.minor == 0 {
            return Ok(());
        }
        let period = [line(terms, &terms.name, terms.amount)?];
        let price = self.invoice_books.total_of(terms.amount.currency, &period)?;
        self.payments.require_proof(who, &method, price.minor).await
    }

    /// What is charged, if it can be.
    ///
    /// # Errors
    /// `payment-method-not-found`, `no-default-payment-method`, `payment-method-unusable`.
    pub(super) async fn charged_method(
        &self,
        subject: &Subject,
        method: Option<&PaymentMethodId>,
    ) -> Result<UsableMethod> {
        let method = self.methods.named(subject, method).await?;
        self.methods.require_usable(&method, method.instance())
    }

    /// Whether somebody has tried a plan.
    pub(super) async fn has_tried(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        plan: &PlanId,
    ) -> Result<bool> {
        let slot = self.trials(batch, subject).await?;
        batch.check_slot(&slot);
        Ok(slot.value.plans.contains(plan))
    }

    /// Adds to a commit that somebody tries a plan.
    pub(super) async fn note_trial(&self, batch: &mut Batch, subject: &Subject, plan: &PlanId) -> Result<()> {
        let mut slot = self.trials(batch, subject).await?;
        if slot.value.plans.insert(plan.clone()) {
            batch.save(&slot)?;
        }
        Ok(())
    }

    async fn trials(&self, batch: &Batch, subject: &Subject) -> Result<Slot<TrialsRecord>> {
        let none = || TrialsRecord::none(subject);
        let table = self.context.table::<TrialsRecord>();
        table
            .slot_in(batch, subject.as_str(), TrialsRecord::SORT, none)
            .await
    }

    /// What was given back of what the present period was paid with.
    pub(super) async fn given_back(&self, record: &SubscriptionRecord) -> Result<GivenBack> {
        let mut minor = 0_i64;
        for invoice in &record.billed {
            let given_back = self.invoices.given_back(&record.subject, invoice).await?;
            minor = minor.saturating_add(given_back);
        }
        let terms = &record.terms;
        let whole = OrderLine {
            rate: record.charged_at.clone(),
            ..line(terms, &terms.name, terms.amount)?
        };
        let with_taxes = self.invoice_books.total_of(terms.amount.currency, &[whole])?;
        Ok(GivenBack {
            minor,
            price: terms.amount.minor,
            with_taxes: with_taxes.minor,
        })
    }
}
