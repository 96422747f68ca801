//! Pictures of a vendor, some of them twice and some of them missed: what is booked is what the last one shows.

mod rules;

use std::cell::Cell;

use portcullis_ports::id::{PaymentId, RefundId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::payments::{
    DeclineClass, DisputeKind, DisputeSnapshot, DisputeStatus, Failure, MethodKind, PaymentStatus,
    RefundSnapshot, RefundStatus, Snapshot, VendorRef,
};
use portcullis_ports::{Result, Timestamp};
use proptest::prelude::*;

use super::PaymentMethodId;
use super::apply::{Movement, NewIds, Rows, apply};
use super::model::{DisputeId, Finding, Purpose};
use super::records::{Attempt, ChargedSource, OpenCall, PaymentRecord, Step};
use super::status::{RefundState, Status};

const AMOUNT: i64 = 10_000;

#[derive(Default)]
struct Counted(Cell<u32>);

impl Counted {
    fn next(&self) -> String {
        self.0.set(self.0.get() + 1);
        format!("{:026}", self.0.get())
    }
}

impl NewIds for Counted {
    fn refund(&self) -> Result<RefundId> {
        Ok(RefundId::parse(&format!("rfd_{}", self.next())).unwrap())
    }

    fn dispute(&self) -> Result<DisputeId> {
        Ok(DisputeId::parse(&format!("dsp_{}", self.next())).unwrap())
    }
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::parse("USD").unwrap())
}

