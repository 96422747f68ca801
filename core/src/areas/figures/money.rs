//! What the accounts of the house say of a day.

use portcullis_ports::Result;
use portcullis_ports::money::AMOUNT_OVERFLOW;

use super::views::FiguresOf;
use crate::areas::ledger::{EntryKind, HouseAccount, HouseDay};

impl FiguresOf {
    /// Adds what moved on one account of the house.
    ///
    /// # Errors
    /// `amount-overflow`.
    pub(super) fn add_house(&mut self, day: &HouseDay) -> Result<()> {
        for moved in &day.kinds {
            // What came to us is a debit of an account that holds money, and a credit of one that says what it was for.
            let came = moved.moved.net();
            match day.account {
                HouseAccount::Processor(_) => self.add_processor(moved.kind, came)?,
                HouseAccount::Revenue => add(&mut self.earned, came.saturating_neg())?,
                HouseAccount::Tax => add(&mut self.tax, came.saturating_neg())?,
                HouseAccount::WriteOff => add(&mut self.written_off, came)?,
                HouseAccount::Goodwill => add(&mut self.goodwill, came)?,
                // The other side of what is told by the accounts of vendors.
                HouseAccount::Fees(_) | HouseAccount::Suspense(_) | HouseAccount::Bank => {}
            }
        }
        Ok(())
    }

    fn add_processor(&mut self, kind: Option<EntryKind>, came: i64) -> Result<()> {
        use EntryKind as K;
        let went = came.saturating_neg();
        match kind {
            Some(K::Capture) => add(&mut self.captured, came),
            Some(K::Refund | K::RefundFailed) => add(&mut self.refunded, went),
            Some(K::DisputeWithdrawn | K::DisputeReinstated) => add(&mut self.disputed, went),
            Some(K::Fee | K::FeeReturned) => add(&mut self.fees, went),
            // From one pocket into the other.
            Some(K::Payout | K::PayoutReturned) => return Ok(()),
            _ => add(&mut self.unmatched, came),
        }?;
        add(&mut self.net, came)
    }
}

pub(super) fn add(sum: &mut i64, more: i64) -> Result<()> {
    *sum = sum.checked_add(more).ok_or_else(|| AMOUNT_OVERFLOW.error())?;
    Ok(())
}
