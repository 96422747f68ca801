//! Customers at vendors: one for each person and account, whatever becomes of the answers.

use futures_util::future::join_all;
use portcullis_ports::Kind;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::testkit::payments::PaymentFault;

use super::super::records::{BillingCustomers, VendorAccount};
use super::super::testing::{MethodsBed, code, methods, two_nodes};
use super::super::{SETUP_DECLINED, VENDOR_UNAVAILABLE};
use crate::areas::sessions::SignedIn;

/// How often the vendor made a customer under the key of that generation.
fn made(bed: &MethodsBed, who: &SignedIn, generation: u32) -> u32 {
    let order = bed
        .methods
        .customer_order("main", who.subject(), generation)
        .unwrap();
    bed.vendor.totals(&order.key).acted
}

#[tokio::test]
async fn a_customer_is_made_once_for_each_person() {
    let [a, b] = two_nodes().await;
    let (ada, eve) = (a.person("ada").await, a.person("eve").await);
    let asked = (0..8).map(|n| {
        let bed = if n % 2 == 0 { &a } else { &b };
        bed.methods.customer(bed.guarded(), ada.subject())
    });
    let customers: Vec<_> = join_all(asked)
        .await
        .into_iter()
        .map(|one| one.unwrap().unwrap())
        .collect();
    assert!(customers.iter().all(|one| *one == customers[0]), "{customers:?}");
    assert_eq!(made(&a, &ada, 0), 1);
    let other = a
        .methods
        .customer(a.guarded(), eve.subject())
        .await
        .unwrap()
        .unwrap();
    assert_ne!(other, customers[0]);
}

#[tokio::test]
async fn a_customer_whose_answer_was_lost_is_the_one_that_is_found() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    bed.vendor.will_in_vault(PaymentFault::AnswerLost);
    let lost = bed.methods.customer(bed.guarded(), ada.subject()).await;
    assert_eq!(code(lost), VENDOR_UNAVAILABLE);
    bed.methods
        .customer(bed.guarded(), ada.subject())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(made(&bed, &ada, 0), 1);
}

#[tokio::test]
async fn a_key_that_fails_ever_after_is_given_up() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    bed.vendor.will_in_vault(PaymentFault::ActsThenFails);
    for _ in 0..2 {
        let failed = bed
            .methods
            .customer(bed.guarded(), ada.subject())
            .await
            .unwrap_err();
        assert_eq!(
            (failed.code(), failed.kind()),
            (VENDOR_UNAVAILABLE, Kind::Unavailable)
        );
    }
    let customer = bed.methods.customer(bed.guarded(), ada.subject()).await.unwrap();
    assert!(customer.is_some());
    assert_eq!((made(&bed, &ada, 0), made(&bed, &ada, 1)), (1, 1));
}

#[tokio::test]
async fn a_vendor_that_was_never_reached_costs_no_key() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    for _ in 0..2 {
        bed.vendor.will_in_vault(PaymentFault::Refused);
        let refused = bed.methods.customer(bed.guarded(), ada.subject()).await;
        assert_eq!(code(refused), VENDOR_UNAVAILABLE);
    }
    bed.methods
        .customer(bed.guarded(), ada.subject())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(made(&bed, &ada, 0), 1);
}

#[tokio::test]
async fn a_customer_of_another_account_or_mode_does_not_exist() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let first = bed
        .methods
        .customer(bed.guarded(), ada.subject())
        .await
        .unwrap()
        .unwrap();
    let table = bed.base.context.table::<BillingCustomers>();
    let found = table
        .find(ada.subject().as_str(), BillingCustomers::SORT)
        .await
        .unwrap()
        .unwrap();
    let mut moved = found.value.clone();
    moved.vendors.get_mut("main").unwrap().made[0].account = VendorAccount {
        live: true,
        account: None,
    };
    let mut batch = crate::foundation::table::Batch::default();
    batch.replace(&found, &moved).unwrap();
    bed.base.context.commit(batch).await.unwrap();
    let second = bed
        .methods
        .customer(bed.guarded(), ada.subject())
        .await
        .unwrap()
        .unwrap();
    assert_ne!(first, second);
    assert_eq!(made(&bed, &ada, 1), 1, "under a key of its own");
    let again = bed
        .methods
        .customer(bed.guarded(), ada.subject())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again, second);
}

#[tokio::test]
async fn a_customer_whom_the_vendor_lost_is_made_anew() {
    let bed = methods().await;
    let ada = bed.person("ada").await;
    let lost = bed.methods.customer(bed.guarded(), ada.subject()).await;
    let lost = lost.unwrap().unwrap();
    let customers = bed.vendor.connected().customers.unwrap();
    assert!(matches!(customers.remove(&lost).await, Outcome::Done(())));
    assert_eq!(code(bed.begin(&ada, "1").await), SETUP_DECLINED);
    let next = bed.methods.customer(bed.guarded(), ada.subject()).await;
    assert_ne!(next.unwrap().unwrap(), lost);
    bed.begin(&ada, "2").await.unwrap();
}
