//! Reading a payment with all that hangs on it, and adding it to a commit as it is then.

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::VendorRef;
use portcullis_ports::{Error, Result};

use super::apply::{NewIds, Rows};
use super::booked::PaymentOwner;
use super::model::DisputeId;
use super::records::{DisputeRecord, PaymentLine, PaymentName, PaymentRecord, RefundRecord};
use super::{PAYMENT_NOT_FOUND, Payments};
use crate::foundation::context::Context;
use crate::foundation::day::Day;
use crate::foundation::table::{Batch, Stored, Versioned};

/// Over how many lists the payments of one day are spread, so that no partition takes them all.
pub(super) const SHARDS: u8 = 8;

/// Rows as they were read.
pub(super) struct ReadRows {
    payment: Versioned<PaymentRecord>,
    refunds: Vec<Versioned<RefundRecord>>,
    disputes: Vec<Versioned<DisputeRecord>>,
}

impl ReadRows {
    pub(super) fn payment(&self) -> &PaymentRecord {
        &self.payment
    }

    /// A copy to be changed.
    pub(super) fn rows(&self) -> Rows {
        Rows {
            payment: self.payment.value.clone(),
            refunds: self.refunds.iter().map(|one| one.value.clone()).collect(),
            disputes: self.disputes.iter().map(|one| one.value.clone()).collect(),
        }
    }

    pub(super) fn refund(&self, id: &RefundId) -> Option<&RefundRecord> {
        let found = self.refunds.iter().find(|refund| refund.id == *id);
        found.map(|refund| &refund.value)
    }

    pub(super) fn dispute(&self, id: &DisputeId) -> Option<&DisputeRecord> {
        let found = self.disputes.iter().find(|dispute| dispute.id == *id);
        found.map(|dispute| &dispute.value)
    }

    /// Adds to a commit what is different in `rows`, which fails if anybody wrote one of these rows meanwhile.
    pub(super) fn save(&self, batch: &mut Batch, rows: &Rows) -> Result<()> {
        if self.payment.value == rows.payment {
            batch.check(&self.payment);
        } else {
            batch.replace(&self.payment, &rows.payment)?;
        }
        save_all(batch, &self.refunds, &rows.refunds, |a, b| a.id == b.id)?;
        save_all(batch, &self.disputes, &rows.disputes, |a, b| a.id == b.id)
    }
}

fn save_all<T: Stored + PartialEq>(
    batch: &mut Batch,
    read: &[Versioned<T>],
    rows: &[T],
    same: impl Fn(&T, &T) -> bool,
) -> Result<()> {
    for row in rows {
        match read.iter().find(|read| same(&read.value, row)) {
            Some(read) if read.value == *row => batch.check(read),
            Some(read) => batch.replace(read, row)?,
            None => batch.insert(row)?,
        }
    }
    Ok(())
}

impl NewIds for Context {
    fn refund(&self) -> Result<RefundId> {
        RefundId::time_ordered(self.now(), self.entropy.as_ref())
    }

    fn dispute(&self) -> Result<DisputeId> {
        DisputeId::time_ordered(self.now(), self.entropy.as_ref())
    }
}

impl Payments {
    /// A payment of that person, with its refunds and disputes.
    ///
    /// # Errors
    /// `payment-not-found`, also for payments of others.
    pub(super) async fn read(&self, subject: &Subject, id: &PaymentId) -> Result<ReadRows> {
        let payments = self.context.table::<PaymentRecord>();
        let payment = payments.find(subject.as_str(), &PaymentRecord::sort(id)).await?;
        let payment = payment.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        let missing = || Error::internal("a payment names a refund or a dispute that is not stored");
        let mut refunds = Vec::with_capacity(payment.refunds.len());
        for id in &payment.refunds {
            let table = self.context.table::<RefundRecord>();
            let found = table.find(subject.as_str(), &RefundRecord::sort(id)).await?;
            refunds.push(found.ok_or_else(missing)?);
        }
        let mut disputes = Vec::with_capacity(payment.disputes.len());
        for id in &payment.disputes {
            let table = self.context.table::<DisputeRecord>();
            let found = table.find(subject.as_str(), &DisputeRecord::sort(id)).await?;
            disputes.push(found.ok_or_else(missing)?);
        }
        Ok(ReadRows {
            payment,
            refunds,
            disputes,
        })
    }

    /// Whose payment it is, whoever asks: its line in the list of the day says so, and the id names the day.
    pub(super) async fn owner(&self, id: &PaymentId) -> Result<Option<PaymentOwner>> {
        if let Some(begun) = id.time() {
            let list = day_list(Day::of(begun), shard(id));
            let line = self
                .context
                .table::<PaymentLine>()
                .find(&list, id.as_str())
                .await?;
            if let Some(line) = line {
                return Ok(Some(PaymentOwner {
                    subject: line.value.subject,
                    payment: line.value.id,
                }));
            }
        }
        // The ids of earlier versions did not all name the day.
        self.named(&self.name_of_ours(id)?).await
    }

