//! Default, order, use and removal.

use std::time::Duration;

use futures_util::future::join;

use super::super::records::CustomerMethods;
use super::super::rules::{LAST_PRIORITY, MOST_METHODS};
use super::super::rules_tests::card;
use super::super::testing::{MethodsBed, code, methods, two_nodes};
use super::super::{
    DeadReason, METHOD_NOT_FOUND, METHOD_UNUSABLE, MethodStatus, NO_DEFAULT_METHOD, PaymentMethodId,
    SetDefaultMethod, SetMethodPriority,
};
use crate::areas::sessions::SignedIn;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::input::INVALID_REQUEST;
use crate::foundation::table::Batch;
use portcullis_ports::Result;
use portcullis_ports::payments::{Expiry, StoredMethod};

async fn set_default(bed: &MethodsBed, who: &SignedIn, id: &PaymentMethodId) -> Result<()> {
    let payment_method_id = id.clone();
    bed.methods
        .set_default(who, &SetDefaultMethod { payment_method_id })
        .await
}

async fn place(bed: &MethodsBed, who: &SignedIn, id: &PaymentMethodId, priority: u32) -> Result<()> {
    let payment_method_id = id.clone();
    let command = SetMethodPriority {
        payment_method_id,
        priority,
    };
    bed.methods.set_priority(who, &command).await
}

/// Stores a method as a payment does that saves one.
async fn adopt(bed: &MethodsBed, who: &SignedIn, stored: &StoredMethod) {
    let mut batch = Batch::default();
    bed.methods
        .adopt(&mut batch, who.subject(), "main", stored)
        .await
        .unwrap();
    bed.base.context.commit(batch).await.unwrap();
}

#[tokio::test]
async fn methods_stand_in_order_and_one_is_charged_by_default() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    assert_eq!(
        code(bed.usable(ada.subject(), "main", None).await),
        NO_DEFAULT_METHOD
    );
    let (first, second) = (bed.card(&ada, "1").await, bed.card(&ada, "2").await);
    let charged = bed.usable(ada.subject(), "main", None).await.unwrap();
    assert_eq!(charged.id, first);
    place(&bed, &ada, &first, 7).await.unwrap();
    set_default(&bed, &ada, &second).await.unwrap();
    let list = bed.list(&ada).await;
    let shown: Vec<_> = list
        .iter()
        .map(|one| (&one.payment_method_id, one.is_default, one.priority))
        .collect();
    assert_eq!(shown, [(&second, true, 1), (&first, false, 7)]);
    assert_eq!(
        (
            list[0].vendor.as_str(),
            list[0].brand.as_deref(),
            list[0].last4.as_deref(),
            list[0].status
        ),
        ("main", Some("Visa"), Some("4242"), MethodStatus::Active)
    );
    let charged = bed.usable(ada.subject(), "main", None).await.unwrap();
    assert_eq!(charged.id, second);
    assert_eq!(
        bed.methods
            .named(ada.subject(), Some(&first))
            .await
            .unwrap()
            .instance(),
        "main"
    );
    assert_eq!(
        code(place(&bed, &ada, &first, LAST_PRIORITY + 1).await),
        INVALID_REQUEST
    );
}

#[tokio::test]
async fn nobody_touches_the_method_of_another_person() {
    let bed = methods().await;
    let (ada, eve) = (bed.person("ada").await, bed.person("eve").await);
    let id = bed.card(&ada, "1").await;
    assert_eq!(code(set_default(&bed, &eve, &id).await), METHOD_NOT_FOUND);
    assert_eq!(code(place(&bed, &eve, &id, 1).await), METHOD_NOT_FOUND);
    assert_eq!(code(bed.methods.remove(&eve, &id).await), METHOD_NOT_FOUND);
    let used = bed.usable(eve.subject(), "main", Some(&id)).await;
    assert_eq!(code(used), METHOD_NOT_FOUND);
    assert_eq!(bed.list(&ada).await.len(), 1);
}

#[tokio::test]
async fn an_old_sign_in_adds_chooses_and_removes_nothing() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let id = bed.card(&ada, "1").await;
    bed.base.clock.advance(Duration::from_mins(6));
    assert_eq!(code(bed.begin(&ada, "2").await), STEP_UP_REQUIRED);
    assert_eq!(code(set_default(&bed, &ada, &id).await), STEP_UP_REQUIRED);
    assert_eq!(code(bed.methods.remove(&ada, &id).await), STEP_UP_REQUIRED);
    place(&bed, &ada, &id, 3).await.unwrap();
}

