//! News of vendors: in any order, more than once, and of things that nobody here knows.

use portcullis_ports::payments::{EventObject, EventOrigin, EventTopic, Expiry, MethodState, PaymentEvent};
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::super::testing::{MethodsBed, methods};
use super::super::{DeadReason, MethodStatus};
use crate::areas::sessions::SignedIn;

/// A person with one card, and what the vendor told of it by then.
async fn with_card(bed: &MethodsBed) -> SignedIn {
    let ada = bed.person("ada").await;
    bed.card(&ada, "1").await;
    bed.vendor.take_events();
    ada
}

async fn theirs(bed: &MethodsBed, who: &SignedIn) -> portcullis_ports::payments::VendorRef {
    bed.stored(who).await.methods[0].stored.reference.theirs.clone()
}

/// The news that a card got another month of expiry.
async fn renewed(bed: &MethodsBed, who: &SignedIn, year: u16) -> PaymentEvent {
    let theirs = theirs(bed, who).await;
    let expires = Some(Expiry { year, month: 1 });
    assert!(
        bed.vendor
            .change_method(&theirs, |method| method.expires = expires)
    );
    bed.vendor.take_events().remove(0)
}

#[tokio::test]
async fn a_renewed_card_shows_its_new_month() {
    let bed = methods().await;
    let ada = with_card(&bed).await;
    let event = renewed(&bed, &ada, 2045).await;
    assert!(bed.apply(&event).await);
    assert!(!bed.apply(&event).await, "again it changes nothing");
    let shown = &bed.list(&ada).await[0];
    assert_eq!((shown.exp_year, shown.exp_month), (Some(2045), Some(1)));
}

#[tokio::test]
async fn old_news_do_not_undo_newer_ones() {
    let bed = methods().await;
    let ada = with_card(&bed).await;
    let (older, newer) = (renewed(&bed, &ada, 2044).await, renewed(&bed, &ada, 2045).await);
    assert!(bed.apply(&newer).await);
    assert!(!bed.apply(&older).await, "the vendor is asked, and says 2045");
    assert_eq!(bed.list(&ada).await[0].exp_year, Some(2045));
}

#[tokio::test]
async fn a_method_that_the_vendor_took_away_is_dead_for_good() {
    let bed = methods().await;
    let ada = with_card(&bed).await;
    let renewed = renewed(&bed, &ada, 2045).await;
    let reference = bed.stored(&ada).await.methods[0].stored.reference.clone();
    let event = |state| PaymentEvent {
        id: format!("{state:?}"),
        object: Some(EventObject::Method {
            reference: reference.clone(),
            state,
            method: None,
        }),
        ..renewed.clone()
    };
    assert!(bed.apply(&event(MethodState::MandateWithdrawn)).await);
    let shown = bed.list(&ada).await[0].clone();
    assert_eq!(
        (shown.status, shown.reason),
        (MethodStatus::Dead, Some(DeadReason::MandateWithdrawn))
    );
    assert!(!bed.apply(&event(MethodState::Usable)).await);
    assert!(!bed.apply(&renewed).await);
    assert!(shown.is_default, "another method is not charged unasked");
}

#[tokio::test]
async fn a_method_that_the_vendor_does_not_have_any_more_is_dead() {
    let bed = methods().await;
    let ada = with_card(&bed).await;
    let event = PaymentEvent {
        object: None,
        ..renewed(&bed, &ada, 2045).await
    };
    let reference = bed.stored(&ada).await.methods[0].stored.reference.clone();
    let forgotten = bed.guarded().forget_method(&reference).await;
    assert_eq!(forgotten, portcullis_ports::outcome::Outcome::Done(()));
    assert!(bed.apply(&event).await);
    assert_eq!(bed.list(&ada).await[0].reason, Some(DeadReason::Detached));
}

#[tokio::test]
async fn news_of_others_change_nothing() {
    let bed = methods().await;
    let ada = with_card(&bed).await;
    let event = renewed(&bed, &ada, 2045).await;
    for origin in [EventOrigin::ForeignMode, EventOrigin::ForeignAccount] {
        let foreign = PaymentEvent {
            origin,
            ..event.clone()
        };
        assert!(!bed.apply(&foreign).await);
    }
    for topic in [EventTopic::Payment, EventTopic::Other("payout".to_owned())] {
        let other = PaymentEvent {
            topic,
            ..event.clone()
        };
        assert!(!bed.apply(&other).await);
    }
    assert!(
        !bed.methods.apply_event("other", &event).await.unwrap(),
        "the name is of another vendor"
    );
    assert_eq!(bed.list(&ada).await[0].exp_year, Some(2040));
}

#[tokio::test]
async fn a_removed_method_stays_removed_whatever_is_told() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let id = bed.card(&ada, "1").await;
    let told = bed.vendor.take_events();
    let renewed = renewed(&bed, &ada, 2045).await;
    bed.methods.remove(&ada, &id).await.unwrap();
    for event in told.iter().chain([&renewed]) {
        assert!(!bed.apply(event).await, "{event:?}");
    }
    assert!(bed.list(&ada).await.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn news_in_any_order_and_number_come_to_the_same(
        order in subsequence(vec![0usize, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3], 4..12).prop_shuffle(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bed = methods().await;
            let ada = bed.person("ada").await;
            let view = bed.begin(&ada, "1").await.unwrap();
            bed.vendor.enter_card(&bed.theirs(&ada, &view.setup_id).await).unwrap();
            let mut events = bed.vendor.take_events();
            let theirs = bed.vendor.methods()[0].reference.theirs.clone();
            for year in [2044, 2045] {
                let expires = Some(Expiry { year, month: 1 });
                bed.vendor.change_method(&theirs, |method| method.expires = expires);
            }
            bed.vendor.change_method(&theirs, |method| method.label = "Visa Gold".to_owned());
            events.extend(bed.vendor.take_events());
            for at in order {
                bed.apply(&events[at]).await;
            }
            // Whoever comes late brings what was missed.
            for event in events {
                bed.apply(&event).await;
            }
            let shown = bed.list(&ada).await;
            assert_eq!(shown.len(), 1);
            assert_eq!((shown[0].exp_year, shown[0].label.as_str()), (Some(2045), "Visa Gold"));
        });
    }
}
