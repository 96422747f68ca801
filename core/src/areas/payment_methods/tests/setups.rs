//! Adding a method: once, for whoever began it, whoever tells of its end.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis_ports::payments::{MethodKind, PaymentEvent};
use portcullis_ports::testkit::payments::PaymentFault;

use super::super::rules::{MOST_METHODS, MOST_SETUPS, SETUPS_OVER};
use super::super::testing::{MethodsBed, code, key, methods, two_nodes};
use super::super::{
    BeginSetup, CompleteSetup, METHOD_LIMIT, SETUP_DECLINED, SETUP_LIMIT, SETUP_NOT_FOUND, SetupState,
    SetupView, VENDOR_UNAVAILABLE,
};
use crate::areas::sessions::SignedIn;
use crate::foundation::input::INVALID_REQUEST;
use crate::services::idempotency::KEY_REUSED;
use crate::services::payment_vendors::{NOT_OFFERED, NextActionType, VENDOR_UNCLEAR};

fn secret(view: &SetupView) -> Option<&str> {
    view.next_action.as_ref()?.client_secret.as_deref()
}

fn told(amounts: [u32; 2]) -> CompleteSetup {
    CompleteSetup {
        amounts: Some(amounts.to_vec()),
        descriptor_code: None,
        handed: None,
    }
}

/// How often the vendor began a setup under the key of that number.
async fn begun(bed: &MethodsBed, who: &SignedIn, view: &SetupView, number: u32) -> u32 {
    let setup = super::super::records::Setup {
        number,
        ..bed.stored_setup(who, &view.setup_id).await
    };
    let order = bed.methods.setup_order(bed.guarded(), &setup, false).unwrap();
    bed.vendor.totals(&order.key).acted
}

#[tokio::test]
async fn a_card_is_added_once_however_often_it_is_completed() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let view = bed.begin(&ada, "1").await.unwrap();
    assert_eq!(view.status, SetupState::RequiresAction);
    assert_eq!(view.next_action.as_ref().unwrap().kind, NextActionType::Confirm);
    assert!(secret(&view).is_some());
    let seen = bed.methods.setup(&ada, &view.setup_id).await.unwrap();
    assert!(seen.next_action.is_none(), "the secret is shown once");
    let early = bed.complete(&ada, &view.setup_id).await.unwrap();
    assert_eq!((early.status, secret(&early)), (SetupState::RequiresAction, None));

    bed.vendor
        .enter_card(&bed.theirs(&ada, &view.setup_id).await)
        .unwrap();
    let done = bed.complete(&ada, &view.setup_id).await.unwrap();
    assert_eq!(done.status, SetupState::Succeeded);
    let again = bed.complete(&ada, &view.setup_id).await.unwrap();
    assert_eq!(again.payment_method_id, done.payment_method_id);
    assert_eq!(bed.list(&ada).await.len(), 1);
    let repeated = bed.begin(&ada, "1").await.unwrap();
    assert_eq!(
        (repeated.setup_id, repeated.status),
        (view.setup_id, SetupState::Succeeded)
    );
    assert_eq!(bed.vendor.acted_twice(), []);
    assert_eq!(bed.mails("ada").await.len(), 1);
}

#[tokio::test]
async fn the_same_key_goes_on_with_the_same_setup() {
    let [a, b] = two_nodes().await;
    let ada = a.person("ada").await;
    a.methods.customer(a.guarded(), ada.subject()).await.unwrap();
    let asked = (0..6).map(|n| if n % 2 == 0 { &a } else { &b }.begin(&ada, "1"));
    let views: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    assert!(
        views
            .iter()
            .all(|view| view.setup_id == views[0].setup_id && secret(view) == secret(&views[0]))
    );
    assert_eq!(a.stored(&ada).await.setups.len(), 1);
    assert_eq!(begun(&a, &ada, &views[0], 1).await, 1);
    let other = BeginSetup {
        vendor: None,
        kinds: Some(vec![MethodKind::Card]),
    };
    assert_eq!(
        code(a.methods.begin_setup(&ada, &key("1"), &other).await),
        KEY_REUSED
    );
}

#[tokio::test]
async fn a_beginning_whose_answer_was_lost_goes_on() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    bed.methods.customer(bed.guarded(), ada.subject()).await.unwrap();
    for fault in [
        PaymentFault::AnswerLost,
        PaymentFault::RequestLost,
        PaymentFault::Refused,
    ] {
        let text = format!("{fault:?}");
        bed.vendor.will_in_vault(fault);
        assert_eq!(code(bed.begin(&ada, &text).await), VENDOR_UNAVAILABLE, "{text}");
        let view = bed.begin(&ada, &text).await.unwrap();
        assert!(secret(&view).is_some(), "{text}");
        assert_eq!(begun(&bed, &ada, &view, 1).await, 1, "{text}");
    }
    assert_eq!(bed.stored(&ada).await.setups.len(), 3);
    assert_eq!(bed.vendor.acted_twice(), []);
}

