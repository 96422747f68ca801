//! What in a vendor's report does not fit to what is booked. Decides by figures alone, and asks nobody.

use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use portcullis_ports::payments::{ActivityKind, VendorRef};

use super::line::ReportedLine;
use super::model::DifferenceKind;
use crate::areas::payments::{BookedDispute, BookedPayment, BookedRefund, PaymentOwner};

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deviation {
    pub(super) kind: DifferenceKind,
    /// The vendor's name for what differs, or ours where it has none.
    pub(super) name: String,
    /// The line of the report, where one line differs.
    pub(super) line: Option<ReportedLine>,
    pub(super) owner: Option<PaymentOwner>,
    pub(super) reported: Option<Money>,
    pub(super) booked: Option<Money>,
}

impl Deviation {
    /// A line about a payment that nobody here knows.
    pub(super) fn unknown(line: ReportedLine) -> Self {
        Self::of(DifferenceKind::MissingHere, line, None, None)
    }

    fn of(
        kind: DifferenceKind,
        line: ReportedLine,
        owner: Option<PaymentOwner>,
        booked: Option<Money>,
    ) -> Self {
        Self {
            kind,
            name: line.theirs.to_string(),
            reported: Some(line.amount),
            line: Some(line),
            owner,
            booked,
        }
    }

    /// Something about a payment as a whole.
    pub(super) fn about(
        payment: &BookedPayment,
        kind: DifferenceKind,
        reported: Option<Money>,
        booked: Option<Money>,
    ) -> Self {
        let theirs = payment.theirs().map(VendorRef::as_str);
        Self {
            kind,
            name: theirs.unwrap_or(payment.id.as_str()).to_owned(),
            line: None,
            owner: Some(owner_of(payment)),
            reported,
            booked,
        }
    }
}

fn owner_of(payment: &BookedPayment) -> PaymentOwner {
    PaymentOwner {
        subject: payment.subject.clone(),
        payment: payment.id.clone(),
    }
}

/// What is wrong with one line about a payment. Money that was taken is compared by its sum, with [`Taken`].
pub(super) fn line(line: &ReportedLine, payment: &BookedPayment) -> Option<Deviation> {
    let differs = |kind, booked| Some(Deviation::of(kind, line.clone(), Some(owner_of(payment)), booked));
    let minor = line.amount.minor;
    if minor == 0 {
        return None;
    }
    if line.amount.currency != payment.currency() {
        let taken = (line.kind == ActivityKind::Payment).then_some(payment.captured);
        return differs(DifferenceKind::Currency, taken);
    }
    let of = |minor: i64| Money::new(minor, payment.currency());
    let missing = DifferenceKind::Status;
    match &line.kind {
        ActivityKind::Payment | ActivityKind::Fee | ActivityKind::Payout => None,
        ActivityKind::Refund => {
            let given = |refund: &&BookedRefund| refund.booked || (refund.ended && refund.theirs.is_some());
            let same = |refund: &&BookedRefund| refund.amount.minor.checked_neg() == Some(minor);
            match refund_named(line, payment) {
                Some(refund) if !given(&refund) => differs(missing, None),
                Some(refund) if !same(&refund) => {
                    let booked = refund.amount.minor.checked_neg().map(of);
                    differs(DifferenceKind::Amount, booked)
                }
                Some(_) => None,
                None if line.names_source() => differs(missing, None),
                None => {
                    let found = payment
                        .refunds
                        .iter()
                        .any(|refund| given(&refund) && same(&refund));
                    if found { None } else { differs(missing, None) }
                }
            }
        }
        ActivityKind::RefundReversal => {
            let returned = |refund: &BookedRefund| refund.ended && !refund.booked;
            let is_booked = match refund_named(line, payment) {
                Some(refund) => returned(refund),
                None if line.names_source() => false,
                None => {
                    let mut refunds = payment.refunds.iter();
                    refunds.any(|refund| returned(refund) && refund.amount.minor == minor)
                }
            };
            if is_booked { None } else { differs(missing, None) }
        }
        ActivityKind::Dispute | ActivityKind::PaymentReversal => {
            let withdrawn = disputed(line, payment, |dispute| dispute.withdrawn);
            if withdrawn >= minor.saturating_neg() {
                None
            } else {
                differs(missing, None)
            }
        }
        ActivityKind::DisputeReversal => {
            let reinstated = disputed(line, payment, |dispute| dispute.reinstated);
            if reinstated >= minor {
                None
            } else {
                differs(missing, None)
            }
        }
        ActivityKind::Other(_) => differs(DifferenceKind::MissingHere, None),
    }
}

