//! What a vendor's picture of a payment changes: the difference between what it shows and what is booked.
//!
//! Answers, events, look-ups and reports all end here. Rows are read before a picture is taken, and the commit expects them
//! as they were read: so an older picture never lands on a newer one, and repeats change nothing.

use portcullis_ports::id::RefundId;
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::payments::{DisputeSnapshot, DisputeStatus, RefundSnapshot, Snapshot};
use portcullis_ports::{Result, Timestamp};

use super::model::{DisputeId, Finding};
use super::records::{
    Attempt, ChargedSource, DisputeRecord, PaidWith, PaymentRecord, RefundOrigin, RefundRecord, Step,
};
use super::status::{RefundState, Status};

/// A payment with all that hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    pub(super) payment: PaymentRecord,
    pub(super) refunds: Vec<RefundRecord>,
    pub(super) disputes: Vec<DisputeRecord>,
}

/// Money that has moved and is to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Movement {
    /// It was taken from the payer, and settles the pending entry of that number.
    Captured { amount: Amount, settles: Option<u64> },
    /// The vendor keeps this for it; less than nothing if it gave some of that back.
    Fee(Money),
    /// It was given back.
    Refunded(RefundId, Amount),
    /// What was given back has come back.
    RefundReturned(RefundId, Amount),
    /// A dispute took it from us.
    Withdrawn(DisputeId, Amount),
    /// A dispute gave it back to us.
    Reinstated(DisputeId, Amount),
    /// The vendor keeps this for a dispute; less than nothing if it gave some of that back.
    DisputeFee(DisputeId, Money),
    /// The debt of a dispute that was lost is given up.
    WrittenOff(DisputeId, Amount),
    /// What was given up has been given back to us after all.
    WriteOffReturned(DisputeId, Amount),
    /// The pending entry of that number holds nothing any more.
    HoldReleased(u64),
}

/// Names for what the vendor knows and we do not.
pub(super) trait NewIds {
    fn refund(&self) -> Result<RefundId>;
    fn dispute(&self) -> Result<DisputeId>;
}

/// Applies a picture to rows. Gives what has to be posted; the rows hold what is booked by then.
///
/// # Errors
/// `internal` if no id can be made.
pub(super) fn apply(
    rows: &mut Rows,
    picture: &Snapshot,
    ids: &dyn NewIds,
    now: Timestamp,
) -> Result<Vec<Movement>> {
    let mut movements = Vec::new();
    let payment = &mut rows.payment;
    let currency = payment.currency();
    if picture.amount.currency != currency || picture.captured.currency != currency {
        // Nothing of another currency can be booked for it: an operator has to look.
        payment.found(Finding::Currency);
        return Ok(movements);
    }
    if picture.amount != payment.amount.get() {
        payment.found(Finding::Amount);
    }
    let at = payment.attempt_of(picture);
    let attempt = &mut payment.attempts[at];
    // Never less: an object of the vendor that shows less than before is one that is not read to the end.
    let captured = picture.captured.minor - attempt.captured;
    if captured > 0 {
        attempt.captured = picture.captured.minor;
        payment.captured_at.get_or_insert(now);
        movements.push(Movement::Captured {
            amount: amount(captured, picture.captured)?,
            settles: payment.hold.take(),
        });
    }
    attempt.capturable = picture.capturable.minor;
    attempt.capture_before = picture.capture_before;
    attempt.action = picture.action.as_ref().map(|action| action.as_str().to_owned());
    attempt.failure.clone_from(&picture.failure);
    attempt.unsent = false;
    if let Some(method) = &picture.method {
        attempt.method = Some(PaidWith::from(method));
    }
    if let Some(fee) = picture.fee {
        let booked = attempt.fee.filter(|booked| booked.currency == fee.currency);
        let more = fee.minor - booked.map_or(0, |booked| booked.minor);
        attempt.fee = Some(fee);
        if more != 0 {
            movements.push(Movement::Fee(Money::new(more, fee.currency)));
        }
    }
    payment.move_to(at, picture);
    for refund in &picture.refunds {
        apply_refund(rows, refund, ids, now, &mut movements)?;
    }
    for dispute in &picture.disputes {
        apply_dispute(rows, dispute, ids, now, &mut movements)?;
    }
    let given_back = rows.given_back();
    let payment = &mut rows.payment;
    if !movements.is_empty() {
        // Other sums than those that were explained.
        let of_sums =
            |finding: &Finding| matches!(finding, Finding::CapturedTooMuch | Finding::GivenBackTooMuch);
        payment.explained.retain(|finding| !of_sums(finding));
    }
    // What an operator says that came needs no other operator's eye.
    let offline = payment.source == ChargedSource::Offline;
    if !offline && payment.captured().minor > payment.amount.get().minor {
        payment.found(Finding::CapturedTooMuch);
    }
    if given_back > payment.captured().minor {
        payment.found(Finding::GivenBackTooMuch);
    }
    movements.extend(payment.release());
    Ok(movements)
}