fn named(name: &str) -> VendorRef {
    VendorRef::parse(name).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

pub(super) fn begun(purpose: Purpose) -> Rows {
    let sent = at(1_000);
    let call = OpenCall {
        step: Step::Charge,
        number: 1,
        amount: None,
        sent_at: sent,
        last_sent_at: sent,
    };
    Rows {
        payment: PaymentRecord {
            id: PaymentId::parse("pay_01h2xcejqtf2nbrexx3vqjhp41").unwrap(),
            subject: Subject::parse("usr_ada").unwrap(),
            instance: "main".to_owned(),
            purpose,
            amount: Amount::new(usd(AMOUNT)).unwrap(),
            capture_later: false,
            source: ChargedSource::Stored {
                id: PaymentMethodId::parse("pm_01h2xcejqtf2nbrexx3vqjhp41").unwrap(),
                theirs: named("pm_1"),
                kind: MethodKind::Card,
            },
            description: String::new(),
            customer: None,
            status: Status::Sending,
            attempts: vec![Attempt::new()],
            call: Some(call),
            calls: 1,
            hold: Some(7),
            refunds: Vec::new(),
            disputes: Vec::new(),
            ip: None,
            late: false,
            findings: Vec::new(),
            explained: Vec::new(),
            captured_at: None,
            received: Vec::new(),
            commits: 0,
            looks: 0,
            created_at: sent,
            updated_at: sent,
        },
        refunds: Vec::new(),
        disputes: Vec::new(),
    }
}

fn picture(status: PaymentStatus) -> Snapshot {
    let captured = if status == PaymentStatus::Succeeded {
        AMOUNT
    } else {
        0
    };
    Snapshot {
        theirs: Some(named("pi_1")),
        ours: None,
        tag: None,
        customer: None,
        status,
        amount: usd(AMOUNT),
        capturable: usd(if status == PaymentStatus::Authorized {
            AMOUNT
        } else {
            0
        }),
        captured: usd(captured),
        capture_before: None,
        action: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        complete: true,
        fee: None,
        method: None,
        failure: None,
        created_at: at(1_000),
        at: at(1_001),
        live: false,
        account: None,
    }
}

/// What happens at the vendor.
#[derive(Debug, Clone)]
enum Happens {
    Status(u8),
    Captures(i64),
    Fee(i64),
    Refund(i64),
    RefundGoesOn(usize, bool),
    Dispute(i64),
    Withdraws(usize),
    Reinstates(usize),
    Decided(usize, bool),
}

/// A vendor that keeps to its word: captured figures only grow, and refunds end once.
fn happen(vendor: &mut Snapshot, what: &Happens) {
    match what {
        Happens::Status(n) if vendor.captured.minor == 0 => {
            vendor.status = [
                PaymentStatus::RequiresAction,
                PaymentStatus::Processing,
                PaymentStatus::Failed,
                PaymentStatus::Authorized,
                PaymentStatus::Canceled,
            ][usize::from(*n) % 5];
        }
        Happens::Captures(minor) if vendor.captured.minor == 0 => {
            vendor.captured = usd(*minor);
            vendor.status = PaymentStatus::Succeeded;
        }
        Happens::Fee(minor) => vendor.fee = Some(usd(*minor)),
        Happens::Refund(minor) if vendor.captured.minor > 0 => vendor.refunds.push(RefundSnapshot {
            theirs: named(&format!("re_{}", vendor.refunds.len())),
            ours: None,
            payment: None,
            status: RefundStatus::Pending,
            amount: usd(*minor),
            failure: None,
            created_at: at(2_000),
            at: at(2_000),
        }),
        Happens::RefundGoesOn(n, well) => {
            let count = vendor.refunds.len().max(1);
            if let Some(refund) = vendor.refunds.get_mut(n % count) {
                refund.status = match (refund.status, well) {
                    (RefundStatus::Pending, true) => RefundStatus::Succeeded,
                    (RefundStatus::Pending | RefundStatus::Succeeded, false) => RefundStatus::Failed,
                    (other, _) => other,
                };
            }
        }
        Happens::Dispute(minor) if vendor.captured.minor > 0 => vendor.disputes.push(DisputeSnapshot {
            theirs: named(&format!("dp_{}", vendor.disputes.len())),
            payment: None,
            kind: DisputeKind::Chargeback,
            status: DisputeStatus::NeedsResponse,
            amount: usd(*minor),
            withdrawn: usd(0),
            reinstated: usd(0),
            fee: None,
            reason: "fraudulent".to_owned(),
            respond_by: None,
            answered: false,
            created_at: at(3_000),
            at: at(3_000),
        }),
        Happens::Withdraws(n) | Happens::Reinstates(n) | Happens::Decided(n, _) => {
            let count = vendor.disputes.len().max(1);
            if let Some(dispute) = vendor.disputes.get_mut(n % count) {
                match what {
                    Happens::Withdraws(_) => dispute.withdrawn = dispute.amount,
                    Happens::Reinstates(_) => dispute.reinstated = dispute.withdrawn,
                    Happens::Decided(_, true) => dispute.status = DisputeStatus::Won,
                    _ => dispute.status = DisputeStatus::Lost,
                }
            }
        }
        _ => {}
    }
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Sums {
    captured: i64,
    fees: i64,
    refunded: i64,
    withdrawn: i64,
    reinstated: i64,
    written_off: i64,
    holds: u32,
}

impl Sums {
    fn add(&mut self, movements: &[Movement]) {
        for movement in movements {
            let of = |amount: &Amount| amount.get().minor;
            match movement {
                Movement::Captured { amount, settles } => {
                    self.captured += of(amount);
                    self.holds += u32::from(settles.is_some());
                }
                Movement::Fee(fee) => self.fees += fee.minor,
                Movement::Refunded(_, amount) => self.refunded += of(amount),
                Movement::RefundReturned(_, amount) => self.refunded -= of(amount),
                Movement::Withdrawn(_, amount) => self.withdrawn += of(amount),
                Movement::Reinstated(_, amount) => self.reinstated += of(amount),
                Movement::DisputeFee(..) => {}
                Movement::WrittenOff(_, amount) => self.written_off += of(amount),
                Movement::WriteOffReturned(_, amount) => self.written_off -= of(amount),
                Movement::HoldReleased(_) => self.holds += 1,
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_booked_is_what_the_last_picture_shows(
        story in prop::collection::vec(
            (prop_oneof![
                3 => any::<u8>().prop_map(Happens::Status),
                3 => (1..=AMOUNT).prop_map(Happens::Captures),
                1 => (0..500_i64).prop_map(Happens::Fee),
                3 => (1..=AMOUNT).prop_map(Happens::Refund),
                4 => (0_usize..4, any::<bool>()).prop_map(|(n, well)| Happens::RefundGoesOn(n, well)),
                2 => (1..=AMOUNT).prop_map(Happens::Dispute),
                3 => (0_usize..3).prop_map(Happens::Withdraws),
                2 => (0_usize..3).prop_map(Happens::Reinstates),
                2 => (0_usize..3, any::<bool>()).prop_map(|(n, won)| Happens::Decided(n, won)),
            ], 0_u8..3),
            1..30,
        ),
        purpose in prop_oneof![Just(Purpose::Balance), Just(Purpose::Purchase { reference: None })],
    ) {
        let (mut rows, ids, mut sums) = (begun(purpose), Counted::default(), Sums::default());
        let mut vendor = picture(PaymentStatus::Processing);
        for (what, looks) in &story {
            happen(&mut vendor, what);
            for _ in 0..*looks {
                let before = rows.payment.status;
                sums.add(&apply(&mut rows, &vendor, &ids, at(5_000)).unwrap());
                prop_assert!(before == rows.payment.status || before.may_become(rows.payment.status));
            }
        }
        sums.add(&apply(&mut rows, &vendor, &ids, at(5_000)).unwrap());
        let again = apply(&mut rows.clone(), &vendor, &ids, at(5_000)).unwrap();
        prop_assert_eq!(again, vec![], "a picture that is applied again changes nothing");

        prop_assert_eq!(sums.captured, vendor.captured.minor);
        prop_assert_eq!(sums.fees, vendor.fee.map_or(0, |fee| fee.minor));
        let given: i64 = vendor.refunds.iter()
            .filter(|refund| refund.status == RefundStatus::Succeeded)
            .map(|refund| refund.amount.minor)
            .sum();
        prop_assert_eq!(sums.refunded, given);
        prop_assert_eq!(sums.withdrawn, vendor.disputes.iter().map(|one| one.withdrawn.minor).sum::<i64>());
        prop_assert_eq!(sums.reinstated, vendor.disputes.iter().map(|one| one.reinstated.minor).sum::<i64>());
        let written_off: i64 = rows.disputes.iter().map(|one| one.written_off).sum();
        prop_assert_eq!(sums.written_off, written_off);
        if rows.payment.purpose == Purpose::Balance {
            prop_assert_eq!(written_off, 0, "a debt on the balance is asked for again");
        }
        for dispute in &rows.disputes {
            prop_assert!((0..=dispute.missing()).contains(&dispute.written_off), "{:?}", dispute);
            if dispute.status == DisputeStatus::Lost && rows.payment.sells() {
                prop_assert_eq!(dispute.written_off, dispute.missing());
            }
        }
        prop_assert_eq!(sums.holds, u32::from(rows.payment.hold.is_none()), "a hold ends once");
        prop_assert_eq!(rows.payment.hold.is_none(), rows.payment.status.is_final() || sums.captured > 0 || sums.holds > 0);
        if vendor.captured.minor > 0 {
            prop_assert_eq!(rows.payment.status, Status::Succeeded);
        }
        let left = rows.refundable().minor;
        prop_assert!(left >= 0 && left <= vendor.captured.minor);
    }
}
