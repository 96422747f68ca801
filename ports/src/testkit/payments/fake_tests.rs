//! The vendor in memory keeps what the port promises, and shows what goes wrong.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::suite::Case;
use super::{Behaviour, Counterparty, FakePayments, PaymentFault, conforms};
use crate::outcome::{Outcome, Reference};
use crate::payments::{Charge, PaymentProvider as _, Payments};
use crate::testkit::FakeRuntime;

/// Runs what waits for nothing: the vendor in memory answers at once.
fn at_once(run: impl Future<Output = ()>) {
    assert_eq!(run.now_or_never(), Some(()), "it waits for something");
}

fn vendor() -> (FakeRuntime, Arc<FakePayments>) {
    let runtime = FakeRuntime::default();
    let vendor = FakePayments::new(Arc::clone(&runtime.clock) as Arc<_>);
    (runtime, vendor)
}

async fn order(runtime: &FakeRuntime, vendor: &Arc<FakePayments>) -> Charge {
    let connected = vendor.connected();
    let case = Case {
        connected: &connected,
        declared: FakePayments::CAPABILITIES,
        counterparty: &**vendor,
        runtime,
    };
    case.stored(Behaviour::Succeeds).await.unwrap()
}

#[test]
fn it_passes_the_suite_and_declares_what_it_brings() {
    at_once(async {
        let (runtime, vendor) = vendor();
        let connected = vendor.connected();
        for (capability, present) in crate::plugin::Connected::<Payments>::offers(&connected, None) {
            let declared = FakePayments::CAPABILITIES.contains(&capability);
            assert_eq!(declared, present, "{capability:?}");
        }
        assert!(!crate::plugin::Connected::<Payments>::webhook(&connected));
        conforms(&connected, FakePayments::CAPABILITIES, &*vendor, &runtime).await;
        assert_eq!(vendor.acted_twice(), []);
    });
}

#[test]
fn every_fault_is_what_it_says() {
    at_once(async {
        let (runtime, vendor) = vendor();
        for (fault, calls, acted) in [
            (PaymentFault::Refused, 0, 0),
            (PaymentFault::Busy(Duration::from_secs(3)), 0, 0),
            (PaymentFault::RequestLost, 0, 0),
            (PaymentFault::AnswerLost, 1, 1),
            (PaymentFault::ActsThenFails, 1, 1),
            (PaymentFault::ActsLate(Duration::from_secs(40)), 0, 0),
            (PaymentFault::ActsTwice, 2, 2),
        ] {
            let order = order(&runtime, &vendor).await;
            vendor.will(fault);
            let outcome = vendor.charge(&order).await;
            let unknown =
                matches!(&outcome, Outcome::Unknown(Reference::Ours(ours)) if *ours == order.id.to_string());
            let known = matches!(
                fault,
                PaymentFault::Refused | PaymentFault::Busy(_) | PaymentFault::ActsTwice
            );
            assert_eq!(unknown, !known, "{fault:?}: {outcome:?}");
            let totals = vendor.totals(&order.key);
            assert_eq!((totals.calls, totals.acted), (calls, acted), "{fault:?}");
            assert_eq!(
                vendor.acted_twice().contains(&order.key),
                fault == PaymentFault::ActsTwice
            );
        }
    });
}

#[test]
fn what_comes_late_comes_once_and_a_key_that_failed_fails_again() {
    at_once(async {
        let (runtime, vendor) = vendor();
        let late = order(&runtime, &vendor).await;
        vendor.will(PaymentFault::ActsLate(Duration::from_secs(40)));
        assert!(matches!(vendor.charge(&late).await, Outcome::Unknown(_)));
        assert_eq!(vendor.captured(&late.id.payment), [0; 0]);
        runtime.clock.advance(Duration::from_secs(40));
        assert_eq!(vendor.captured(&late.id.payment), [late.amount.get().minor]);
        let again = Charge { resend: true, ..late };
        assert!(matches!(vendor.charge(&again).await, Outcome::Done(_)));
        let failed = order(&runtime, &vendor).await;
        vendor.will(PaymentFault::ActsThenFails);
        for _ in 0..3 {
            assert!(matches!(vendor.charge(&failed).await, Outcome::Unknown(_)));
        }
        assert_eq!(vendor.captured(&failed.id.payment), [failed.amount.get().minor]);
    });
}

#[test]
fn what_comes_late_comes_at_its_moment_although_nobody_looks_for_days() {
    at_once(async {
        let (runtime, vendor) = vendor();
        let late = order(&runtime, &vendor).await;
        vendor.will(PaymentFault::ActsLate(Duration::from_secs(200)));
        assert!(matches!(vendor.charge(&late).await, Outcome::Unknown(_)));
        let again = Charge { resend: true, ..late };
        assert!(matches!(vendor.charge(&again).await, Outcome::Done(_)));
        runtime.clock.advance(Duration::from_hours(25));
        assert_eq!(vendor.captured(&again.id.payment), [again.amount.get().minor]);
        assert_eq!(vendor.acted_twice(), []);
    });
}

#[test]
fn after_the_window_a_key_is_forgotten_and_a_repeat_charges_again() {
    at_once(async {
        let (runtime, vendor) = vendor();
        let order = order(&runtime, &vendor).await;
        assert!(matches!(vendor.charge(&order).await, Outcome::Done(_)));
        let other = Charge {
            amount: crate::money::Amount::new(crate::money::Money::new(51, order.amount.get().currency))
                .unwrap(),
            ..order.clone()
        };
        assert!(matches!(vendor.charge(&other).await, Outcome::NotSent(_)));
        runtime.clock.advance(Duration::from_hours(25));
        assert!(matches!(vendor.charge(&order).await, Outcome::Done(_)));
        assert_eq!(vendor.acted_twice(), [order.key]);
    });
}
