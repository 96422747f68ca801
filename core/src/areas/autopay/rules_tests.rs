//! Ceilings hold whatever becomes due and however payments end.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_ports::Span;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::DeclineClass;
use portcullis_ports::testkit::{FakeClock, FakeEntropy};
use portcullis_ports::{Clock as _, Timestamp};
use proptest::prelude::*;

use super::decide::{Owed, Step, decide};
use super::model::AutopayId;
use super::records::{Rule, Trigger};

const NOTICE: Duration = Duration::from_hours(48);

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Act {
    Owes(i64),
    Waits(u32),
    Succeeds,
    Fails(DeclineClass),
}

fn act() -> impl Strategy<Value = Act> {
    let class = prop_oneof![
        Just(DeclineClass::RetryLater),
        Just(DeclineClass::Authenticate),
        Just(DeclineClass::OurSide),
    ];
    prop_oneof![
        (1i64..4_000).prop_map(Act::Owes),
        (1u32..200).prop_map(Act::Waits),
        Just(Act::Succeeds),
        class.prop_map(Act::Fails),
    ]
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        Just(Trigger::Due),
        (1i64..3_000).prop_map(|minor| Trigger::Threshold { minor }),
        (1u8..=31).prop_map(|day| Trigger::Day { day }),
    ]
}

proptest! {
    #[test]
    fn no_payment_and_no_month_is_above_its_ceiling(
        trigger in trigger(),
        payment in 500i64..5_000,
        month in 500i64..9_000,
        acts in prop::collection::vec(act(), 1..120),
    ) {
        let (clock, entropy) = (FakeClock::default(), FakeEntropy::seeded(1));
        let mut now: Timestamp = clock.now();
        let currency = Currency::parse("USD").unwrap();
        let id = AutopayId::time_ordered(now, &entropy).unwrap();
        let mut rule = Rule {
            enabled: true,
            payment_ceiling: Some(payment),
            month_ceiling: Some(month),
            trigger,
            ..Rule::none(&Subject::parse("usr_ada").unwrap(), currency, id, now)
        };
        rule.turn = rule.turn_after(now).unwrap();
        let retry = [Span::days(1), Span::days(3)];
        let mut owed = 0;
        let mut told = None;
        let mut taken: BTreeMap<String, i64> = BTreeMap::new();
        for act in acts {
            match act {
                Act::Owes(minor) => owed += minor,
                Act::Waits(hours) => now = now + Duration::from_hours(hours.into()),
                Act::Succeeds => if let Some(open) = rule.open.clone() {
                    rule.succeeded(&open, open.minor, now);
                    owed -= open.minor;
                },
                Act::Fails(class) => if let Some(open) = rule.open.clone() {
                    rule.failed(&open, Some(class), (now, &retry));
                    *taken.get_mut(&open.month).unwrap() -= open.minor;
                },
            }
            let step = decide(&rule, Owed { payable: owed, collecting: false }, now, NOTICE).unwrap();
            match step {
                Step::Collect => {
                    prop_assert!(rule.open.is_none());
                    prop_assert!(owed <= payment);
                    if matches!(trigger, Trigger::Day { .. }) && rule.retry_at.is_none() {
                        prop_assert!(told.is_some_and(|told| now.since(told) >= NOTICE), "unannounced");
                    }
                    let sum = taken.entry(rule.zone.month(now).unwrap()).or_default();
                    *sum += owed;
                    prop_assert!(*sum <= month, "{sum} in a month of {month}");
                    rule.begin(&PaymentId::time_ordered(now, &entropy).unwrap(), owed, now).unwrap();
                    told = None;
                }
                Step::Announce { turn } => {
                    prop_assert!(turn.since(now) >= NOTICE);
                    (rule.turn, rule.noticed, told) = (Some(turn), Some(turn), Some(now));
                }
                Step::Pass | Step::HoldBack(_) => {
                    rule.pass(now).unwrap();
                    told = None;
                }
                Step::Wait(until) => prop_assert!(until > now),
                Step::Rest => {
                    prop_assert!(matches!(trigger, Trigger::Threshold { minor } if owed < minor), "{owed}");
                }
            }
        }
    }
}
