//! The account of somebody who bought is closed.

use super::{item, item_id, store};
use crate::areas::catalog::{ListCategories, Title, WriteReview};
use crate::areas::closures::FinalizeClosure;
use crate::areas::operators::Role;
use crate::areas::orders::*;
use crate::scenarios::operators::operator;

fn note(text: &str) -> OrderNote {
    OrderNote::parse(text).unwrap()
}

const DAY: u64 = 24 * 3_600;

#[tokio::test]
async fn orders_of_a_closed_account_stay_and_lead_to_nobody() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(3))).await;
    let (order, payment) = store.sold("one", "plum").await;
    let (orders, admin, ada) = (store.orders(), &store.admin, store.ada());
    let (id, app) = (&order.txn_id, &store.shop.world.app);
    assert_eq!(order.buyer.email.as_deref(), Some("ada@example.com"));
    let shipping = Shipping {
        carrier: Some(note("Parcel Post")),
        tracking_number: Some(note("00340434161094042557")),
        address: Some(note("Kesselgasse 1, 10115 Berlin")),
        ..Shipping::default()
    };
    let ship = ShipOrder {
        shipping,
        version: None,
    };
    orders.ship(admin, id, &ship).await.unwrap();
    let ask = RequestCancel {
        reason: Some(note("Ada has moved")),
        version: None,
    };
    orders.request_cancel(ada, id, &ask).await.unwrap();
    let review = WriteReview {
        review_id: None,
        rating: 5,
        title: Title::parse("Ada likes it").unwrap(),
        body: None,
    };
    app.catalog.review(ada, &item_id("plum"), &review).await.unwrap();
    store.filled("plum", 1).await;

    let closures = &app.closures;
    let proven = FinalizeClosure { challenge_id: None };
    closures.finalize(ada, &proven).await.unwrap();
    store.shop.world.wait(14 * DAY);
    store.drain("account-erasure").await;
    assert!(
        store.order(id).await.buyer.email.is_some(),
        "an operator has to answer first"
    );
    let deny = Decision::DenyCancel {
        note: Some(note("Ada has it already")),
    };
    let later = operator(&store.shop.world, "lovelace@example.com", Role::Support).await;
    orders.decide(&later, id, &deny, None).await.unwrap();
    store.shop.world.wait(2 * 3_600);
    store.drain("account-erasure").await;

    let left = store.order(id).await;
    assert_eq!((left.paid_cents, left.buyer.email), (1_999, None));
    let shipping = left.shipping.unwrap();
    assert_eq!(
        (
            shipping.carrier.as_deref(),
            shipping.tracking_number,
            shipping.address
        ),
        (Some("Parcel Post"), None, None)
    );
    let cancel = left.cancel.unwrap();
    assert_eq!((cancel.reason, cancel.note), (None, None));
    let events = orders.events(ada.subject(), id, None).await.unwrap();
    assert!(
        events.events.iter().all(|event| event.note.is_none()),
        "{events:?}"
    );
    assert!(store.carts().list(ada.subject()).await.unwrap().is_empty());
    let reviews = app
        .catalog
        .reviews(admin.subject(), &item_id("plum"), &ListCategories::default())
        .await
        .unwrap();
    assert!(reviews.items.is_empty());

    // Money still finds it.
    let revert = Decision::Revert { reason: None };
    let later = operator(&store.shop.world, "hamilton@example.com", Role::Support).await;
    orders.decide(&later, id, &revert, None).await.unwrap();
    store.drain("orders-refunds").await;
    assert_eq!(store.order(id).await.status, OrderStatus::Reverted);
    assert_eq!(store.given_back(&payment), 1_999);
}
