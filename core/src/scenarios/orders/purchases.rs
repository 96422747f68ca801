//! Carts are bought: stock is sold once, money is taken once, and what cannot be kept is given back.

use futures_util::future::{join, join_all};

use super::{Store, category_id, item, item_id, store, stores};
use crate::areas::carts::{CART_NOT_OPEN, CartStatus, PRICE_CHANGED};
use crate::areas::catalog::{ChangeItem, ITEM_NOT_FOUND, OUT_OF_STOCK};
use crate::areas::orders::*;
use crate::areas::payments::{AMOUNT_NOT_TAKEN, PayWith, Status};
use crate::foundation::testing::home;
use crate::scenarios::payments::{key, reference};
use crate::services::idempotency::KEY_REUSED;

fn dearer(cents: i64) -> ChangeItem {
    ChangeItem {
        price_cents: Some(cents),
        ..ChangeItem::default()
    }
}

async fn kinds(store: &Store, order: &OrderId) -> Vec<OrderEventKind> {
    let events = store
        .orders()
        .events(store.ada().subject(), order, None)
        .await
        .unwrap();
    events.events.into_iter().map(|event| event.event).collect()
}

#[tokio::test]
async fn a_cart_is_paid_by_a_payment_of_its_order() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(3))).await;
    let cart = store.filled("plum", 2).await;
    let begun = store.buy("one", &cart).await.unwrap();
    let payment = begun.payment.unwrap();
    assert_eq!(
        (begun.order.status, begun.order.total_cents),
        (OrderStatus::Pending, 3_998)
    );
    assert_eq!(
        (payment.status, payment.amount.minor),
        (Status::RequiresAction, 3_998)
    );
    assert_eq!(store.left("plum").await, Some(1));
    let again = store.buy("one", &cart).await.unwrap();
    assert_eq!(again.payment.unwrap().id, payment.id);

    assert!(store.vendor().pay(&reference(&payment)));
    store.shop.complete(&payment).await;
    let order = store.order(&begun.order.txn_id).await;
    assert_eq!((order.status, order.paid_cents), (OrderStatus::Completed, 3_998));
    let balance = store.shop.balance().await;
    assert_eq!((balance.owed, balance.debits_posted), (0, 3_998));
    // The reservation does not end what is sold.
    store.shop.world.wait(3_600);
    store.drain("orders-reservations").await;
    assert_eq!(store.left("plum").await, Some(1));
    assert_eq!(
        kinds(&store, &order.txn_id).await,
        [
            OrderEventKind::Placed,
            OrderEventKind::PaymentBegun,
            OrderEventKind::Paid
        ]
    );
    let (carts, ada) = (store.carts(), store.ada());
    assert_eq!(
        carts.list(ada.subject()).await.unwrap()[0].status,
        CartStatus::Purchased
    );
    let twice = store.buy("two", &cart).await.unwrap_err();
    assert_eq!(twice.code(), CART_NOT_OPEN);
    let other = store.filled("plum", 1).await;
    assert_eq!(store.buy("one", &other).await.unwrap_err().code(), KEY_REUSED);
}

#[tokio::test]
async fn what_costs_nothing_needs_no_payment() {
    let store = store().await;
    store.offer(&item("leaflet", 0, Some(1))).await;
    let cart = store.filled("leaflet", 1).await;
    let bought = store.buy("one", &cart).await.unwrap();
    assert!(bought.payment.is_none());
    assert_eq!(bought.order.status, OrderStatus::Completed);
    assert_eq!(store.left("leaflet").await, Some(0));
}

