//! What operators see of a customer.

use portcullis_ports::Result;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;

use super::events::CUSTOMER_READ;
use super::{CUSTOMER_NOT_FOUND, CustomerFreeze, CustomerView, Operator, Operators};
use crate::areas::ledger::{EntryPage, ListCustomerEntries};
use crate::services::audit::Event;

impl Operators {
    /// Who a customer is, and what is owed. That somebody looked stands in both histories.
    ///
    /// # Errors
    /// `customer-not-found`, `ledger-broken`.
    pub async fn customer(&self, operator: &Operator, subject: &Subject) -> Result<CustomerView> {
        let customer = self.seen(subject).await?;
        self.looked(operator, subject, "balances").await?;
        Ok(customer)
    }

    /// The same, without a trace of the look.
    pub(super) async fn seen(&self, subject: &Subject) -> Result<CustomerView> {
        Ok(CustomerView {
            email: self.known_customer(subject).await?,
            balances: self.ledger.balances(subject).await?,
            user_sub: subject.clone(),
            frozen: self.freezes.find(subject).await?.map(|freeze| CustomerFreeze {
                since: freeze.since.seconds(),
                operator: freeze.operator,
                reason: freeze.reason,
            }),
        })
    }

    /// A page of the account of a customer, newest first. That somebody looked stands in both histories.
    ///
    /// # Errors
    /// `customer-not-found`, `invalid-cursor`, `ledger-broken`.
    pub async fn customer_entries(
        &self,
        operator: &Operator,
        subject: &Subject,
        command: &ListCustomerEntries,
    ) -> Result<EntryPage> {
        self.known_customer(subject).await?;
        let page = self.ledger.list(subject, command).await?;
        self.looked(operator, subject, "ledger").await?;
        Ok(page)
    }

    /// Somebody with an account here, whose address is given, or whom something was posted to. Nothing is written about
    /// anybody else.
    pub(crate) async fn known_customer(&self, subject: &Subject) -> Result<Option<EmailAddress>> {
        let account = self.directory.recent(subject).await?;
        if account.is_none() && self.ledger.currencies(subject).await?.is_empty() {
            return Err(CUSTOMER_NOT_FOUND.error());
        }
        Ok(account.map(|account| account.email.clone()))
    }

    async fn looked(&self, operator: &Operator, subject: &Subject, at: &str) -> Result<()> {
        let event = Event::success(CUSTOMER_READ, &operator.who.source).with("read", at);
        self.record(operator, Some(subject), &event).await
    }
}