#[tokio::test]
async fn a_key_that_the_vendor_answers_with_its_failure_is_given_up() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    bed.methods.customer(bed.guarded(), ada.subject()).await.unwrap();
    bed.vendor.will_in_vault(PaymentFault::ActsThenFails);
    for _ in 0..2 {
        assert_eq!(code(bed.begin(&ada, "1").await), VENDOR_UNAVAILABLE);
    }
    let view = bed.begin(&ada, "1").await.unwrap();
    assert!(secret(&view).is_some());
    assert_eq!(begun(&bed, &ada, &view, 2).await, 1);
}

#[tokio::test]
async fn nobody_sees_or_completes_the_setup_of_another_person() {
    let bed = methods().await;
    let (ada, eve) = (bed.person("ada").await, bed.person("eve").await);
    let view = bed.begin(&ada, "1").await.unwrap();
    bed.vendor
        .enter_card(&bed.theirs(&ada, &view.setup_id).await)
        .unwrap();
    assert_eq!(
        code(bed.methods.setup(&eve, &view.setup_id).await),
        SETUP_NOT_FOUND
    );
    assert_eq!(code(bed.complete(&eve, &view.setup_id).await), SETUP_NOT_FOUND);
    let own = bed.begin(&eve, "1").await.unwrap();
    assert_ne!(
        own.setup_id, view.setup_id,
        "the same key of another person is another intent"
    );
    assert!(bed.list(&eve).await.is_empty());
}

#[tokio::test]
async fn a_setup_of_another_customer_is_refused() {
    let bed = methods().await;
    let (ada, eve) = (bed.person("ada").await, bed.person("eve").await);
    let view = bed.begin(&ada, "1").await.unwrap();
    let foreign = bed.begin(&eve, "1").await.unwrap();
    // As if a page had handed over the vendor's name of somebody else's setup.
    let theirs = bed.theirs(&eve, &foreign.setup_id).await;
    bed.vendor.enter_card(&theirs).unwrap();
    let mut slot = bed.methods.methods(ada.subject()).await.unwrap();
    slot.value.setup_mut(&view.setup_id).unwrap().theirs = Some(theirs);
    let mut batch = crate::foundation::table::Batch::default();
    batch.save(&slot).unwrap();
    bed.base.context.commit(batch).await.unwrap();
    assert_eq!(code(bed.complete(&ada, &view.setup_id).await), SETUP_DECLINED);
    assert!(bed.list(&ada).await.is_empty());
    assert_eq!(
        bed.stored_setup(&ada, &view.setup_id).await.state,
        SetupState::Failed
    );
}

#[tokio::test]
async fn a_bank_account_is_proven_by_what_arrived() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let view = bed.begin(&ada, "1").await.unwrap();
    assert!(
        bed.vendor
            .enter_bank_account(&bed.theirs(&ada, &view.setup_id).await)
    );
    let waiting = bed.complete(&ada, &view.setup_id).await.unwrap();
    let action = waiting.next_action.as_ref().unwrap();
    assert_eq!(action.kind, NextActionType::Microdeposits);
    assert!(action.at.is_some() && action.client_secret.is_none());
    assert!(
        waiting.expires_at > view.expires_at + 86_400 * 8,
        "deposits take days"
    );

    bed.base.clock.advance(Duration::from_hours(72));
    let ada = bed.session(ada.subject()).await;
    let seen = bed.methods.setup(&ada, &view.setup_id).await.unwrap();
    assert_eq!(seen.next_action.unwrap().kind, NextActionType::Microdeposits);
    let wrong = bed
        .methods
        .complete_setup(&ada, &view.setup_id, &told([1, 2]))
        .await;
    assert_eq!(code(wrong), SETUP_DECLINED);
    let done = bed
        .methods
        .complete_setup(&ada, &view.setup_id, &told([32, 45]))
        .await
        .unwrap();
    assert_eq!(done.status, SetupState::Succeeded);
    assert_eq!(
        bed.stored_setup(&ada, &view.setup_id).await.proofs,
        2,
        "each under a key of its own"
    );
    let list = bed.list(&ada).await;
    assert_eq!(
        (list[0].method_type, list[0].brand.as_deref()),
        (MethodKind::UsBankDebit, None)
    );
    for wrong in [
        told([1, 2]).amounts.map(|_| CompleteSetup {
            amounts: Some(vec![1]),
            descriptor_code: None,
            handed: None,
        }),
        Some(CompleteSetup {
            amounts: Some(vec![1, 2]),
            descriptor_code: Some("SM11AA".to_owned()),
            handed: None,
        }),
        Some(CompleteSetup {
            amounts: None,
            descriptor_code: Some("SM 11".to_owned()),
            handed: None,
        }),
        Some(CompleteSetup {
            amounts: None,
            descriptor_code: None,
            handed: Some([("name".to_owned(), "v".repeat(5_000))].into()),
        }),
    ] {
        let refused = bed
            .methods
            .complete_setup(&ada, &view.setup_id, &wrong.unwrap())
            .await;
        assert_eq!(code(refused), INVALID_REQUEST);
    }
}

