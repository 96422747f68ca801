//! What is booked of payments, for whoever compares it with the vendor's account.

use futures_util::future::try_join_all;
use portcullis_ports::Result;
use portcullis_ports::Timestamp;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use portcullis_ports::payments::{AttemptId, VendorRef};
use portcullis_ports::storage::{MAX_PAGE, Range};

use super::apply::Rows;
use super::records::{OpenCall, PaymentLine};
use super::rows::{SHARDS, captured_list, day_list, open_list};
use super::settle::Follow;
use super::status::{RefundState, Status};
use super::{PAYMENT_NOT_FOUND, Payments};
use crate::foundation::day::Day;
use crate::foundation::source::Source;

/// So many payments are read at once.
const AT_ONCE: usize = 25;

/// What is booked of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BookedPayment {
    pub(crate) id: PaymentId,
    pub(crate) subject: Subject,
    /// The vendor.
    pub(crate) instance: String,
    /// Taken from the payer.
    pub(crate) captured: Money,
    /// The vendor's objects for it, as far as their names are known, with what was taken by each.
    pub(crate) attempts: Vec<(VendorRef, i64)>,
    pub(crate) refunds: Vec<BookedRefund>,
    pub(crate) disputes: Vec<BookedDispute>,
    /// Since when nobody knows what became of an order of it.
    pub(crate) unknown_since: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    /// When it was seen first that money was taken.
    pub(crate) captured_at: Option<Timestamp>,
}

/// What is booked of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BookedRefund {
    pub(crate) theirs: Option<VendorRef>,
    pub(crate) amount: Money,
    /// Whether it stands in the ledger.
    pub(crate) booked: bool,
    /// Whether it failed or was called off.
    pub(crate) ended: bool,
}

/// What is booked of a dispute, in minor units of the payment's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BookedDispute {
    pub(crate) theirs: VendorRef,
    pub(crate) withdrawn: i64,
    pub(crate) reinstated: i64,
}

/// Whose payment it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentOwner {
    pub(crate) subject: Subject,
    pub(crate) payment: PaymentId,
}

/// What the vendor showed when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The payment, with so much taken.
    Captured(Money),
    /// That there is no such payment.
    Nothing,
    /// Nothing that could be relied on.
    CannotTell,
}

/// Which payments are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Among {
    /// Those of which it was seen on the day (UTC) of this moment that they took money.
    CapturedOn(Timestamp),
    /// Those that need an operator's eye.
    Open,
}

impl Among {
    fn lists(self) -> Vec<String> {
        let shards = || 0..SHARDS;
        match self {
            Self::CapturedOn(moment) => {
                let day = Day::of(moment);
                let later = shards().map(|shard| captured_list(day, shard));
                later.chain(shards().map(|shard| day_list(day, shard))).collect()
            }
            Self::Open => shards().map(open_list).collect(),
        }
    }

    fn admits(self, payment: &BookedPayment) -> bool {
        match self {
            Self::CapturedOn(moment) => payment.captured_at.map(Day::of) == Some(Day::of(moment)),
            Self::Open => true,
        }
    }
}

impl BookedPayment {
    fn of(rows: &Rows) -> Self {
        let payment = &rows.payment;
        let unknown = |lost: bool, call: Option<&OpenCall>| {
            lost.then(|| call.map_or(payment.created_at, |call| call.sent_at))
        };
        let refunds = rows.refunds.iter();
        let lost = refunds
            .filter_map(|refund| unknown(refund.state == RefundState::Unknown, refund.call.as_ref()))
            .chain(unknown(payment.status == Status::Unknown, payment.call.as_ref()));
        let attempts = payment.attempts.iter();
        Self {
            id: payment.id.clone(),
            subject: payment.subject.clone(),
            instance: payment.instance.clone(),
            captured: payment.captured(),
            attempts: attempts
                .filter_map(|attempt| Some((attempt.theirs.clone()?, attempt.captured)))
                .collect(),
            unknown_since: lost.min(),
            refunds: rows
                .refunds
                .iter()
                .map(|refund| BookedRefund {
                    theirs: refund.theirs.clone(),
                    amount: refund.amount.get(),
                    booked: refund.booked,
                    ended: refund.state.is_void(),
                })
                .collect(),
            disputes: rows
                .disputes
                .iter()
                .map(|dispute| BookedDispute {
                    theirs: dispute.theirs.clone(),
                    withdrawn: dispute.withdrawn,
                    reinstated: dispute.reinstated,
                })
                .collect(),
            created_at: payment.created_at,
            captured_at: payment.captured_at,
        }
    }

