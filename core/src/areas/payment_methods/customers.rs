//! The customers of a person at vendors, made when they are needed first.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::VendorRef;

use super::PaymentMethods;
use super::calls::not_asked;
use super::model::VENDOR_UNAVAILABLE;
use super::names::Named;
use super::records::{BillingCustomers, VendorAccount, VendorCustomer, VendorCustomers};
use crate::foundation::guard::GuardedPayments;
use crate::foundation::table::{Batch, Slot};

/// How often a key may stay without an answer. A vendor that answers its own failure to a key ever after is then asked
/// under another: a customer that was made and is not known holds nothing.
const UNANSWERED: u8 = 2;

/// What the vendor did under a key.
enum Made {
    /// This customer.
    Customer(VendorRef),
    /// Nothing, for good: the same key would be answered alike.
    Refused,
    /// Nobody knows.
    Unanswered,
}

impl VendorCustomers {
    fn of(&self, account: &VendorAccount) -> Option<&VendorRef> {
        let mut made = self
            .made
            .iter()
            .filter(|customer| customer.account.matches(account));
        made.next().map(|customer| &customer.theirs)
    }
}

impl PaymentMethods {
    /// The vendor's customer for that person; made at the vendor if there is none, and `None` where the vendor has no
    /// customers.
    ///
    /// # Errors
    /// `payment-vendor-unavailable` if the vendor does not make it now.
    pub(crate) async fn customer(
        &self,
        vendor: &GuardedPayments,
        subject: &Subject,
    ) -> Result<Option<VendorRef>> {
        if !vendor.has_customers() {
            return Ok(None);
        }
        let account = VendorAccount::of(vendor.terms());
        let known = self.customers(subject).await?;
        let known = known.value.vendors.get(vendor.instance());
        if let Some(theirs) = known.and_then(|customers| customers.of(&account)) {
            return Ok(Some(theirs.clone()));
        }
        let generation = known.map_or(0, |customers| customers.generation);
        let order = self.customer_order(vendor.instance(), subject, generation)?;
        let (made, refusal) = match vendor.create_customer(&order).await {
            Outcome::Done(theirs) => (Made::Customer(theirs), None),
            Outcome::NotSent(reason) => return Err(not_asked(&reason)),
            Outcome::Declined(decline) => {
                let error = VENDOR_UNAVAILABLE.error().with_context("decline", decline.code);
                (Made::Refused, Some(error))
            }
            Outcome::Pending(_) | Outcome::Unknown(_) => (Made::Unanswered, Some(VENDOR_UNAVAILABLE.error())),
        };
        let noted = self
            .context
            .retried(|| self.note_customer(vendor.instance(), subject, &account, generation, &made))
            .await?;
        match (noted, refusal) {
            (Some(theirs), _) => Ok(Some(theirs)),
            (None, Some(refusal)) => Err(refusal),
            (None, None) => Err(VENDOR_UNAVAILABLE.error()),
        }
    }

    /// Adds to a batch that a customer is not at the vendor any more: the next one is made under another key, because the
    /// former key stands for this one.
    pub(crate) async fn customer_gone(
        &self,
        batch: &mut Batch,
        instance: &str,
        subject: &Subject,
        theirs: &VendorRef,
    ) -> Result<()> {
        let table = self.context.table::<BillingCustomers>();
        let none = || BillingCustomers::none(subject);
        let mut slot = table
            .slot_in(batch, subject.as_str(), BillingCustomers::SORT, none)
            .await?;
        let Some(customers) = slot.value.vendors.get_mut(instance) else {
            return Ok(());
        };
        let before = customers.made.len();
        customers.made.retain(|made| made.theirs != *theirs);
        if customers.made.len() < before {
            customers.generation += 1;
            batch.save(&slot)?;
        }
        Ok(())
    }

    /// Writes down what the vendor did, and gives the customer that counts: of several that were made at once, the one
    /// that was written down first.
    async fn note_customer(
        &self,
        instance: &str,
        subject: &Subject,
        account: &VendorAccount,
        generation: u32,
        made: &Made,
    ) -> Result<Option<VendorRef>> {
        let mut slot = self.customers(subject).await?;
        let customers = slot.value.vendors.entry(instance.to_owned()).or_default();
        if let Some(theirs) = customers.of(account) {
            return Ok(Some(theirs.clone()));
        }
        let mut batch = Batch::default();
        let mut noted = None;
        match made {
            Made::Customer(theirs) => {
                customers.made.push(VendorCustomer {
                    account: account.clone(),
                    theirs: theirs.clone(),
                    made_at: self.context.now(),
                });
                noted = Some(theirs.clone());
                self.add_name(&mut batch, Named::Customer(theirs), instance, subject, None)?;
            }
            // Somebody else noted how this key fared.
            _ if customers.generation != generation => return Ok(None),
            Made::Unanswered if customers.unanswered + 1 < UNANSWERED => {
                customers.unanswered += 1;
                batch.save(&slot)?;
                self.context.commit(batch).await?;
                return Ok(None);
            }
            Made::Unanswered | Made::Refused => {}
        }
        customers.generation = generation + 1;
        customers.unanswered = 0;
        batch.save(&slot)?;
        self.context.commit(batch).await?;
        Ok(noted)
    }

    async fn customers(&self, subject: &Subject) -> Result<Slot<BillingCustomers>> {
        let table = self.context.table::<BillingCustomers>();
        let none = || BillingCustomers::none(subject);
        table.slot(subject.as_str(), BillingCustomers::SORT, none).await
    }
}