#[tokio::test]
async fn the_card_is_stored_although_the_browser_never_came_back() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let view = bed.begin(&ada, "1").await.unwrap();
    bed.vendor
        .enter_card(&bed.theirs(&ada, &view.setup_id).await)
        .unwrap();
    let events = bed.vendor.take_events();
    assert!(bed.apply(&events[0]).await);
    assert!(!bed.apply(&events[0]).await, "once");
    assert_eq!(bed.list(&ada).await.len(), 1);
    let done = bed.complete(&ada, &view.setup_id).await.unwrap();
    assert_eq!(done.status, SetupState::Succeeded);
    assert_eq!(
        done.payment_method_id,
        Some(bed.list(&ada).await[0].payment_method_id.clone())
    );
    let unnamed = PaymentEvent {
        setup: None,
        object: None,
        ..events[0].clone()
    };
    assert!(!bed.apply(&unnamed).await, "nobody can tell whose it is");
}

#[tokio::test]
async fn a_card_that_is_refused_leaves_room_for_another() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let view = bed.begin(&ada, "1").await.unwrap();
    let theirs = bed.theirs(&ada, &view.setup_id).await;
    assert!(bed.vendor.refuse_card(&theirs));
    for _ in 0..2 {
        assert_eq!(code(bed.complete(&ada, &view.setup_id).await), SETUP_DECLINED);
    }
    let standing = bed.methods.setup(&ada, &view.setup_id).await.unwrap();
    assert_eq!(standing.status, SetupState::RequiresAction);
    bed.vendor.enter_card(&theirs).unwrap();
    let done = bed.complete(&ada, &view.setup_id).await.unwrap();
    assert_eq!(done.status, SetupState::Succeeded);
}

#[tokio::test]
async fn a_payer_who_is_late_at_the_vendor_still_gets_the_method() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let view = bed.begin(&ada, "1").await.unwrap();
    let theirs = bed.theirs(&ada, &view.setup_id).await;
    bed.base.clock.advance(Duration::from_hours(30));
    bed.vendor.enter_card(&theirs).unwrap();
    for event in bed.vendor.take_events() {
        assert!(bed.apply(&event).await);
    }
    assert_eq!(bed.list(&ada).await.len(), 1);
}

#[tokio::test]
async fn news_without_a_picture_have_the_vendor_asked() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let view = bed.begin(&ada, "1").await.unwrap();
    bed.vendor
        .enter_card(&bed.theirs(&ada, &view.setup_id).await)
        .unwrap();
    let event = PaymentEvent {
        object: None,
        ..bed.vendor.take_events().remove(0)
    };
    assert!(bed.apply(&event).await);
    assert_eq!(bed.list(&ada).await.len(), 1);
}

#[tokio::test]
async fn five_are_added_at_once_and_a_day_later_there_is_room() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let mut first = None;
    for number in 0..MOST_SETUPS {
        let view = bed.begin(&ada, &format!("{number}")).await.unwrap();
        first.get_or_insert(view.setup_id);
    }
    assert_eq!(code(bed.begin(&ada, "another").await), SETUP_LIMIT);
    bed.base.clock.advance(Duration::from_hours(24));
    let ada = bed.session(ada.subject()).await;
    assert_eq!(
        code(bed.methods.setup(&ada, &first.unwrap()).await),
        SETUP_NOT_FOUND
    );
    bed.begin(&ada, "another").await.unwrap();
    assert_eq!(bed.stored(&ada).await.setups.len(), 6);
}

#[tokio::test]
async fn the_twenty_first_is_refused_before_and_after_it_was_entered() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    for number in 0..MOST_METHODS - 1 {
        bed.card(&ada, &format!("{number}")).await;
    }
    let [one, other] = [
        bed.begin(&ada, "a").await.unwrap(),
        bed.begin(&ada, "b").await.unwrap(),
    ];
    for view in [&one, &other] {
        bed.vendor
            .enter_card(&bed.theirs(&ada, &view.setup_id).await)
            .unwrap();
    }
    bed.complete(&ada, &one.setup_id).await.unwrap();
    assert_eq!(code(bed.begin(&ada, "c").await), METHOD_LIMIT);
    assert_eq!(code(bed.complete(&ada, &other.setup_id).await), METHOD_LIMIT);
    let stored = bed.stored(&ada).await;
    assert_eq!((stored.methods.len(), stored.forgetting.len()), (MOST_METHODS, 1));
    assert!(
        stored.setups.len() <= SETUPS_OVER + MOST_SETUPS,
        "{}",
        stored.setups.len()
    );
}

#[tokio::test]
async fn what_no_vendor_offers_is_refused_before_anything_is_written() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let begin = async |vendor: Option<&str>, kinds: Option<Vec<MethodKind>>| {
        let command = BeginSetup {
            vendor: vendor.map(str::to_owned),
            kinds,
        };
        code(bed.methods.begin_setup(&ada, &key("1"), &command).await)
    };
    assert_eq!(begin(Some("other"), None).await, VENDOR_UNCLEAR);
    assert_eq!(begin(None, Some(vec![MethodKind::SepaDebit])).await, NOT_OFFERED);
    assert_eq!(begin(None, Some(vec![])).await, INVALID_REQUEST);
    assert!(bed.stored(&ada).await.setups.is_empty());
}