    /// The currency of everything that is booked of it.
    pub(crate) fn currency(&self) -> Currency {
        self.captured.currency
    }

    /// The name under which the vendor is asked for it first.
    pub(crate) fn theirs(&self) -> Option<&VendorRef> {
        self.attempts.first().map(|(theirs, _)| theirs)
    }
}

impl Payments {
    /// Whose payment something of the vendor belongs to: by the vendor's names for payments, in this order, or else by
    /// ours.
    pub(crate) async fn owner_among(
        &self,
        instance: &str,
        theirs: &[&VendorRef],
        ours: Option<&AttemptId>,
    ) -> Result<Option<PaymentOwner>> {
        for theirs in theirs {
            if let Some(owner) = self.owner_of(instance, theirs).await? {
                return Ok(Some(owner));
            }
        }
        match ours {
            Some(ours) => self.owner(&ours.payment).await,
            None => Ok(None),
        }
    }

    /// What is booked of a payment.
    ///
    /// # Errors
    /// `payment-not-found`.
    pub(crate) async fn booked(&self, owner: &PaymentOwner) -> Result<BookedPayment> {
        let read = self.read(&owner.subject, &owner.payment).await?;
        Ok(BookedPayment::of(&read.rows()))
    }

    /// Asks the vendor how a payment stands, applies that, and gives what is booked by then. `named` is the object of the
    /// vendor that is meant; the one that is known where none is.
    ///
    /// # Errors
    /// `payment-not-found`; `payment-vendor-unclear` if the vendor is not connected any more.
    pub(crate) async fn compared(
        &self,
        owner: &PaymentOwner,
        named: Option<&VendorRef>,
        source: &Source,
    ) -> Result<(BookedPayment, Shown)> {
        let payment = (&owner.subject, &owner.payment);
        let looked = self.look_at(payment, named, source, Follow::Task).await?;
        let shown = match &looked.picture {
            Some(picture) => Shown::Captured(picture.captured),
            None if looked.absent => Shown::Nothing,
            None => Shown::CannotTell,
        };
        Ok((BookedPayment::of(&looked.rows), shown))
    }

    /// Goes through payments, a page of each list at a time: gives them and where it goes on. Begins with `None`.
    pub(crate) async fn go_through(
        &self,
        among: Among,
        from: Option<(usize, String)>,
    ) -> Result<(Vec<BookedPayment>, Option<(usize, String)>)> {
        let (number, after) = match from {
            Some((number, after)) => (number, Some(after).filter(|after| !after.is_empty())),
            None => (0, None),
        };
        let lists = among.lists();
        let Some(list) = lists.get(number) else {
            return Ok((Vec::new(), None));
        };
        let table = self.context.table::<PaymentLine>();
        let (lines, next) = table.page(list, Range::All, MAX_PAGE, after).await?;
        let mut payments = Vec::with_capacity(lines.len());
        for lines in lines.chunks(AT_ONCE) {
            let read = lines.iter().map(|line| async {
                match self.read(&line.subject, &line.id).await {
                    Ok(read) => Ok(Some(read)),
                    // A line without a payment is of a store that was restored.
                    Err(error) if error.code() == PAYMENT_NOT_FOUND => Ok(None),
                    Err(error) => Err(error),
                }
            });
            let found = try_join_all(read).await?.into_iter().flatten();
            let booked = found.map(|read| BookedPayment::of(&read.rows()));
            payments.extend(booked.filter(|booked| among.admits(booked)));
        }
        let next = match next {
            Some(after) => Some((number, after)),
            None => (number + 1 < lists.len()).then(|| (number + 1, String::new())),
        };
        Ok((payments, next))
    }
}
