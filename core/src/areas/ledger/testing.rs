//! The test bed of the ledger: it over the services, and what tests post.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};

use super::{Cause, HouseTransaction, InstanceName, Ledger, Ledgers, Posted, Reason, Sale, Transaction};
use crate::foundation::testing::Node;
use crate::services::testing::{Bed, BedSettings, Office, bed_on};

/// The ledger, and nothing that stands on it.
pub(super) struct LedgerBed {
    pub(super) ledger: Ledger,
    pub(super) base: Bed,
}

pub(super) async fn ledger() -> LedgerBed {
    ledger_on(Node::default()).await
}

pub(super) async fn ledger_on(node: Node) -> LedgerBed {
    let node = Node {
        areas: &[&super::AREA],
        ..node
    };
    let base = bed_on(&node, BedSettings::default(), vec![Office::new("main")]).await;
    LedgerBed {
        ledger: Ledger::new(&base.context),
        base,
    }
}

pub(super) fn subject(name: &str) -> Subject {
    Subject::parse(&format!("usr_{name}")).unwrap()
}

pub(super) fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

pub(super) fn dollars(minor: i64) -> Amount {
    Amount::new(Money::new(minor, usd())).unwrap()
}

pub(super) fn main() -> InstanceName {
    InstanceName::parse("main").unwrap()
}

pub(super) fn payment() -> Cause {
    Cause::Payment(PaymentId::parse("pay_01h2xcejqtf2nbrexx3vqjhp41").unwrap())
}

pub(super) fn reason() -> Reason {
    Reason::parse("Two days without service").unwrap()
}

pub(super) fn sold(minor: i64) -> Transaction {
    Transaction::sale(&Sale::untaxed(dollars(minor)), payment())
}

pub(super) fn captured(minor: i64) -> Transaction {
    Transaction::capture(&main(), dollars(minor), payment())
}

pub(super) fn held(minor: i64) -> Transaction {
    Transaction::hold(&main(), dollars(minor), payment())
}

impl LedgerBed {
    /// All accounts, over the store of the bed.
    pub(super) fn ledgers(&self) -> Ledgers {
        Ledgers::new(&self.ledger, Arc::clone(&self.base.store) as Arc<_>)
    }

    /// Posts transactions in one commit.
    pub(super) async fn post(&self, who: &Subject, transactions: &[Transaction]) -> Result<Vec<Posted>> {
        self.ledger.record(who, transactions).await
    }

    pub(super) async fn post_one(&self, who: &Subject, transaction: Transaction) -> Posted {
        self.post(who, &[transaction]).await.unwrap().remove(0)
    }

    pub(super) async fn post_house(&self, transaction: &HouseTransaction) -> Result<()> {
        self.ledger.record_house(transaction).await.map(drop)
    }
}
