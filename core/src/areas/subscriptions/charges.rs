//! What vendors took is billed and booked: each charge once, oldest first.

use portcullis_ports::Result;
use portcullis_ports::payments::{Snapshot, SubscriptionCharge};

use super::Subscriptions;
use super::agreement::VendorAgreement;
use super::billing::period_line;
use super::books::{Running, source};
use super::records::SubscriptionRecord;
use crate::areas::payments::{AgreedCharge, ChargeProof};
use crate::foundation::table::Batch;

/// How far the charges of a look were booked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Booked {
    /// Whether any was that was not booked before.
    pub(super) any: bool,
    /// Whether one was shown of which no money is certain yet.
    pub(super) awaited: bool,
}

impl Subscriptions {
    /// Bills and books charges as far as money of them is certain. What was taken after one that is not certain waits with it:
    /// the vendor is asked for charges since the last that is booked.
    pub(super) async fn book_certain(
        &self,
        record: &SubscriptionRecord,
        vendor: &VendorAgreement,
        charges: &[SubscriptionCharge],
        running: Running,
    ) -> Result<Booked> {
        let mut booked = Booked::default();
        let instance = vendor.instance.as_str();
        for charge in charges {
            if self.payments.knows_charge(instance, &charge.theirs).await? {
                continue;
            }
            let ordered = (vendor.total, charge.at);
            let proof = match &charge.picture {
                Some(proven) => ChargeProof::Taken(proven.clone()),
                None => {
                    self.payments
                        .agreed_charge(instance, &charge.theirs, ordered)
                        .await?
                }
            };
            match proof {
                ChargeProof::Taken(shown) => {
                    let books = || self.book(record, charge, &shown, running);
                    booked.any |= self.context.retried(books).await?;
                }
                ChargeProof::Nothing => {}
                ChargeProof::Open => {
                    booked.awaited = true;
                    break;
                }
            }
        }
        Ok(booked)
    }

    /// Says whether it was not booked before.
    async fn book(
        &self,
        of: &SubscriptionRecord,
        charge: &SubscriptionCharge,
        picture: &Snapshot,
        running: Running,
    ) -> Result<bool> {
        let (subject, id, now) = (&of.subject, &of.id, self.context.now());
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, subject).await;
        let mut slot = self.books.read_in(&batch, subject, id).await?;
        let before = slot.value.clone();
        let Some(vendor) = before.collector.clone() else {
            return Ok(false);
        };
        if self
            .payments
            .knows_charge(&vendor.instance, &charge.theirs)
            .await?
        {
            return Ok(false);
        }
        let unwanted = before.takes_nothing_at(charge.at);
        let record = &mut slot.value;
        if unwanted {
            if let Some(vendor) = &mut record.collector {
                vendor.charge_booked(&charge.theirs, charge.at);
            }
            record.cancel_there(now);
            self.books.save(&mut batch, &before, slot, &source()).await?;
        } else {
            let begun = record.charged(&charge.theirs, charge.at, now)?;
            let plan = self.plans.named(&record.terms.plan).await?;
            record.terms.refresh_untaxed(&plan);
            let lines = vec![period_line(record, &begun)?];
            self.bill(&mut batch, &before, slot, lines, &source()).await?;
        }
        let billed = self.books.read_in(&batch, subject, id).await?.value;
        let taken = AgreedCharge {
            subject,
            instance: &vendor.instance,
            subscription: id,
            invoice: billed.billed.last().filter(|_| !unwanted),
            ordered: vendor.total,
            description: &billed.terms.name,
            picture,
        };
        self.payments.book_charge(&mut batch, &taken, &source()).await?;
        let written = self.books.read_in(&batch, subject, id).await?.value;
        self.books.plan(&mut batch, &written, running, false).await?;
        self.context.commit(batch).await?;
        Ok(true)
    }
}