    /// The payment that a vendor's name belongs to.
    pub(super) async fn owner_of(&self, instance: &str, theirs: &VendorRef) -> Result<Option<PaymentOwner>> {
        self.named(&self.name_of_theirs(instance, theirs)?).await
    }

    pub(super) async fn named(&self, name: &str) -> Result<Option<PaymentOwner>> {
        let names = self.context.table::<PaymentName>();
        let found = names.find(name, PaymentName::SORT).await?;
        Ok(found.map(|found| PaymentOwner {
            subject: found.value.subject,
            payment: found.value.payment,
        }))
    }

    fn name_of_ours(&self, id: &PaymentId) -> Result<String> {
        self.context.keyring.pseudonym("payment-name", &[id.as_str()])
    }

    fn name_of_theirs(&self, instance: &str, theirs: &VendorRef) -> Result<String> {
        self.context
            .keyring
            .pseudonym("payment-name", &[instance, theirs.as_str()])
    }

    /// Adds the vendor's names of a payment that was found at the vendor. The commit fails if one of them is known.
    pub(super) fn add_new_names(&self, batch: &mut Batch, payment: &PaymentRecord) -> Result<()> {
        let named = payment
            .attempts
            .iter()
            .filter_map(|attempt| attempt.theirs.as_ref());
        for theirs in named {
            batch.insert(&PaymentName {
                name: self.name_of_theirs(&payment.instance, theirs)?,
                subject: payment.subject.clone(),
                payment: payment.id.clone(),
            })?;
        }
        Ok(())
    }

    /// Adds the vendor's names that became known.
    pub(super) fn add_vendor_names(
        &self,
        batch: &mut Batch,
        before: &PaymentRecord,
        after: &PaymentRecord,
    ) -> Result<()> {
        let known = |theirs: &VendorRef| {
            before
                .attempts
                .iter()
                .any(|one| one.theirs.as_ref() == Some(theirs))
        };
        for theirs in after
            .attempts
            .iter()
            .filter_map(|attempt| attempt.theirs.as_ref())
        {
            if !known(theirs) {
                batch.overwrite(&PaymentName {
                    name: self.name_of_theirs(&after.instance, theirs)?,
                    subject: after.subject.clone(),
                    payment: after.id.clone(),
                })?;
            }
        }
        Ok(())
    }
}

/// Keeps the list of what needs an operator's eye.
pub(super) fn mark_open(batch: &mut Batch, before: &Rows, after: &Rows) -> Result<()> {
    let line = PaymentLine {
        list: open_list(shard(&after.payment.id)),
        id: after.payment.id.clone(),
        subject: after.payment.subject.clone(),
    };
    match (before.needs_attention(), after.needs_attention()) {
        (false, true) => batch.overwrite(&line),
        (true, false) => {
            let (partition, sort) = line.key();
            batch.clear::<PaymentLine>(partition, sort);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Adds a new payment to the list of the day.
pub(super) fn mark_begun(batch: &mut Batch, payment: &PaymentRecord) -> Result<()> {
    batch.insert(&PaymentLine {
        list: day_list(Day::of(payment.created_at), shard(&payment.id)),
        id: payment.id.clone(),
        subject: payment.subject.clone(),
    })
}

/// Keeps the lists of what was captured by the days on which that was seen. What is captured on the day on which it was begun
/// stands in the list of that day already.
pub(super) fn mark_captured(batch: &mut Batch, before: &PaymentRecord, after: &PaymentRecord) -> Result<()> {
    match (before.captured_at, after.captured_at) {
        (None, Some(at)) if Day::of(at) != Day::of(after.created_at) => batch.overwrite(&PaymentLine {
            list: captured_list(Day::of(at), shard(&after.id)),
            id: after.id.clone(),
            subject: after.subject.clone(),
        }),
        _ => Ok(()),
    }
}

/// The list of the payments that were captured on a day, and begun on another.
pub(super) fn captured_list(day: Day, shard: u8) -> String {
    format!("captured#{day}#{shard}")
}

/// The list of the payments of a day.
pub(super) fn day_list(day: Day, shard: u8) -> String {
    format!("{day}#{shard}")
}

/// The list of what needs an operator's eye.
pub(super) fn open_list(shard: u8) -> String {
    format!("open#{shard}")
}

/// The list that a payment stands in: by the last character of its id, which is random.
fn shard(id: &PaymentId) -> u8 {
    id.as_str().bytes().last().unwrap_or_default() % SHARDS
}