#[tokio::test]
async fn a_changed_price_is_told_and_accepted_by_asking_again() {
    let store = store().await;
    store.offer(&item("plum", 1_999, None)).await;
    let cart = store.filled("plum", 1).await;
    store.change("plum", &dearer(2_499)).await;
    let told = store.buy("one", &cart).await.unwrap_err();
    assert_eq!(told.code(), PRICE_CHANGED);
    let member = |name: &str| {
        told.members()
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(
        (member("item_id"), member("price_before"), member("price")),
        ("plum".into(), "1999".into(), "2499".into())
    );
    let accepted = store.buy("one", &cart).await.unwrap();
    assert_eq!(accepted.order.total_cents, 2_499);
    let gone = store.filled("plum", 1).await;
    let at = (&category_id("kettles"), &item_id("plum"));
    store
        .shop
        .world
        .app
        .catalog
        .remove_item(&store.admin, at, true)
        .await
        .unwrap();
    assert_eq!(store.buy("two", &gone).await.unwrap_err().code(), ITEM_NOT_FOUND);
}

#[tokio::test]
async fn two_who_buy_the_last_piece_on_two_nodes_buy_it_once() {
    let [first, second] = stores().await;
    first.offer(&item("plum", 1_999, Some(1))).await;
    let (a, b) = (first.filled("plum", 1).await, second.filled("plum", 1).await);
    let both = join(Box::pin(first.buy("one", &a)), Box::pin(second.buy("two", &b))).await;
    let both = [both.0, both.1];
    let refused: Vec<_> = both.iter().filter_map(|one| one.as_ref().err()).collect();
    assert_eq!(refused.len(), 1, "{both:?}");
    assert_eq!(refused[0].code(), OUT_OF_STOCK);
    assert_eq!(first.left("plum").await, Some(0));
}

#[tokio::test]
async fn a_declined_payment_ends_the_order_and_opens_the_cart_again() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(1))).await;
    let cart = store.filled("plum", 1).await;
    let begun = store.buy("one", &cart).await.unwrap();
    let payment = begun.payment.unwrap();
    let payments = &store.shop.world.app.payments;
    payments.cancel(store.ada(), &payment.id, &home()).await.unwrap();
    let order = store.order(&begun.order.txn_id).await;
    assert_eq!(
        (order.status, order.because),
        (OrderStatus::Cancelled, Some(OrderBecause::PaymentFailed))
    );
    assert_eq!(store.left("plum").await, Some(1));
    let again = store.buy("two", &cart).await.unwrap();
    assert_ne!(again.order.txn_id, order.txn_id);
}

#[tokio::test]
async fn a_reservation_ends_and_what_is_paid_later_is_kept_if_there_is_enough() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(1))).await;
    let cart = store.filled("plum", 1).await;
    let begun = store.buy("one", &cart).await.unwrap();
    let payment = begun.payment.unwrap();
    store.shop.world.wait(1_801);
    store.drain("orders-reservations").await;
    assert_eq!(store.left("plum").await, Some(1));
    let waiting = store.order(&begun.order.txn_id).await;
    assert_eq!(
        (waiting.status, waiting.reserved_until),
        (OrderStatus::Pending, None)
    );
    assert!(store.vendor().pay(&reference(&payment)));
    store.shop.complete(&payment).await;
    assert_eq!(
        store.order(&begun.order.txn_id).await.status,
        OrderStatus::Completed
    );
    assert_eq!(store.left("plum").await, Some(0));
}

#[tokio::test]
async fn what_is_paid_when_nothing_is_left_is_given_back_and_told() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(1))).await;
    let cart = store.filled("plum", 1).await;
    let begun = store.buy("one", &cart).await.unwrap();
    let payment = begun.payment.unwrap();
    store.shop.world.wait(1_801);
    store.drain("orders-reservations").await;
    let other = store.filled("plum", 1).await;
    store.buy("two", &other).await.unwrap();
    assert!(store.vendor().pay(&reference(&payment)));
    store.shop.complete(&payment).await;
    let order = store.order(&begun.order.txn_id).await;
    assert_eq!(
        (order.status, order.because),
        (OrderStatus::Cancelled, Some(OrderBecause::OutOfStock))
    );
    for _ in 0..2 {
        store.drain("orders-refunds").await;
    }
    let order = store.order(&begun.order.txn_id).await;
    assert_eq!((order.paid_cents, order.refunded_cents), (1_999, 1_999));
    assert_eq!(store.given_back(&payment), 1_999);
    let balance = store.shop.balance().await;
    assert_eq!(balance.owed, 0);
}

