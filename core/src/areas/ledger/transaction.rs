//! Transactions of customers: every one moves whole amounts of one currency from account to account.

use portcullis_ports::Result;
use portcullis_ports::money::{Amount, CURRENCY_MISMATCH, Currency, Money};

use super::accounts::{Account, HouseAccount, InstanceName};
use super::cause::{Cause, Reason};
use super::figures::EntryPhase;
use super::kind::EntryKind;
use super::posting::Posting;

/// What a sale consists of: what is earned, and the tax upon it. One of them at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sale {
    currency: Currency,
    net: Option<Amount>,
    tax: Option<Amount>,
}

impl Sale {
    /// A sale without tax.
    pub const fn untaxed(net: Amount) -> Self {
        Self {
            currency: net.get().currency,
            net: Some(net),
            tax: None,
        }
    }

    /// A sale with tax of the same currency.
    ///
    /// # Errors
    /// `currency-mismatch`.
    pub fn taxed(net: Amount, tax: Amount) -> Result<Self> {
        if net.get().currency == tax.get().currency {
            Ok(Self {
                tax: Some(tax),
                ..Self::untaxed(net)
            })
        } else {
            Err(CURRENCY_MISMATCH.error())
        }
    }

    /// A sale of so much with so much tax, neither below nothing; `None` if both are nothing. A part of a sale that is given
    /// back may be tax alone.
    ///
    /// # Errors
    /// `currency-mismatch`; internal if one of them is below nothing.
    pub fn of(net: Money, tax: Money) -> Result<Option<Self>> {
        let part = |money: Money| (money.minor != 0).then(|| Amount::new(money)).transpose();
        Ok(match (part(net)?, part(tax)?) {
            (Some(net), Some(tax)) => Some(Self::taxed(net, tax)?),
            (Some(net), None) => Some(Self::untaxed(net)),
            (None, Some(tax)) => Some(Self {
                currency: tax.get().currency,
                net: None,
                tax: Some(tax),
            }),
            (None, None) => None,
        })
    }
}

/// What both kinds of transactions are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) kind: EntryKind,
    pub(super) currency: Currency,
    pub(super) postings: Vec<Posting>,
    pub(super) cause: Cause,
    pub(super) reason: Option<Reason>,
}

impl Body {
    pub(super) fn new(kind: EntryKind, currency: Currency, postings: Vec<Posting>, cause: Cause) -> Self {
        Self {
            kind,
            currency,
            postings,
            cause,
            reason: None,
        }
    }
}

/// What becomes of a transaction when it is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It counts.
    Posted,
    /// It is held.
    Pending,
    /// It counts, and ends the pending entry of that number.
    Settles(u64),
    /// It ends the pending entry of that number.
    Voids(u64),
}

impl Effect {
    pub(super) fn phase(self) -> EntryPhase {
        match self {
            Self::Posted | Self::Settles(_) => EntryPhase::Posted,
            Self::Pending => EntryPhase::Pending,
            Self::Voids(_) => EntryPhase::Voided,
        }
    }

    pub(super) fn resolves(self) -> Option<u64> {
        match self {
            Self::Settles(number) | Self::Voids(number) => Some(number),
            Self::Posted | Self::Pending => None,
        }
    }
}

/// A transaction that touches the account of one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    pub(super) body: Body,
    pub(super) effect: Effect,
}

pub(super) fn processor(instance: &InstanceName) -> Account {
    Account::House(HouseAccount::Processor(instance.clone()))
}

pub(super) fn fees(instance: &InstanceName) -> Account {
    Account::House(HouseAccount::Fees(instance.clone()))
}

pub(super) fn suspense(instance: &InstanceName) -> Account {
    Account::House(HouseAccount::Suspense(instance.clone()))
}

impl Transaction {
    fn single(kind: EntryKind, debit: Account, credit: Account, amount: Amount, cause: Cause) -> Self {
        let postings = vec![Posting::new(debit, credit, amount)];
        Self {
            body: Body::new(kind, amount.get().currency, postings, cause),
            effect: Effect::Posted,
        }
    }

    /// The customer and what was sold, in the direction of `kind`.
    fn of_sale(kind: EntryKind, sale: &Sale, cause: Cause) -> Self {
        let earned = sale.net.map(|net| (Account::House(HouseAccount::Revenue), net));
        let taxed = sale.tax.map(|tax| (Account::House(HouseAccount::Tax), tax));
        let mut postings = Vec::new();
        for (house, amount) in earned.into_iter().chain(taxed) {
            postings.push(match kind {
                EntryKind::SaleReversed => Posting::new(house, Account::Customer, amount),
                _ => Posting::new(Account::Customer, house, amount),
            });
        }
        Self {
            body: Body::new(kind, sale.currency, postings, cause),
            effect: Effect::Posted,
        }
    }