/// Applies the picture of one refund alone, as the vendor answers the order for it.
///
/// # Errors
/// `internal` if no id can be made.
pub(super) fn apply_refund(
    rows: &mut Rows,
    picture: &RefundSnapshot,
    ids: &dyn NewIds,
    now: Timestamp,
    movements: &mut Vec<Movement>,
) -> Result<()> {
    let named = |refund: &RefundRecord| refund.theirs.as_ref() == Some(&picture.theirs);
    let ours = |refund: &RefundRecord| refund.theirs.is_none() && picture.ours.as_ref() == Some(&refund.id);
    let known = rows
        .refunds
        .iter()
        .position(|refund| named(refund) || ours(refund));
    let state = RefundState::from(picture.status);
    let at = if let Some(at) = known {
        at
    } else {
        // Made at the vendor, or here and lost with the store.
        rows.refunds.push(RefundRecord {
            id: picture.ours.clone().map_or_else(|| ids.refund(), Ok)?,
            payment: rows.payment.id.clone(),
            subject: rows.payment.subject.clone(),
            amount: Amount::new(picture.amount)?,
            origin: RefundOrigin::Vendor,
            reason: None,
            state,
            booked: false,
            theirs: Some(picture.theirs.clone()),
            call: None,
            failure: None,
            paid_out: None,
            created_at: picture.created_at,
            updated_at: now,
        });
        rows.payment
            .refunds
            .extend(rows.refunds.last().map(|refund| refund.id.clone()));
        rows.payment.found(Finding::RefundFromElsewhere);
        rows.refunds.len() - 1
    };
    let refund = &mut rows.refunds[at];
    let before = refund.clone();
    if refund.amount.get() != picture.amount {
        rows.payment.found(Finding::Amount);
        if refund.amount.get().currency != picture.amount.currency {
            return Ok(());
        }
        if !refund.booked {
            refund.amount = Amount::new(picture.amount)?;
        }
    }
    // It was given up here, and the vendor has it all the same: its amount is bound again.
    let given_up = refund.state.is_void() && refund.theirs.is_none() && !state.is_void();
    if given_up {
        rows.payment.found(Finding::RefundFromElsewhere);
    }
    refund.theirs = Some(picture.theirs.clone());
    refund.failure.clone_from(&picture.failure);
    refund.call = None;
    if given_up || refund.state.may_become(state) {
        refund.state = state;
    }
    match (refund.booked, refund.state) {
        (false, RefundState::Succeeded) => {
            refund.booked = true;
            movements.push(Movement::Refunded(refund.id.clone(), refund.amount));
        }
        (true, state) if state.is_void() => {
            refund.booked = false;
            movements.push(Movement::RefundReturned(refund.id.clone(), refund.amount));
        }
        _ => {}
    }
    if *refund != before {
        refund.updated_at = now;
    }
    Ok(())
}