#[tokio::test]
async fn what_no_payment_can_be_as_much_as_is_called_off_at_once() {
    let store = store().await;
    store.offer(&item("palace", 1_000_000_000, Some(1_000))).await;
    let cart = store.filled("palace", 1_000).await;
    let refused = store.buy("one", &cart).await.unwrap_err();
    assert_eq!(refused.code(), AMOUNT_NOT_TAKEN);
    assert_eq!(store.left("palace").await, Some(1_000));
    let carts = store.carts().list(store.ada().subject()).await.unwrap();
    assert_eq!(
        (carts[0].status, carts[0].total_cents),
        (CartStatus::Open, 1_000_000_000_000)
    );
    assert!(store.vendor().payments().is_empty());
}

#[tokio::test]
async fn what_was_reserved_is_put_back_once_however_it_ends() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(2))).await;
    let cart = store.filled("plum", 2).await;
    let begun = store.buy("one", &cart).await.unwrap();
    store.shop.world.wait(1_801);
    for _ in 0..2 {
        store.drain("orders-reservations").await;
        assert_eq!(store.left("plum").await, Some(2));
    }
    let payments = &store.shop.world.app.payments;
    let payment = begun.payment.unwrap();
    payments.cancel(store.ada(), &payment.id, &home()).await.unwrap();
    store.drain("orders-reservations").await;
    assert_eq!(store.left("plum").await, Some(2));
    let order = store.order(&begun.order.txn_id).await;
    assert_eq!(
        (order.status, order.because),
        (OrderStatus::Cancelled, Some(OrderBecause::PaymentFailed))
    );
}

#[tokio::test]
async fn an_item_of_a_removed_category_is_not_sold_any_more() {
    let store = store().await;
    store.offer(&item("plum", 1_999, None)).await;
    let cart = store.filled("plum", 1).await;
    let catalog = &store.shop.world.app.catalog;
    catalog
        .remove_category(&store.admin, &category_id("kettles"), true)
        .await
        .unwrap();
    // Before the task has cleared its items away.
    assert_eq!(store.buy("one", &cart).await.unwrap_err().code(), ITEM_NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_paid_as_asked_takes_no_stock_and_uses_no_key_up() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(3))).await;
    let cart = store.filled("plum", 1).await;
    let asked = [
        (PayWith::Offline, None),
        (PayWith::Stored(None), None),
        (PayWith::Fresh { save: false }, Some("nobody".to_owned())),
    ];
    for (with, vendor) in asked {
        let command = PurchaseCart { with, vendor };
        let refused = store
            .orders()
            .purchase(store.ada(), &key("one"), &cart, &command, &home())
            .await;
        assert!(refused.is_err(), "{command:?}");
        assert_eq!(store.left("plum").await, Some(3));
    }
    assert_eq!(
        store.carts().list(store.ada().subject()).await.unwrap()[0].status,
        CartStatus::Open
    );
    let begun = store.buy("one", &cart).await.unwrap();
    assert_eq!(begun.order.status, OrderStatus::Pending);
}

#[tokio::test]
async fn one_purchase_sent_many_times_at_once_is_one_order_and_everybody_is_told_it() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(3))).await;
    let cart = store.filled("plum", 1).await;
    let asked = (0..8).map(|_| store.buy("one", &cart));
    let answers = join_all(asked).await;
    let first = answers[0].as_ref().unwrap();
    for answer in &answers {
        let answer = answer.as_ref().unwrap();
        assert_eq!(answer.order.txn_id, first.order.txn_id);
        assert_eq!(
            answer.payment.as_ref().unwrap().id,
            first.payment.as_ref().unwrap().id
        );
    }
    assert_eq!(
        (store.vendor().payments().len(), store.left("plum").await),
        (1, Some(2))
    );
}