#[tokio::test]
async fn a_removed_method_is_gone_at_once_and_the_next_is_the_default() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let (first, second) = (bed.card(&ada, "1").await, bed.card(&ada, "2").await);
    bed.methods.remove(&ada, &first).await.unwrap();
    let list = bed.list(&ada).await;
    assert_eq!(
        list.iter()
            .map(|one| (&one.payment_method_id, one.is_default))
            .collect::<Vec<_>>(),
        [(&second, true)]
    );
    let used = bed.usable(ada.subject(), "main", Some(&first)).await;
    assert_eq!(code(used), METHOD_NOT_FOUND);
    assert_eq!(code(bed.methods.remove(&ada, &first).await), METHOD_NOT_FOUND);
    let mails = bed.mails("ada").await;
    assert_eq!(
        mails.iter().filter(|text| text.contains("was removed")).count(),
        1,
        "{mails:?}"
    );
    assert_eq!(
        mails.iter().filter(|text| text.contains("was added")).count(),
        2,
        "{mails:?}"
    );
}

#[tokio::test]
async fn a_method_of_another_account_never_becomes_the_default() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let first = bed.card(&ada, "1").await;
    bed.card(&ada, "2").await;
    let third = bed.card(&ada, "3").await;
    let table = bed.base.context.table::<CustomerMethods>();
    let found = table
        .find(ada.subject().as_str(), CustomerMethods::SORT)
        .await
        .unwrap()
        .unwrap();
    let mut moved = found.value.clone();
    moved.methods[1].account.live = true;
    let mut batch = Batch::default();
    batch.replace(&found, &moved).unwrap();
    bed.base.context.commit(batch).await.unwrap();
    bed.methods.remove(&ada, &first).await.unwrap();
    let list = bed.list(&ada).await;
    let default = list.iter().find(|method| method.is_default).unwrap();
    assert_eq!(default.payment_method_id, third);
}

#[tokio::test]
async fn of_two_who_remove_at_once_one_does() {
    let [a, b] = two_nodes().await;
    let ada = a.person("ada").await;
    let (first, _) = (a.card(&ada, "1").await, a.card(&ada, "2").await);
    let (one, other) = join(a.methods.remove(&ada, &first), b.methods.remove(&ada, &first)).await;
    assert_eq!(
        [one.is_ok(), other.is_ok()].iter().filter(|done| **done).count(),
        1
    );
    let stored = a.stored(&ada).await;
    assert_eq!((stored.methods.len(), stored.forgetting.len()), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_charged_says_why() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let soon = StoredMethod {
        // The clock of the tests stands in September 2026.
        expires: Some(Expiry { year: 2026, month: 9 }),
        ..card("pm_soon", None)
    };
    adopt(&bed, &ada, &soon).await;
    let id = bed.list(&ada).await[0].payment_method_id.clone();
    assert_eq!(bed.list(&ada).await[0].status, MethodStatus::Expiring);
    bed.usable(ada.subject(), "main", None).await.unwrap();
    let elsewhere = bed.usable(ada.subject(), "other", None).await.unwrap_err();
    assert_eq!(elsewhere.code(), METHOD_UNUSABLE);
    assert!(elsewhere.detail().contains("`main`"), "{elsewhere}");

    bed.base.clock.advance(Duration::from_hours(24 * 15));
    let shown = bed.list(&ada).await[0].clone();
    assert_eq!(
        (shown.status, shown.reason),
        (MethodStatus::Dead, Some(DeadReason::Expired))
    );
    let expired = bed.usable(ada.subject(), "main", None).await.unwrap_err();
    assert_eq!(expired.code(), METHOD_UNUSABLE);
    assert!(expired.detail().contains("expired"), "{expired}");
    let ada = bed.session(ada.subject()).await;
    assert_eq!(code(set_default(&bed, &ada, &id).await), METHOD_UNUSABLE);
}

#[tokio::test]
async fn a_payment_saves_its_method_and_one_too_many_is_forgotten_at_the_vendor() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    for number in 0..=MOST_METHODS {
        adopt(&bed, &ada, &card(&format!("pm_{number}"), None)).await;
    }
    let stored = bed.stored(&ada).await;
    assert_eq!((stored.methods.len(), stored.forgetting.len()), (MOST_METHODS, 1));
    let one_too_many = &stored.forgetting[0].reference.theirs;
    assert_eq!(one_too_many.as_str(), format!("pm_{MOST_METHODS}"));
    assert!(stored.default.is_some());
}

#[tokio::test]
async fn two_methods_in_one_commit_are_both_kept() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let mut batch = Batch::default();
    for stored in [
        card("pm_1", Some("a")),
        card("pm_2", Some("b")),
        card("pm_3", Some("a")),
    ] {
        bed.methods
            .adopt(&mut batch, ada.subject(), "main", &stored)
            .await
            .unwrap();
    }
    bed.base.context.commit(batch).await.unwrap();
    let stored = bed.stored(&ada).await;
    assert_eq!((stored.methods.len(), stored.forgetting.len()), (2, 1));
    assert_eq!(stored.methods[0].stored.reference.theirs.as_str(), "pm_3");
}
