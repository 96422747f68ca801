//! Payments of clients that send no idempotency key, as the replaced service let them.
//!
//! Without a key nobody can tell a repeat from a second wish. So what would equal a payment that is still open is refused, and
//! requests that arrive at the same time come to one payment: their key is made of what is asked for and of the payment that
//! was the last one before. The clock is no part of it.

use portcullis_ports::{Code, Error, Kind, Result};

use super::commands::CreatePayment;
use super::model::Purpose;
use super::views::PaymentView;
use super::{Filter, Payments};
use crate::areas::sessions::SignedIn;
use crate::foundation::source::Source;
use crate::services::idempotency::IdempotencyKey;

/// An equal payment is open.
pub const PAYMENT_IN_PROGRESS: Code = Code::new(
    "payment-in-progress",
    Kind::Conflict,
    "An equal payment is still open: follow that one, or send a key to pay another time.",
);

/// How many of the newest payments are compared.
const COMPARED: usize = 50;

impl Payments {
    /// Takes a payment of a client that sent no key.
    ///
    /// # Errors
    /// `payment-in-progress`; those of [`Self::create`].
    pub async fn create_unkeyed(
        &self,
        who: &SignedIn,
        command: &CreatePayment,
        source: &Source,
    ) -> Result<PaymentView> {
        let subject = who.subject();
        let newest = self
            .list(subject, &Filter::default(), COMPARED, None)
            .await?
            .items;
        if let Some(open) = newest.iter().find(|payment| is_open_and_equals(payment, command)) {
            let refusal = PAYMENT_IN_PROGRESS.error();
            return Err(refusal.member("payment_id", open.id.to_string()));
        }
        let asked = serde_json::to_string(command)
            .map_err(|error| Error::internal("a request cannot be written").with_source(error))?;
        let last = newest.first().map_or("", |payment| payment.id.as_str());
        let keyring = &self.context.keyring;
        let key = keyring.pseudonym("payment-without-key", &[subject.as_str(), &asked, last])?;
        let key = IdempotencyKey::parse(&key).map_err(Error::internal)?;
        self.create(who, &key, command, source).await
    }
}

fn is_open_and_equals(payment: &PaymentView, command: &CreatePayment) -> bool {
    let same_purpose = match (&payment.purpose, &command.purpose) {
        (Purpose::Balance, Purpose::Balance) | (Purpose::Purchase { .. }, Purpose::Purchase { .. }) => true,
        (open, wanted) => open == wanted,
    };
    let same_amount = command.amount.is_none_or(|amount| amount.get() == payment.amount);
    let within = command.at_most.is_none_or(|most| payment.amount.minor <= most);
    let same_vendor = command
        .vendor
        .as_ref()
        .is_none_or(|vendor| *vendor == payment.vendor);
    !payment.status.is_final()
        && same_purpose
        && same_amount
        && within
        && same_vendor
        && payment.description == command.description
}