/// Applies the picture of one dispute.
///
/// # Errors
/// `internal` if no id can be made.
pub(super) fn apply_dispute(
    rows: &mut Rows,
    picture: &DisputeSnapshot,
    ids: &dyn NewIds,
    now: Timestamp,
    movements: &mut Vec<Movement>,
) -> Result<()> {
    let known = rows
        .disputes
        .iter()
        .position(|dispute| dispute.theirs == picture.theirs);
    let at = if let Some(at) = known {
        at
    } else {
        rows.disputes.push(DisputeRecord {
            id: ids.dispute()?,
            payment: rows.payment.id.clone(),
            subject: rows.payment.subject.clone(),
            theirs: picture.theirs.clone(),
            kind: picture.kind,
            status: picture.status,
            amount: picture.amount,
            withdrawn: 0,
            reinstated: 0,
            fee: None,
            written_off: 0,
            reason: String::new(),
            respond_by: None,
            answered: false,
            created_at: picture.created_at,
            updated_at: now,
        });
        rows.payment
            .disputes
            .extend(rows.disputes.last().map(|dispute| dispute.id.clone()));
        rows.disputes.len() - 1
    };
    let currency = rows.payment.currency();
    let dispute = &mut rows.disputes[at];
    let before = dispute.clone();
    if picture.withdrawn.currency != currency || picture.reinstated.currency != currency {
        rows.payment.found(Finding::Currency);
        return Ok(());
    }
    let withdrawn = picture.withdrawn.minor - dispute.withdrawn;
    if withdrawn > 0 {
        dispute.withdrawn = picture.withdrawn.minor;
        movements.push(Movement::Withdrawn(
            dispute.id.clone(),
            amount(withdrawn, picture.withdrawn)?,
        ));
    }
    let reinstated = picture.reinstated.minor - dispute.reinstated;
    if reinstated > 0 {
        dispute.reinstated = picture.reinstated.minor;
        movements.push(Movement::Reinstated(
            dispute.id.clone(),
            amount(reinstated, picture.reinstated)?,
        ));
    }
    if let Some(fee) = picture.fee {
        let booked = dispute.fee.filter(|booked| booked.currency == fee.currency);
        let more = fee.minor - booked.map_or(0, |booked| booked.minor);
        dispute.fee = Some(fee);
        if more != 0 {
            movements.push(Movement::DisputeFee(
                dispute.id.clone(),
                Money::new(more, fee.currency),
            ));
        }
    }
    // What was bought is not paid any more, and nobody owes it: a debt on the balance is asked for again.
    let lost = picture.status == DisputeStatus::Lost && rows.payment.sells();
    let written_off = dispute.missing() - dispute.written_off;
    if lost && written_off > 0 {
        movements.push(Movement::WrittenOff(
            dispute.id.clone(),
            amount(written_off, picture.withdrawn)?,
        ));
        dispute.written_off = dispute.missing();
    }
    if written_off < 0 {
        movements.push(Movement::WriteOffReturned(
            dispute.id.clone(),
            amount(-written_off, picture.withdrawn)?,
        ));
        dispute.written_off = dispute.missing();
    }
    dispute.kind = picture.kind;
    dispute.status = picture.status;
    dispute.amount = picture.amount;
    dispute.reason.clone_from(&picture.reason);
    dispute.respond_by = picture.respond_by;
    dispute.answered |= picture.answered;
    if *dispute != before {
        dispute.updated_at = now;
    }
    Ok(())
}

fn amount(minor: i64, like: Money) -> Result<Amount> {
    Amount::new(Money::new(minor, like.currency))
}

impl Rows {
    /// A payment on which nothing hangs yet.
    pub(super) fn begun(payment: PaymentRecord) -> Self {
        Self {
            payment,
            refunds: Vec::new(),
            disputes: Vec::new(),
        }
    }

    /// Given back and taken back so far, of what was captured.
    pub(super) fn given_back(&self) -> i64 {
        let booked = self.refunds.iter().filter(|refund| refund.booked);
        let refunded = booked.map(|refund| refund.amount.get().minor);
        let missing = self.disputes.iter().map(DisputeRecord::missing);
        refunded.chain(missing).fold(0, i64::saturating_add)
    }

    /// Given back so far.
    pub(super) fn refunded(&self) -> Money {
        let booked = self.refunds.iter().filter(|refund| refund.booked);
        let minor = booked
            .map(|refund| refund.amount.get().minor)
            .fold(0, i64::saturating_add);
        Money::new(minor, self.payment.currency())
    }

