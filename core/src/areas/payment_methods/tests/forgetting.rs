//! Removed methods: the vendor is told until it confirms, and nobody hears of them again.

use std::time::Duration;

use portcullis_ports::testkit::payments::PaymentFault;

use super::super::records::VendorAccount;
use super::super::testing::methods;
use crate::foundation::table::Batch;

#[tokio::test]
async fn the_vendor_is_told_until_it_confirms() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let id = bed.card(&ada, "1").await;
    bed.methods.remove(&ada, &id).await.unwrap();
    assert_eq!(bed.vendor.methods().len(), 1, "nobody was told yet");
    for fault in [PaymentFault::Refused, PaymentFault::AnswerLost] {
        bed.vendor.will_in_vault(fault);
        assert_eq!(bed.tell().await, 1);
        assert_eq!(bed.stored(&ada).await.forgetting.len(), 1, "{fault:?}");
        assert_eq!(bed.tell().await, 0, "it waits");
        bed.base.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(bed.tell().await, 1);
    let stored = bed.stored(&ada).await;
    assert!(stored.forgetting.is_empty() && stored.methods.is_empty());
    assert!(bed.vendor.methods().is_empty());
    assert_eq!(bed.tell().await, 0);
    for event in bed.vendor.take_events() {
        assert!(!bed.apply(&event).await, "{event:?}");
    }
}

#[tokio::test]
async fn what_an_account_holds_that_is_not_connected_is_left_to_an_operator() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let id = bed.card(&ada, "1").await;
    bed.methods.remove(&ada, &id).await.unwrap();
    let mut slot = bed.methods.methods(ada.subject()).await.unwrap();
    slot.value.forgetting[0].account = VendorAccount {
        live: true,
        account: None,
    };
    let mut batch = Batch::default();
    batch.save(&slot).unwrap();
    bed.base.context.commit(batch).await.unwrap();
    bed.tell().await;
    let untold = bed.untold().await;
    assert_eq!((untold.len(), untold[0].id.as_str()), (1, id.as_str()));
    assert!(untold[0].reason.contains("not connected"), "{}", untold[0].reason);
    assert_eq!(
        bed.vendor.methods().len(),
        1,
        "the account that is connected is not told"
    );
}

#[tokio::test]
async fn a_card_that_takes_the_place_of_another_has_the_former_forgotten() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let first = bed.card(&ada, "1").await;
    let mark = |method: &mut portcullis_ports::payments::StoredMethod| {
        method.fingerprint = Some("same".to_owned());
    };
    let theirs = bed.vendor.methods()[0].reference.theirs.clone();
    bed.vendor.change_method(&theirs, mark);
    for event in bed.vendor.take_events() {
        bed.apply(&event).await;
    }
    let view = bed.begin(&ada, "2").await.unwrap();
    bed.vendor
        .enter_marked_card(&bed.theirs(&ada, &view.setup_id).await, "same")
        .unwrap();
    let done = bed.complete(&ada, &view.setup_id).await.unwrap();
    assert_eq!(done.payment_method_id, Some(first), "one card is one method");
    bed.tell().await;
    let kept = bed.vendor.methods();
    assert_eq!(kept.len(), 1);
    assert_ne!(kept[0].reference.theirs, theirs);
    assert_eq!(bed.mails("ada").await.len(), 1, "nothing new was added");
}
