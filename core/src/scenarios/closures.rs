//! An account is closed, taken back, and erased with everything that leads to its owner.

use std::collections::BTreeSet;

use portcullis_ports::payments::DisputeKind;
use portcullis_ports::storage::{MAX_PAGE, Scan as _};

use super::autopay::prove_address;
use super::payments::{Shop, purchase, reference, usd};
use super::subscriptions::{Club, DAY, club};
use crate::areas::closures::{CLOSURE_NOT_PENDING, ClosureStatus, FinalizeClosure, OPERATOR_CANNOT_CLOSE};
use crate::areas::families;
use crate::areas::payments::Status;
use crate::areas::sessions::SESSION_ENDED;
use crate::foundation::area::Personal;
use crate::foundation::testing::home;
use crate::services::outbox::Lane;
use crate::testing::World;

const PROVEN: FinalizeClosure = FinalizeClosure { challenge_id: None };

/// The records in which something stands, with their families.
pub(super) async fn records_with(world: &World, text: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for family in families() {
        let mut after = None;
        loop {
            let page = world
                .store
                .scan(&family.collection, after.as_deref(), MAX_PAGE)
                .await
                .unwrap();
            for record in &page.records {
                let stored = format!("{} {} {}", record.key.partition, record.key.sort, record.body);
                if stored.contains(text) {
                    found.push((family.collection.name, stored));
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    found
}

/// The families in which something of a person is found, by the subject or the address.
async fn traces(world: &World, of: &str) -> BTreeSet<&'static str> {
    let found = records_with(world, of).await;
    found.into_iter().map(|(family, _)| family).collect()
}

async fn work(shop: &Shop) {
    for kind in ["account-erasure", "payment-methods-forget", "payments-watch"] {
        shop.world.app.tasks.drain(kind).await.unwrap();
    }
}

async fn mails(world: &World) -> Vec<String> {
    world.app.outbox.drain(Lane::Notices).await.unwrap();
    let sent = world.post.sent().into_iter();
    sent.map(|message| message.text.clone()).collect()
}

/// Ada has proven her address, keeps a card, has paid and subscribed.
async fn customer() -> Club {
    let club = club().await;
    prove_address(club.world()).await;
    club.keep_a_card("card").await;
    club.subscribe("pro").await;
    club.shop.paid("purchase", &purchase(usd(2_000))).await;
    club
}

#[tokio::test]
async fn a_closed_account_can_be_taken_back_until_it_is_erased() {
    let club = customer().await;
    let (closures, ada) = (&club.world().app.closures, &club.shop.ada);
    let status = async || closures.status(ada.subject()).await.unwrap();
    assert_eq!(status().await.status, ClosureStatus::Open);
    let closed = closures.finalize(ada, &PROVEN).await.unwrap();
    assert_eq!(closed.status, ClosureStatus::Scheduled);
    let again = closures.finalize(ada, &PROVEN).await.unwrap();
    assert_eq!(again, closed, "asked twice it is closed once");
    assert_eq!(status().await, closed);
    let told = mails(club.world()).await;
    assert_eq!(
        told.iter()
            .filter(|text| text.contains("it will be deleted"))
            .count(),
        1
    );

    club.world().wait(13 * DAY);
    work(&club.shop).await;
    closures.take_back(ada).await.unwrap();
    assert_eq!(status().await.status, ClosureStatus::Open);
    let refused = closures.take_back(ada).await.unwrap_err();
    assert_eq!(refused.code(), CLOSURE_NOT_PENDING);
    club.days(40).await;
    work(&club.shop).await;
    assert_eq!(status().await.status, ClosureStatus::Open);
    assert_eq!(club.entitled().await, ["projects"], "nothing was ended");
}

#[tokio::test]
async fn what_is_erased_leads_to_nobody_any_more() {
    let club = customer().await;
    let (world, ada) = (club.world(), &club.shop.ada);
    let subject = ada.subject().clone();
    world.app.closures.finalize(ada, &PROVEN).await.unwrap();
    world.wait(14 * DAY);
    work(&club.shop).await;
    let refused = world.app.closures.take_back(ada).await.unwrap_err();
    assert_eq!(refused.code(), SESSION_ENDED);
    // The vendor confirms that it keeps the card no more; then the rest goes.
    world.wait(2 * 3_600);
    work(&club.shop).await;
    assert_eq!(
        world.app.closures.status(&subject).await.unwrap().status,
        ClosureStatus::Closed
    );
    assert_eq!(club.shop.vendor.methods().len(), 0);

    let address = traces(world, "ada@example.com").await;
    let waiting = ["outbox"].into_iter().collect::<BTreeSet<_>>();
    assert!(address.is_subset(&waiting), "{address:?}");
    let stays = |name: &&str| {
        let family = families().find(|family| family.collection.name == *name).unwrap();
        matches!(
            family.personal,
            Personal::Retained | Personal::RetainedInside | Personal::Expiring | Personal::Nobody
        )
    };
    let left = traces(world, subject.as_str()).await;
    assert!(left.iter().all(stays), "{left:?}");
    for gone in [
        "accounts",
        "audit",
        "payment_methods",
        "subscriptions",
        "account_sessions",
        "sessions",
    ] {
        assert!(!left.contains(gone), "{gone}");
    }
    // The books are whole, and say no more of who paid.
    assert!(left.contains("ledger") && left.contains("payments"), "{left:?}");
    for private in ["4242", "192.0.2."] {
        assert!(!traces(world, private).await.contains("payments"), "{private}");
    }
    world
        .app
        .ledgers(world.store.clone())
        .verify_all(None, &mut |found| panic!("{found:?}"))
        .await
        .unwrap();

    // The address is free for somebody new, who has nothing of before.
    let anew = world.sign_up("ada@example.com").await;
    assert_ne!(anew.subject, subject);
    let told = mails(world).await;
    assert_eq!(
        told.iter()
            .filter(|text| text.contains("is being deleted"))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_payment_that_is_contested_later_is_still_booked() {
    let club = customer().await;
    let (world, ada) = (club.world(), &club.shop.ada);
    let payment = club.shop.paid("later", &purchase(usd(700))).await;
    world.app.closures.finalize(ada, &PROVEN).await.unwrap();
    for _ in 0..2 {
        world.wait(15 * DAY);
        work(&club.shop).await;
    }
    let theirs = reference(&payment);
    club.shop
        .vendor
        .dispute(&theirs, DisputeKind::Chargeback)
        .unwrap();
    for event in club.shop.vendor.take_events() {
        world.app.payments.apply_event("main", &event).await.unwrap();
    }
    let seen = world.app.payments.show(&payment.id).await.unwrap();
    assert_eq!((seen.status, seen.disputes.len()), (Status::Succeeded, 1));
}

#[tokio::test]
async fn what_is_under_way_comes_to_its_end_first() {
    let club = customer().await;
    let (world, ada) = (club.world(), &club.shop.ada);
    let mut held = purchase(usd(900));
    held.capture = crate::areas::payments::CaptureMode::Later;
    let held = club.shop.paid("held", &held).await;
    assert_eq!(held.status, Status::Authorized);
    world.app.closures.finalize(ada, &PROVEN).await.unwrap();
    world.wait(14 * DAY);
    world.app.tasks.drain("account-erasure").await.unwrap();
    assert!(
        traces(world, ada.subject().as_str())
            .await
            .contains("payment_methods")
    );
    assert!(world.sign_in("ada@example.com", &home()).await.is_err());
    let payments = &world.app.payments;
    payments
        .void(&club.shop.operator, &held.id, &home())
        .await
        .unwrap();
    for _ in 0..2 {
        world.wait(2 * 3_600);
        work(&club.shop).await;
    }
    assert!(
        !traces(world, ada.subject().as_str())
            .await
            .contains("payment_methods")
    );
}

#[tokio::test]
async fn operators_cannot_close_their_accounts() {
    let club = customer().await;
    let closures = &club.world().app.closures;
    for refused in [
        closures.finalize(&club.admin.who, &PROVEN).await.err(),
        closures.start(&club.admin.who).await.err(),
    ] {
        assert_eq!(refused.unwrap().code(), OPERATOR_CANNOT_CLOSE);
    }
}