    /// What can still be given back: what refunds under way have promised is not counted twice, and what a bank has taken
    /// back is not given a second time.
    pub(super) fn refundable(&self) -> Money {
        let reserved = self
            .refunds
            .iter()
            .filter(|refund| refund.state.reserves() && !refund.booked);
        let reserved = reserved
            .map(|refund| refund.amount.get().minor)
            .fold(0, i64::saturating_add);
        let left = self.payment.captured().minor - self.given_back() - reserved;
        Money::new(left.max(0), self.payment.currency())
    }
}

impl PaymentRecord {
    pub(super) fn found(&mut self, finding: Finding) {
        let explained = finding.is_lasting() && self.explained.contains(&finding);
        if !explained && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Whoever waits for news begins with patience again, and is told when that is in vain once more.
    pub(super) fn look_anew(&mut self) {
        self.looks = 0;
        self.explained.retain(|finding| *finding != Finding::Unresolved);
    }

    /// Nobody needs to look at what was found until now.
    pub(super) fn explain(&mut self) {
        let lasting = self.findings.drain(..).filter(|finding| finding.is_lasting());
        self.explained.extend(lasting);
    }

    /// The place of the vendor's object that a picture shows.
    fn attempt_of(&mut self, picture: &Snapshot) -> usize {
        let theirs = picture.theirs.as_ref();
        let same = |attempt: &Attempt| attempt.theirs.as_ref() == theirs;
        let unnamed = |attempt: &Attempt| attempt.theirs.is_none();
        let known = self.attempts.iter().position(same);
        let known = known.or_else(|| self.attempts.iter().position(unnamed));
        // A page of the vendor gives way to the payment that was made on it.
        let page = self.source == ChargedSource::HostedPage && self.captured().minor == 0;
        let known = known.or_else(|| (page && self.attempts.len() == 1).then_some(0));
        let at = known.unwrap_or_else(|| {
            if !self.attempts.is_empty() {
                // Two of the vendor's objects for one payment: both are booked, and an operator is told.
                self.found(Finding::Twice);
            }
            self.attempts.push(Attempt::new());
            self.attempts.len() - 1
        });
        if theirs.is_some() {
            self.attempts[at].theirs.clone_from(&picture.theirs);
        }
        at
    }

    /// Follows the vendor's status, as far as the table of states allows.
    fn move_to(&mut self, at: usize, picture: &Snapshot) {
        let told = Status::from(picture.status);
        // Whoever is there tries another card after a refusal: until it is called off, that ends nothing.
        let shown = if told == Status::Failed && self.may_be_tried_again() {
            Status::RequiresAction
        } else {
            told
        };
        // A second object of the vendor changes the sums, and the status only by what it captured.
        let shown = if at > 0 && shown != Status::Succeeded {
            return;
        } else {
            shown
        };
        if let Some(call) = &self.call {
            let decided = match call.step {
                Step::Charge => true,
                Step::Complete | Step::Withdraw => told != Status::RequiresAction,
                // That the money is still held says nothing of a capture that is on its way.
                Step::Capture | Step::Void => shown != Status::Authorized,
            };
            if !decided {
                return;
            }
            self.call = None;
        }
        // What was called off is not taken up again because its payer approved meanwhile: no money moves without us.
        let approved = told == Status::RequiresAction && picture.action.is_none();
        if self.status == shown || !self.status.may_become(shown) || (approved && self.status.is_given_up()) {
            return;
        }
        self.late |= self.status.is_given_up();
        self.status = shown;
        self.look_anew();
    }

    /// Whether its payer is about to enter a method at the vendor, and may enter another one there. Nobody is there any more
    /// when a bank refuses days later.
    fn may_be_tried_again(&self) -> bool {
        let entered = matches!(
            self.source,
            ChargedSource::Fresh { .. } | ChargedSource::HostedPage
        );
        entered
            && matches!(
                self.status,
                Status::Sending | Status::Unknown | Status::RequiresAction
            )
    }

    /// Frees what is held on the balance, if nothing more is expected.
    pub(super) fn release(&mut self) -> Option<Movement> {
        let over = self.status.is_final();
        self.hold.take_if(|_| over).map(Movement::HoldReleased)
    }
}
