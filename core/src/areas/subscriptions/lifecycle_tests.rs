//! Periods follow each other without a gap, whatever they are counted in, and changes add up to the cent.

use std::num::NonZeroU16;
use std::time::Duration;

use portcullis_ports::Timestamp;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use proptest::prelude::*;
use proptest::sample::select;

use super::lifecycle::GivenBack;
use super::lifecycle::{INCOMPLETE, Step, anchored};
use super::records::{EndReason, Period, SubscriptionRecord, Terms};
use super::status::SubscriptionStatus as Status;
use crate::areas::entitlements::SubscriptionId;
use crate::areas::plans::{Entitlements, PlanId, PriceId};
use crate::foundation::calendar::{Interval, Unit, Zone};

const NOTICE: Duration = Duration::from_hours(7 * 24);
const DAY: Duration = Duration::from_hours(24);

pub(super) fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::parse("USD").unwrap())
}

pub(super) fn terms(plan: &str, cents: i64, unit: Unit, count: u16, anchor_day: Option<i8>) -> Terms {
    terms_in(&Zone::utc(), plan, cents, (unit, count, anchor_day))
}

/// Terms whose periods are counted in a zone.
fn terms_in(
    zone: &Zone,
    plan: &str,
    cents: i64,
    (unit, count, anchor_day): (Unit, u16, Option<i8>),
) -> Terms {
    Terms {
        zone: zone.clone(),
        plan: PlanId::parse(plan).unwrap(),
        name: plan.to_owned(),
        price: PriceId::parse("price_01jzpcq2ah2nbrexx3vqjhp41a").unwrap(),
        amount: usd(cents),
        interval: Interval {
            unit,
            count: NonZeroU16::new(count).unwrap(),
        },
        anchor_day,
        tax_code: None,
        entitlements: Entitlements::new(),
    }
}

const NOTHING: GivenBack = GivenBack {
    minor: 0,
    price: 1,
    with_taxes: 1,
};

/// A subscription that was made at a moment and has begun no period yet.
pub(super) fn drafted(terms: Terms, zone: &Zone, now: Timestamp) -> SubscriptionRecord {
    let terms = Terms {
        zone: zone.clone(),
        ..terms
    };
    let (anchor, next) = anchored(&terms, now).unwrap();
    SubscriptionRecord {
        id: SubscriptionId::parse("sub_01jzpcq2ah2nbrexx3vqjhp41a").unwrap(),
        subject: Subject::parse("usr_ada").unwrap(),
        status: Status::Incomplete,
        terms,
        anchor,
        next,
        period: Period {
            start: now,
            end: now,
            whole_from: now,
            trial: false,
        },
        billed: Vec::new(),
        set_off: 0,
        billed_through: now,
        method: None,
        collector: None,
        change: None,
        owed: Vec::new(),
        restricted: false,
        charged_at: None,
        expiry_told: None,
        because: None,
        created_at: now,
        updated_at: now,
        canceled_at: None,
        ended_at: None,
    }
}

/// One that is paid for its first period.
pub(super) fn active(terms: Terms, zone: &Zone, now: Timestamp) -> SubscriptionRecord {
    let mut record = drafted(terms, zone, now);
    record.begin_next_period().unwrap();
    record.status = Status::Active;
    record
}

fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_seconds(instant.as_second())
}

fn units() -> impl Strategy<Value = (Unit, u16, Option<i8>)> {
    let free = (
        select(vec![Unit::Day, Unit::Week, Unit::Month, Unit::Year]),
        1_u16..14,
        Just(None),
    );
    let on_day = (Just(Unit::Month), 1_u16..14, (1_i8..=31).prop_map(Some));
    prop_oneof![free, on_day]
}

