//! The schedules of what is not paid.

use std::time::Duration;

use portcullis_ports::{Span, Timestamp};

use super::dunning::DunningStep;
use super::lifecycle_tests::{active, terms};
use super::records::SubscriptionRecord;
use super::status::SubscriptionStatus as Status;
use crate::areas::payments::{Dunning, InvoiceId, OverdueAct, OverdueStep};
use crate::foundation::calendar::{Unit, Zone};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const DAY: Duration = Duration::from_hours(24);

fn invoice(last: char) -> InvoiceId {
    InvoiceId::parse(&format!("inv_01jzpcq2ah2nbrexx3vqjhp41{last}")).unwrap()
}

fn owing() -> SubscriptionRecord {
    let mut record = active(terms("pro", 1_999, Unit::Year, 1, None), &Zone::utc(), NOW);
    record.owe(invoice('a'), NOW, Some(NOW));
    record
}

fn collect(attempt: u32) -> DunningStep {
    DunningStep::Collect(invoice('a'), attempt)
}

#[test]
fn a_soft_decline_is_tried_again_by_the_schedule_and_no_more() {
    let rules = Dunning {
        overdue: Vec::new(),
        ..Dunning::default()
    };
    let mut record = owing();
    let mut now = NOW;
    for (tries, days) in [1_u32, 3, 5, 7].into_iter().enumerate() {
        let tries = u32::try_from(tries).unwrap();
        assert_eq!(record.dunning_step(now, &rules), collect(tries));
        let next = record.payment_failed(&invoice('a'), false, now, &rules);
        assert_eq!(next, Some(now + DAY * days));
        assert_eq!(record.dunning_step(now, &rules), DunningStep::Wait(next));
        now = now + DAY * days;
    }
    assert_eq!(record.dunning_step(now, &rules), collect(4));
    assert_eq!(record.payment_failed(&invoice('a'), false, now, &rules), None);
    assert_eq!(
        record.dunning_step(now + DAY * 365, &rules),
        DunningStep::Wait(None)
    );
}

#[test]
fn a_hard_decline_stops_the_tries_and_not_what_follows() {
    let rules = Dunning::default();
    let mut record = owing();
    assert_eq!(record.payment_failed(&invoice('a'), true, NOW, &rules), None);
    let (restricted, canceled) = (NOW + DAY * 7, NOW + DAY * 14);
    assert_eq!(
        record.dunning_step(NOW, &rules),
        DunningStep::Wait(Some(restricted))
    );
    assert_eq!(record.dunning_step(restricted, &rules), DunningStep::Restrict);
    record.restricted = true;
    assert_eq!(
        record.dunning_step(restricted, &rules),
        DunningStep::Wait(Some(canceled))
    );
    assert_eq!(record.dunning_step(canceled, &rules), DunningStep::Cancel);
    // Another method is tried at once, by a payment of its own.
    record.try_again(restricted);
    assert_eq!(record.dunning_step(restricted, &rules), collect(2));
}

#[test]
fn what_follows_counts_from_the_oldest_invoice() {
    let rules = Dunning {
        retry: Vec::new(),
        overdue: vec![OverdueStep {
            after: Span::days(14),
            act: OverdueAct::Cancel,
        }],
        ..Dunning::default()
    };
    let mut record = owing();
    record.payment_failed(&invoice('a'), false, NOW, &rules);
    record.owe(invoice('b'), NOW + DAY * 10, Some(NOW + DAY * 10));
    record.payment_failed(&invoice('b'), false, NOW + DAY * 10, &rules);
    assert_eq!(
        record.dunning_step(NOW + DAY * 10, &rules),
        DunningStep::Wait(Some(NOW + DAY * 14))
    );
    record.owed.remove(0);
    assert_eq!(
        record.dunning_step(NOW + DAY * 14, &rules),
        DunningStep::Wait(Some(NOW + DAY * 24))
    );
}

#[test]
fn nothing_is_collected_before_it_began_or_once_it_is_over() {
    let rules = Dunning::default();
    for status in Status::ALL {
        let record = SubscriptionRecord { status, ..owing() };
        let dunned = matches!(status, Status::Active | Status::PastDue | Status::Canceling);
        let step = record.dunning_step(NOW, &rules);
        assert_eq!(step == collect(0), dunned, "{status:?}");
        if !dunned {
            assert_eq!(step, DunningStep::Wait(None));
        }
    }
}
