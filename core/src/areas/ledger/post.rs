//! Posting: transactions become entries, in the commit of whatever they follow from.

use portcullis_ports::id::TransactionId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::{Error, Result};

use super::figures::{EntryPhase, Movement};
use super::house_transaction::HouseTransaction;
use super::meters::ENTRIES;
use super::posting::customer_movement;
use super::records::{Balance, Entry, HouseEntry, OpenEntry, Resolved, partition};
use super::transaction::{Body, Transaction};
use super::{LEDGER_BROKEN, Ledger, PENDING_ENTRY_ENDED, TOO_MANY_PENDING};
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::table::{Batch, Slot};

/// How many entries of one account may be pending at once.
pub const MAX_PENDING: usize = 200;

/// The name of an entry, for whoever must settle or void it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The number of the entry on the customer's account in the currency of the transaction.
    pub number: u64,
    /// The transaction.
    pub transaction: TransactionId,
}

impl Ledger {
    /// Posts transactions of one customer in a commit of their own: all or none.
    ///
    /// # Errors
    /// As `Self::post`.
    pub async fn record(&self, subject: &Subject, transactions: &[Transaction]) -> Result<Vec<Posted>> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let mut posted = Vec::with_capacity(transactions.len());
                for transaction in transactions {
                    posted.push(self.post(&mut batch, subject, transaction).await?);
                }
                self.context.commit(batch).await?;
                Ok(posted)
            })
            .await
    }

    /// Posts a transaction between accounts of the house in a commit of its own.
    ///
    /// # Errors
    /// As `Self::post_house`.
    pub async fn record_house(&self, transaction: &HouseTransaction) -> Result<TransactionId> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let id = self.post_house(&mut batch, transaction).await?;
                self.context.commit(batch).await?;
                Ok(id)
            })
            .await
    }

    /// Adds a transaction to a commit, behind those that are in it already. Until the batch is done or dropped, others in
    /// this process who write to the same customer's accounts wait. The whole use case is tried again when the commit
    /// meets another node's.
    ///
    /// # Errors
    /// `amount-overflow`; `pending-entry-ended` if it settles or voids one that is not pending; `too-many-pending`;
    /// `ledger-broken`; whatever the store answers.
    pub(crate) async fn post(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        transaction: &Transaction,
    ) -> Result<Posted> {
        let Transaction { body, effect } = transaction;
        let mut slot = self.balance_in(batch, subject, body.currency).await?;
        let balance = &mut slot.value;
        let number = balance.entries + 1;
        let moved = customer_movement(&body.postings)?;
        let phase = effect.phase();
        let resolves = effect
            .resolves()
            .map(|number| resolve(balance, number))
            .transpose()?;
        let released = resolves
            .as_ref()
            .map_or_else(Movement::default, |resolved| resolved.released);
        if phase == EntryPhase::Pending {
            if balance.open.len() >= MAX_PENDING {
                return Err(TOO_MANY_PENDING.error());
            }
            balance.open.push(OpenEntry { number, held: moved });
        }
        // An account's entries never go back in time, also when clocks do.
        let at = self.context.now().max(balance.last_at);
        let entry = Entry {
            subject: subject.clone(),
            currency: body.currency,
            number,
            transaction: TransactionId::time_ordered(at, self.context.entropy.as_ref())?,
            at,
            kind: body.kind,
            phase,
            postings: body.postings.clone(),
            resolves,
            cause: body.cause.clone(),
            reason: body.reason.clone(),
            after: balance.figures.after(phase, moved, released)?,
            previous: balance.hash.clone(),
        };
        if phase == EntryPhase::Posted {
            let id = &entry.transaction;
            self.lines
                .append(batch, (body.kind, &body.postings), body.currency, id, at)
                .await?;
        }
        slot.value.figures = entry.after;
        slot.value.entries = number;
        slot.value.hash = fingerprint(&batch.insert_body(&entry)?);
        slot.value.last_at = at;
        let owes_more = phase == EntryPhase::Posted && moved.net() > 0;
        let payable = slot.value.figures.payable();
        self.save(batch, slot)?;
        if let Some(observer) = self.observer.as_ref().filter(|_| owes_more && payable > 0) {
            let payable = Money::new(payable, body.currency);
            observer.debited(batch, subject, payable).await?;
        }
        batch.meters.push(metrics::counter!(
            ENTRIES.name, "kind" => body.kind.as_str(), "phase" => phase.as_str()
        ));
        Ok(Posted {
            number,
            transaction: entry.transaction,
        })
    }

    /// Adds a transaction between accounts of the house to a commit. Meets nobody.
    ///
    /// # Errors
    /// `amount-overflow`; whatever the store answers.
    pub(crate) async fn post_house(
        &self,
        batch: &mut Batch,
        transaction: &HouseTransaction,
    ) -> Result<TransactionId> {
        let Body {
            kind,
            currency,
            postings,
            cause,
            ..
        } = transaction.0.clone();
        let at = self.context.now();
        let id = TransactionId::time_ordered(at, self.context.entropy.as_ref())?;
        self.lines
            .append(batch, (kind, &postings), currency, &id, at)
            .await?;
        let mut entry = HouseEntry {
            transaction: id.clone(),
            at,
            kind,
            currency,
            postings,
            cause,
            mac: String::new(),
        };
        entry.sign(&self.context.keyring)?;
        batch.insert(&entry)?;
        batch.meters.push(metrics::counter!(
            ENTRIES.name, "kind" => kind.as_str(), "phase" => EntryPhase::Posted.as_str()
        ));
        Ok(id)
    }

    /// The balance as it will be once `batch` is done; nobody else in this process changes it until then.
    pub(super) async fn balance_in(
        &self,
        batch: &mut Batch,
        subject: &Subject,
        currency: Currency,
    ) -> Result<Slot<Balance>> {
        self.context.lock_subject(batch, subject).await;
        let slot = self
            .context
            .table::<Balance>()
            .slot_in(batch, &Balance::partition(subject), currency.as_str(), || {
                Balance::empty(subject, currency)
            })
            .await?;
        // Nothing is booked upon figures that somebody else wrote.
        if slot.is_new() || slot.value.is_ours(&self.context.keyring)? {
            Ok(slot)
        } else {
            Err(broken(subject, currency))
        }
    }

    pub(super) fn save(&self, batch: &mut Batch, mut slot: Slot<Balance>) -> Result<()> {
        slot.value.sign(&self.context.keyring)?;
        batch.save(&slot)
    }
}

/// Takes a pending entry from those that are open.
fn resolve(balance: &mut Balance, number: u64) -> Result<Resolved> {
    let at = balance.open.iter().position(|open| open.number == number);
    let at = at.ok_or_else(|| PENDING_ENTRY_ENDED.error())?;
    let OpenEntry { number, held } = balance.open.remove(at);
    Ok(Resolved {
        number,
        released: held,
    })
}

pub(super) fn broken(subject: &Subject, currency: Currency) -> Error {
    let error = LEDGER_BROKEN.error();
    error.with_context("account", partition(subject, currency))
}
