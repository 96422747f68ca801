//! What stands on the account of the vendor in memory and in no order of ours, and how its reports fail.

use super::fake::{FakePayments, State};
use crate::money::Money;
use crate::payments::{Activity, ActivityKind, VendorRef};

impl FakePayments {
    /// Somebody pays without us: a line about a payment that was not begun here.
    pub fn paid_elsewhere(&self, amount: Money, fee: Money) -> VendorRef {
        let payment = self.state().name("pi");
        self.stand_alone(ActivityKind::Payment, Some(payment), amount, fee)
    }

    /// The vendor pays out to our bank; less than nothing for a payout that came back.
    pub fn pay_out(&self, amount: Money) -> VendorRef {
        let gone = Money::new(-amount.minor, amount.currency);
        self.stand_alone(ActivityKind::Payout, None, gone, Money::zero(amount.currency))
    }

    /// The vendor takes a fee that belongs to nothing else; less than nothing for one that it gives back.
    pub fn charge_fee(&self, fee: Money) -> VendorRef {
        let gone = Money::new(-fee.minor, fee.currency);
        self.stand_alone(ActivityKind::Fee, None, gone, Money::zero(fee.currency))
    }

    /// A line of whatever kind that belongs to no payment.
    pub fn stand_alone(
        &self,
        kind: ActivityKind,
        payment: Option<VendorRef>,
        amount: Money,
        fee: Money,
    ) -> VendorRef {
        let now = self.clock.now();
        let mut state = self.state();
        let theirs = state.name("txn");
        state.lines.push(Activity {
            theirs: theirs.clone(),
            kind,
            source: payment.clone(),
            payment,
            ours: None,
            amount,
            fee,
            at: now,
            available_at: None,
        });
        theirs
    }

    /// A line about a payment that no picture of the payment shows. `None` if there is no such payment.
    pub fn book_unshown(&self, payment: &VendorRef, kind: ActivityKind, amount: Money) -> Option<VendorRef> {
        let now = self.clock.now();
        let mut state = self.state();
        let at = state.position(payment)?;
        let source = state.name("obj");
        state.book(kind, at, Some(source), amount, now);
        state.lines.last().map(|line| line.theirs.clone())
    }

    /// Lines of a payment say another amount than the vendor took.
    pub fn misreport(&self, payment: &VendorRef, amount: Money) {
        for line in &mut self.state().lines {
            if line.payment.as_ref() == Some(payment) {
                line.amount = amount;
                line.fee = Money::zero(amount.currency);
            }
        }
    }

    /// Lines of a payment are left out of reports. Looked up, the payment is there.
    pub fn leave_out(&self, payment: &VendorRef) {
        let mut state = self.state();
        state.lines.retain(|line| line.payment.as_ref() != Some(payment));
    }

    /// The vendor knows a payment no more, neither in reports nor when it is looked up.
    pub fn lose(&self, payment: &VendorRef) {
        self.leave_out(payment);
        let mut state = self.state();
        state.payments.retain(|one| one.theirs.as_ref() != Some(payment));
    }

    /// After so many pages reports cannot be read any more; `None` for never.
    pub fn fail_reports_after(&self, pages: Option<u32>) {
        self.state().pages_left = pages;
    }

    /// How many pages of reports it gave so far.
    pub fn pages_read(&self) -> u32 {
        self.state().pages
    }

    /// Whether it tells nothing when it is asked what became of this payment.
    pub fn refuse_lookups_of(&self, payment: &VendorRef, refuses: bool) {
        let mut state = self.state();
        if refuses {
            state.silent_about.insert(payment.clone());
        } else {
            state.silent_about.remove(payment);
        }
    }

    /// Whether it tells nothing when it is asked what became of a payment.
    pub fn refuse_lookups(&self, refuses: bool) {
        self.state().speechless = refuses;
    }
}

impl State {
    /// Whether look-ups find out nothing of a payment.
    pub(super) fn tells_nothing_of(&self, payment: &str) -> bool {
        self.speechless || self.silent_about.iter().any(|one| one.as_str() == payment)
    }
}