proptest! {
    #[test]
    fn every_period_starts_where_the_one_before_ends(
        seconds in 0_i64..4_000_000_000,
        zone in select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
        (unit, count, day) in units(),
        cents in 0_i64..1_000_000,
    ) {
        let (zone, now) = (Zone::parse(zone).unwrap(), Timestamp::from_seconds(seconds));
        let mut record = drafted(terms("pro", cents, unit, count, day), &zone, now);
        let mut end = now;
        for n in 0..30 {
            let begun = record.begin_next_period().unwrap();
            prop_assert_eq!(begun.start, end);
            prop_assert!(begun.end > begun.start);
            prop_assert_eq!(record.billed_through, begun.end);
            prop_assert_eq!((record.period.start, record.period.end), (begun.start, begun.end));
            // Only the first one may be shorter, and cost less.
            prop_assert!(begun.price.minor <= cents);
            if n > 0 || day.is_none() {
                prop_assert_eq!(begun.price, usd(cents));
                prop_assert_eq!(record.period.whole_from, begun.start);
            }
            end = begun.end;
        }
    }

    #[test]
    fn a_change_and_its_reverse_add_up_to_nothing(
        seconds in 0_i64..4_000_000_000,
        zone in select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        (unit, count, day) in units(),
        (first, second) in (0_i64..10_000_000, 0_i64..10_000_000),
        part in 0_u32..1_000,
    ) {
        let (zone, now) = (Zone::parse(zone).unwrap(), Timestamp::from_seconds(seconds));
        let mut record = active(terms("pro", first, unit, count, day), &zone, now);
        let Period { start, end, .. } = record.period;
        let length = end.since(start).as_secs();
        let moment = start + Duration::from_secs(length * u64::from(part) / 1_000);
        let other = terms_in(&zone, "team", second, (unit, count, day));
        let there = record.change_now(other, moment, NOTHING).unwrap();
        let former = terms_in(&zone, "pro", first, (unit, count, day));
        let back = record.change_now(former, moment, NOTHING).unwrap();
        let total: i64 = there.iter().chain(&back).map(|(.., amount)| amount.minor).sum();
        prop_assert_eq!(total, 0);
        prop_assert_eq!((record.period.start, record.period.end), (start, end));
        // Nothing more is given back than the period cost, and nothing more is billed than the other one costs.
        prop_assert!(there[0].2.minor <= 0 && -there[0].2.minor <= first);
        prop_assert!(there[1].2.minor >= 0 && there[1].2.minor <= second);
    }

    #[test]
    fn a_change_to_other_periods_begins_them_today(
        seconds in 0_i64..4_000_000_000,
        (unit, count, day) in units(),
        later in 0_u64..30,
    ) {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let now = Timestamp::from_seconds(seconds);
        let mut record = active(terms("pro", 1_999, Unit::Year, 1, None), &zone, now);
        let moment = now + DAY * u32::try_from(later).unwrap();
        let other = terms_in(&zone, "team", 4_999, (unit, count, day));
        let same = record.same_periods(&other);
        let parts = record.change_now(other, moment, NOTHING).unwrap();
        prop_assert_eq!(parts.len(), 2);
        if !same {
            prop_assert_eq!(record.period.start, moment);
            prop_assert!(record.period.end > moment);
        }
        let end = record.period.end;
        prop_assert_eq!(record.begin_next_period().unwrap().start, end);
    }
}

#[test]
fn months_from_the_last_day_do_not_drift_and_days_of_the_month_are_kept() {
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    let mut record = drafted(
        terms("pro", 3_100, Unit::Month, 1, None),
        &berlin,
        at("2027-01-31T08:00:00Z"),
    );
    let ends: Vec<String> = (0..4)
        .map(|_| berlin.date_text(record.begin_next_period().unwrap().end).unwrap())
        .collect();
    assert_eq!(ends, ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]);
    // The first period up to the first of a month costs its days: 11 of 31.
    let mut record = drafted(
        terms("pro", 3_100, Unit::Month, 1, Some(1)),
        &berlin,
        at("2027-01-21T08:00:00Z"),
    );
    let first = record.begin_next_period().unwrap();
    assert_eq!(
        (first.price, berlin.date_text(first.end).unwrap()),
        (usd(1_100), "2027-02-01".to_owned())
    );
    assert_eq!(record.begin_next_period().unwrap().price, usd(3_100));
}

#[test]
fn a_dearer_plan_costs_the_difference_of_the_days_that_are_left() {
    let (zone, start) = (Zone::utc(), at("2027-06-01T00:00:00Z"));
    let mut record = active(terms("pro", 3_000, Unit::Month, 1, None), &zone, start);
    let parts = record
        .change_now(
            terms("team", 9_000, Unit::Month, 1, None),
            at("2027-06-21T12:00:00Z"),
            NOTHING,
        )
        .unwrap();
    let amounts: Vec<i64> = parts.iter().map(|(.., amount)| amount.minor).collect();
    assert_eq!(amounts, [-1_000, 3_000]);
    assert_eq!(parts[0].1, "pro: 2027-06-21 to 2027-06-30");
    assert_eq!(record.period.end, at("2027-07-01T00:00:00Z"));
    assert_eq!(record.begin_next_period().unwrap().price, usd(9_000));
}