fn refund_named<'a>(line: &ReportedLine, payment: &'a BookedPayment) -> Option<&'a BookedRefund> {
    let source = line.source.as_ref()?;
    payment
        .refunds
        .iter()
        .find(|refund| refund.theirs.as_ref() == Some(source))
}

/// A figure of the dispute that a line names; of all disputes where it names none.
fn disputed(line: &ReportedLine, payment: &BookedPayment, figure: impl Fn(&BookedDispute) -> i64) -> i64 {
    let named = payment
        .disputes
        .iter()
        .find(|dispute| line.source.as_ref() == Some(&dispute.theirs));
    match named {
        Some(dispute) => figure(dispute),
        // A bank debit that was returned is told of under names of its own.
        None if line.names_source() && line.kind != ActivityKind::PaymentReversal => 0,
        None => payment.disputes.iter().map(figure).fold(0, i64::saturating_add),
    }
}

/// What the lines of a report say was taken for one payment.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) owner: PaymentOwner,
    parts: Vec<Part>,
}

/// What was taken by one of the vendor's objects.
#[derive(Debug, Clone)]
struct Part {
    theirs: Option<VendorRef>,
    minor: i64,
    lines: Vec<i64>,
}

impl Taken {
    pub(super) fn new(subject: Subject, payment: PaymentId) -> Self {
        Self {
            owner: PaymentOwner { subject, payment },
            parts: Vec::new(),
        }
    }

    /// Adds a line, which is in the currency of the payment.
    pub(super) fn add(&mut self, line: &ReportedLine) {
        let known = self.parts.iter().position(|part| part.theirs == line.payment);
        let at = known.unwrap_or_else(|| {
            self.parts.push(Part {
                theirs: line.payment.clone(),
                minor: 0,
                lines: Vec::new(),
            });
            self.parts.len() - 1
        });
        let part = &mut self.parts[at];
        part.minor = part.minor.saturating_add(line.amount.minor);
        part.lines.push(line.amount.minor);
    }

    /// The sum of all lines, in minor units.
    pub(super) fn sum(&self) -> i64 {
        let sums = self.parts.iter().map(|part| part.minor);
        sums.fold(0, i64::saturating_add)
    }

    /// The vendor's object that the payment does not know yet, if there is one.
    pub(super) fn stranger(&self, payment: &BookedPayment) -> Option<&VendorRef> {
        let known = |theirs: &VendorRef| payment.attempts.iter().any(|(known, _)| known == theirs);
        let mut names = self.parts.iter().filter_map(|part| part.theirs.as_ref());
        names.find(|theirs| !known(theirs))
    }

    /// What is wrong with the sums. `all` if every line of the payment must have been read by now: only then that there is
    /// less says something.
    pub(super) fn compare(&self, payment: &BookedPayment, all: bool) -> Option<Deviation> {
        let of = |minor: i64| Some(Money::new(minor, payment.currency()));
        let (sum, booked) = (self.sum(), payment.captured.minor);
        let about = |kind, reported, booked| Some(Deviation::about(payment, kind, of(reported), of(booked)));
        if sum > booked {
            let mut lines = self.parts.iter().flat_map(|part| &part.lines);
            let fit = lines.all(|minor| *minor <= booked);
            let kind = if fit {
                DifferenceKind::Twice
            } else {
                DifferenceKind::Amount
            };
            return about(kind, sum, booked);
        }
        let attempt = |part: &Part| {
            let theirs = part.theirs.as_ref()?;
            let known = payment.attempts.iter().find(|(known, _)| known == theirs)?;
            Some((theirs.clone(), part.minor, known.1))
        };
        let parts: Option<Vec<_>> = self.parts.iter().map(attempt).collect();
        match parts {
            Some(parts) => {
                let wrong = |(_, reported, booked): &&(VendorRef, i64, i64)| {
                    reported > booked || (all && reported < booked)
                };
                let (theirs, reported, booked) = parts.iter().find(wrong)?;
                let about = about(DifferenceKind::Amount, *reported, *booked)?;
                Some(Deviation {
                    name: theirs.to_string(),
                    ..about
                })
            }
            None if all && sum < booked => about(DifferenceKind::Amount, sum, booked),
            None => None,
        }
    }
}
