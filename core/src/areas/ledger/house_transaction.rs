//! Transactions between accounts of the house, which touch no customer.

use portcullis_ports::Result;
use portcullis_ports::money::{Amount, Currency, Money};

use super::accounts::{Account, HouseAccount, InstanceName};
use super::cause::Cause;
use super::kind::EntryKind;
use super::posting::Posting;
use super::transaction::{Body, fees, processor, suspense};

/// A transaction between accounts of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseTransaction(pub(super) Body);

impl HouseTransaction {
    fn single(kind: EntryKind, debit: Account, credit: Account, amount: Amount, cause: Cause) -> Self {
        let postings = vec![Posting::new(debit, credit, amount)];
        Self(Body::new(kind, amount.get().currency, postings, cause))
    }

    /// A vendor charged us: fees / processor. It may be known hours after the payment that it is for.
    pub fn fee(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(EntryKind::Fee, fees(instance), processor(instance), amount, cause)
    }

    /// A fee that a vendor kept, or gave back where it is less than nothing; nothing if it is none.
    ///
    /// # Errors
    /// `amount-overflow`.
    pub fn fee_of(instance: &InstanceName, fee: Money, cause: Cause) -> Result<Option<Self>> {
        Ok(match fee.minor {
            0 => None,
            1.. => Some(Self::fee(instance, Amount::new(fee)?, cause)),
            _ => Some(Self::fee_returned(instance, Amount::new(fee.negated()?)?, cause)),
        })
    }

    /// A vendor gave a charge back: processor / fees.
    pub fn fee_returned(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::FeeReturned,
            processor(instance),
            fees(instance),
            amount,
            cause,
        )
    }

    /// Money came to a vendor, and no row of ours explains it: processor / suspense.
    pub fn unmatched(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::Unmatched,
            processor(instance),
            suspense(instance),
            amount,
            cause,
        )
    }

    /// Money that nothing explains left the vendor again: suspense / processor.
    pub fn unmatched_returned(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::UnmatchedReturned,
            suspense(instance),
            processor(instance),
            amount,
            cause,
        )
    }

    /// A vendor paid out to our bank: bank / processor.
    pub fn payout(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        let bank = Account::House(HouseAccount::Bank);
        Self::single(EntryKind::Payout, bank, processor(instance), amount, cause)
    }

    /// A payout came back to the vendor: processor / bank.
    pub fn payout_returned(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        let bank = Account::House(HouseAccount::Bank);
        Self::single(
            EntryKind::PayoutReturned,
            processor(instance),
            bank,
            amount,
            cause,
        )
    }

    /// The currency of all its postings.
    pub fn currency(&self) -> Currency {
        self.0.currency
    }

    /// What it is about.
    pub fn kind(&self) -> EntryKind {
        self.0.kind
    }

    /// Its postings.
    pub fn postings(&self) -> &[Posting] {
        &self.0.postings
    }
}