    /// Something was bought, invoiced or used: customer / revenue, and customer / tax.
    pub fn sale(sale: &Sale, cause: Cause) -> Self {
        Self::of_sale(EntryKind::Sale, sale, cause)
    }

    /// A sale, or a part of it, is taken back beside the refund of its money: revenue / customer, and tax / customer.
    pub fn sale_reversed(sale: &Sale, cause: Cause) -> Self {
        Self::of_sale(EntryKind::SaleReversed, sale, cause)
    }

    /// The refund beside which a sale was taken back has failed: customer / revenue, and customer / tax.
    pub fn sale_restored(sale: &Sale, cause: Cause) -> Self {
        Self::of_sale(EntryKind::SaleRestored, sale, cause)
    }

    /// A payment begins: what it may bring is held on the credits, so that nobody asks for it twice.
    pub fn hold(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::Hold,
            processor(instance),
            Account::Customer,
            amount,
            cause,
        )
        .pending()
    }

    /// A payment brought money: processor / customer. With [`Self::settling`] it releases what was held for it.
    pub fn capture(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::Capture,
            processor(instance),
            Account::Customer,
            amount,
            cause,
        )
    }

    /// Money was given back: customer / processor.
    pub fn refund(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::Refund,
            Account::Customer,
            processor(instance),
            amount,
            cause,
        )
    }

    /// A refund that had succeeded failed later: processor / customer.
    pub fn refund_failed(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::RefundFailed,
            processor(instance),
            Account::Customer,
            amount,
            cause,
        )
    }

    /// A dispute took money: customer / processor.
    pub fn dispute_withdrawn(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::DisputeWithdrawn,
            Account::Customer,
            processor(instance),
            amount,
            cause,
        )
    }

    /// A dispute gave money back: processor / customer.
    pub fn dispute_reinstated(instance: &InstanceName, amount: Amount, cause: Cause) -> Self {
        Self::single(
            EntryKind::DisputeReinstated,
            processor(instance),
            Account::Customer,
            amount,
            cause,
        )
    }

    /// A debt is given up, such as that of a purchase whose dispute was lost: `write_off` / customer.
    pub fn write_off(amount: Amount, cause: Cause, reason: Reason) -> Self {
        let house = Account::House(HouseAccount::WriteOff);
        Self::single(EntryKind::WriteOff, house, Account::Customer, amount, cause).because(reason)
    }

    /// A debt that was given up was paid after all: customer / write-off.
    pub fn write_off_returned(amount: Amount, cause: Cause, reason: Reason) -> Self {
        let house = Account::House(HouseAccount::WriteOff);
        Self::single(EntryKind::WriteOff, Account::Customer, house, amount, cause).because(reason)
    }

    /// An operator gives something: goodwill / customer.
    pub fn credit(amount: Amount, cause: Cause, reason: Reason) -> Self {
        let house = Account::House(HouseAccount::Goodwill);
        Self::single(EntryKind::Credit, house, Account::Customer, amount, cause).because(reason)
    }

    /// An operator takes something back: customer / goodwill.
    pub fn debit(amount: Amount, cause: Cause, reason: Reason) -> Self {
        let house = Account::House(HouseAccount::Goodwill);
        Self::single(EntryKind::Debit, Account::Customer, house, amount, cause).because(reason)
    }

    /// Money in suspense turned out to be this customer's: suspense / customer.
    pub fn adopted(instance: &InstanceName, amount: Amount, cause: Cause, reason: Reason) -> Self {
        Self::single(
            EntryKind::Adopted,
            suspense(instance),
            Account::Customer,
            amount,
            cause,
        )
        .because(reason)
    }

    /// The pending entry of that number ends without effect, and what it held is released.
    pub fn void(currency: Currency, number: u64, cause: Cause) -> Self {
        Self {
            body: Body::new(EntryKind::Void, currency, Vec::new(), cause),
            effect: Effect::Voids(number),
        }
    }

    /// The same as what may still come: it is held until another entry settles or voids it.
    #[must_use]
    pub fn pending(self) -> Self {
        Self {
            effect: Effect::Pending,
            ..self
        }
    }

    /// The same, ending the pending entry of that number, whatever its amount was.
    #[must_use]
    pub fn settling(self, number: u64) -> Self {
        Self {
            effect: Effect::Settles(number),
            ..self
        }
    }

    fn because(mut self, reason: Reason) -> Self {
        self.body.reason = Some(reason);
        self
    }

    /// The currency of all its postings.
    pub fn currency(&self) -> Currency {
        self.body.currency
    }

    /// What it is about.
    pub fn kind(&self) -> EntryKind {
        self.body.kind
    }

    /// Its postings.
    pub fn postings(&self) -> &[Posting] {
        &self.body.postings
    }
}