#[test]
fn a_trial_goes_on_under_another_plan_and_costs_nothing() {
    let (zone, start) = (Zone::utc(), at("2027-06-01T00:00:00Z"));
    let mut record = drafted(terms("pro", 3_000, Unit::Month, 1, None), &zone, start + DAY * 14);
    record.period = Period {
        start,
        end: start + DAY * 14,
        whole_from: start,
        trial: true,
    };
    record.status = Status::Trialing;
    let parts = record
        .change_now(terms("year", 20_000, Unit::Year, 1, None), start + DAY, NOTHING)
        .unwrap();
    assert!(parts.is_empty());
    let begun = record.begin_next_period().unwrap();
    assert_eq!((begun.start, begun.price), (start + DAY * 14, usd(20_000)));
    assert_eq!(begun.end, at("2028-06-15T00:00:00Z"));
}

#[test]
fn what_is_due_follows_from_where_it_stands() {
    let (zone, start) = (Zone::utc(), at("2027-06-01T00:00:00Z"));
    let base = active(terms("pro", 3_000, Unit::Month, 1, None), &zone, start);
    let end = base.period.end;
    let of = |status| SubscriptionRecord {
        status,
        ..base.clone()
    };
    let soon = Timestamp::from_seconds(end.seconds() - 1);
    for status in [Status::Trialing, Status::Active, Status::PastDue] {
        assert_eq!(
            of(status).step(start, NOTICE),
            Step::Wait(Some(at("2027-06-24T00:00:00Z")))
        );
        assert_eq!(of(status).step(soon, NOTICE), Step::LookAtCard);
        assert_eq!(of(status).step(end, NOTICE), Step::Bill);
        let told = SubscriptionRecord {
            expiry_told: Some(base.next),
            ..of(status)
        };
        assert_eq!(told.step(soon, NOTICE), Step::Wait(Some(end)));
    }
    let withheld = SubscriptionRecord {
        restricted: true,
        ..of(Status::PastDue)
    };
    assert_eq!(withheld.step(end, NOTICE), Step::Wait(None));
    assert_eq!(of(Status::Canceling).step(soon, NOTICE), Step::Wait(Some(end)));
    assert_eq!(of(Status::Canceling).step(end, NOTICE), Step::End);
    assert_eq!(
        of(Status::Incomplete).step(start, NOTICE),
        Step::Wait(Some(start + INCOMPLETE))
    );
    assert_eq!(
        of(Status::Incomplete).step(start + INCOMPLETE, NOTICE),
        Step::Expire
    );
    for status in [Status::Paused, Status::Canceled, Status::Ended] {
        assert_eq!(of(status).step(end + DAY, NOTICE), Step::Wait(None));
    }
}

#[test]
fn periods_that_were_not_served_are_left_out() {
    let (zone, start) = (Zone::utc(), at("2027-01-31T00:00:00Z"));
    let mut record = active(terms("pro", 3_000, Unit::Month, 1, None), &zone, start);
    let late = at("2027-05-10T00:00:00Z");
    record.skip_to(late).unwrap();
    let begun = record.begin_next_period().unwrap();
    assert_eq!(
        (begun.start, begun.end),
        (at("2027-04-30T00:00:00Z"), at("2027-05-31T00:00:00Z"))
    );
    assert_eq!(begun.price, usd(3_000));
    let before = record.clone();
    record.skip_to(late).unwrap();
    assert_eq!(record, before);
}

#[test]
fn what_is_over_neither_grants_nor_moves() {
    let now = at("2027-06-01T00:00:00Z");
    let mut record = active(terms("pro", 3_000, Unit::Month, 1, None), &Zone::utc(), now);
    assert!(record.grant().is_some());
    record.cancel(EndReason::Customer, now).unwrap();
    assert_eq!((record.grant(), record.ended_at), (None, Some(now)));
    for status in Status::ALL {
        let moved = record.move_to(status, now);
        assert_eq!(moved.is_ok(), status == Status::Canceled, "{status:?}");
    }
}
