//! What operators decide about orders, and what a buyer's word alone does not.

use super::{item, store};
use crate::areas::orders::*;

fn note(text: &str) -> OrderNote {
    OrderNote::parse(text).unwrap()
}

fn shipped(version: Option<u32>) -> ShipOrder {
    ShipOrder {
        shipping: Shipping {
            carrier: Some(note("Parcel Post")),
            shipped_at: Some(1_790_000_000),
            ..Shipping::default()
        },
        version,
    }
}

#[tokio::test]
async fn nothing_is_shipped_beyond_ten_years_from_now() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(1))).await;
    let (order, _) = store.sold("one", "plum").await;
    for moment in [i64::MIN, -1, i64::MAX] {
        for (shipped_at, delivered_at, field) in [
            (Some(moment), None, "/shipping/shipped_at"),
            (None, Some(moment), "/shipping/delivered_at"),
        ] {
            let command = ShipOrder {
                shipping: Shipping {
                    shipped_at,
                    delivered_at,
                    ..Shipping::default()
                },
                version: None,
            };
            let operator = &store.shop.operator;
            let refused = store.orders().ship(operator, &order.txn_id, &command).await;
            assert_eq!(refused.unwrap_err().fields()[0].pointer, field, "{moment}");
        }
    }
    assert_eq!(store.order(&order.txn_id).await, order, "nothing was written");
}

#[tokio::test]
async fn an_operator_ships_what_is_paid_and_only_in_the_state_that_was_read() {
    let store = store().await;
    store.offer(&item("plum", 1_999, None)).await;
    let cart = store.filled("plum", 1).await;
    let begun = store.buy("one", &cart).await.unwrap();
    let (orders, admin) = (store.orders(), &store.admin);
    let id = &begun.order.txn_id;
    let early = orders.ship(admin, id, &shipped(None)).await.unwrap_err();
    assert_eq!(early.code(), ORDER_STATE);
    let done = Decision::Complete {
        processor_ref: None,
        note: None,
    };
    let unpaid = orders.decide(admin, id, &done, None).await.unwrap_err();
    assert_eq!(unpaid.code(), ORDER_STATE, "payments pay, nobody's word");
    store.pay(&begun.payment.unwrap()).await;
    let open = orders.open(&ListOrders::default()).await.unwrap();
    assert_eq!(open.orders.len(), 1);
    let order = store.order(id).await;
    let stale = orders
        .ship(admin, id, &shipped(Some(order.version - 1)))
        .await
        .unwrap_err();
    assert_eq!(stale.code(), ORDER_CHANGED);
    let sent = orders
        .ship(admin, id, &shipped(Some(order.version)))
        .await
        .unwrap();
    assert_eq!(sent.shipping.unwrap().carrier.as_deref(), Some("Parcel Post"));
    assert!(
        orders
            .open(&ListOrders::default())
            .await
            .unwrap()
            .orders
            .is_empty()
    );
}

#[tokio::test]
async fn a_revert_gives_the_money_back_and_follows_from_that() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(1))).await;
    let (order, payment) = store.sold("one", "plum").await;
    let (orders, admin) = (store.orders(), &store.admin);
    let revert = Decision::Revert {
        reason: Some(note("The kettle was broken")),
    };
    let ordered = orders.decide(admin, &order.txn_id, &revert, None).await.unwrap();
    assert_eq!(ordered.status, OrderStatus::Completed, "until it is given back");
    for _ in 0..2 {
        store.drain("orders-refunds").await;
    }
    let reverted = store.order(&order.txn_id).await;
    assert_eq!(
        (reverted.status, reverted.refunded_cents),
        (OrderStatus::Reverted, 1_999)
    );
    assert_eq!(store.given_back(&payment), 1_999);
    assert_eq!(store.left("plum").await, Some(1));
    assert_eq!(store.shop.balance().await.owed, 0);
    let twice = orders
        .decide(admin, &order.txn_id, &revert, None)
        .await
        .unwrap_err();
    assert_eq!(twice.code(), ORDER_STATE);
}

#[tokio::test]
async fn a_buyer_asks_for_an_order_to_be_called_off_and_an_operator_answers() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(2))).await;
    let (orders, admin, ada) = (store.orders(), &store.admin, store.ada());
    let (order, payment) = store.sold("one", "plum").await;
    let id = &order.txn_id;
    let eve = store.person("eve@example.com").await;
    let ask = RequestCancel::default();
    let foreign = orders.request_cancel(&eve, id, &ask).await.unwrap_err();
    assert_eq!(foreign.code(), ORDER_NOT_FOUND);
    let unasked = Decision::ApproveCancel { note: None };
    let refused = orders.decide(admin, id, &unasked, None).await.unwrap_err();
    assert_eq!(refused.code(), ORDER_STATE);
    let asked = orders.request_cancel(ada, id, &ask).await.unwrap();
    assert_eq!(asked.status, OrderStatus::CancelRequested);
    let deny = Decision::DenyCancel {
        note: Some(note("It is on its way")),
    };
    let denied = orders.decide(admin, id, &deny, None).await.unwrap();
    assert_eq!(denied.status, OrderStatus::CancelDenied);
    let done = Decision::Complete {
        processor_ref: Some(note("ch_1")),
        note: None,
    };
    assert_eq!(
        orders.decide(admin, id, &done, None).await.unwrap().status,
        OrderStatus::Completed
    );

    orders.request_cancel(ada, id, &ask).await.unwrap();
    let approved = orders.decide(admin, id, &unasked, None).await.unwrap();
    assert_eq!(
        (approved.status, approved.because),
        (OrderStatus::Cancelled, Some(OrderBecause::Requested))
    );
    for _ in 0..2 {
        store.drain("orders-refunds").await;
    }
    let over = store.order(id).await;
    assert_eq!(
        (over.status, over.refunded_cents),
        (OrderStatus::Cancelled, 1_999)
    );
    assert_eq!(store.given_back(&payment), 1_999);
    assert_eq!(store.left("plum").await, Some(2));
}

#[tokio::test]
async fn a_refund_that_fails_is_asked_for_again() {
    let store = store().await;
    store.offer(&item("plum", 1_999, None)).await;
    let (order, payment) = store.sold("one", "plum").await;
    let revert = Decision::Revert { reason: None };
    store
        .orders()
        .decide(&store.admin, &order.txn_id, &revert, None)
        .await
        .unwrap();
    store.drain("orders-refunds").await;
    let all = store.vendor().payments();
    let first = all
        .iter()
        .flat_map(|one| &one.refunds)
        .next()
        .unwrap()
        .theirs
        .clone();
    assert!(store.vendor().fail_refund(&first));
    store.shop.complete(&payment).await;
    let returned = store.order(&order.txn_id).await;
    assert_eq!(
        (returned.status, returned.refunded_cents),
        (OrderStatus::Reverted, 0),
        "no state goes back"
    );
    let open = store.orders().open(&ListOrders::default()).await.unwrap();
    assert_eq!(open.orders.len(), 1, "its money is not given back");
    store.drain("orders-refunds").await;
    let settled = store.order(&order.txn_id).await;
    assert_eq!(
        (settled.status, settled.refunded_cents),
        (OrderStatus::Reverted, 1_999)
    );
    let open = store.orders().open(&ListOrders::default()).await.unwrap();
    assert!(open.orders.is_empty());
}

#[tokio::test]
async fn lists_filter_before_they_count_and_search_every_word() {
    let store = store().await;
    store.offer(&item("plum", 1_999, None)).await;
    let (sold, _) = store.sold("one", "plum").await;
    for name in ["two", "three"] {
        // Ids of one millisecond are in no order.
        store.shop.world.wait(1);
        let cart = store.filled("plum", 1).await;
        store.buy(name, &cart).await.unwrap();
    }
    let owner = store.ada().subject();
    let wanted = ListOrders {
        status: Some(OrderStatus::Completed),
        cursor: None,
        limit: Some(1),
    };
    let found = store.orders().list(owner, &wanted).await.unwrap();
    assert_eq!(
        found.orders.iter().map(|one| &one.txn_id).collect::<Vec<_>>(),
        [&sold.txn_id]
    );
    let mut all = ListOrders {
        limit: Some(2),
        ..ListOrders::default()
    };
    let first = store.orders().list(owner, &all).await.unwrap();
    all.cursor = first.next;
    let second = store.orders().list(owner, &all).await.unwrap();
    assert_eq!((first.orders.len(), second.orders.len()), (2, 1));
    assert_eq!(second.orders[0].txn_id, sold.txn_id, "newest first");
    let search = |words: &str| SearchOrders {
        text: crate::areas::catalog::SearchText::parse(words).unwrap(),
        part: ListOrders::default(),
    };
    let completed = store
        .orders()
        .search(owner, &search("plum COMPLETED"))
        .await
        .unwrap();
    assert_eq!(completed.orders.len(), 1);
    assert!(
        store
            .orders()
            .search(owner, &search("plum teapot"))
            .await
            .unwrap()
            .orders
            .is_empty()
    );
}

#[tokio::test]
async fn money_that_comes_after_the_order_was_called_off_is_given_back() {
    let store = store().await;
    store.offer(&item("plum", 1_999, Some(1))).await;
    let cart = store.filled("plum", 1).await;
    let (begun, theirs) = store.lost("one", &cart).await;
    let id = &begun.order.txn_id;
    let called_off = store.order(id).await;
    assert_eq!(
        (called_off.status, called_off.because, store.left("plum").await),
        (OrderStatus::Cancelled, Some(OrderBecause::PaymentFailed), Some(1))
    );
    assert!(store.vendor().pay(&theirs));
    let payment = store.shop.complete(&begun.payment.unwrap()).await;
    assert!(payment.late);
    let order = store.order(id).await;
    assert_eq!((order.status, order.paid_cents), (OrderStatus::Cancelled, 1_999));
    for _ in 0..3 {
        store.drain("orders-refunds").await;
        store.shop.complete(&payment).await;
    }
    let over = store.order(id).await;
    assert_eq!(
        (over.status, over.refunded_cents),
        (OrderStatus::Cancelled, 1_999)
    );
    let all = store.vendor().payments();
    let refunds: Vec<_> = all.iter().flat_map(|one| &one.refunds).collect();
    assert_eq!(
        refunds.iter().map(|one| one.amount.minor).collect::<Vec<_>>(),
        [1_999],
        "exactly once"
    );
    let balance = store.shop.balance().await;
    assert_eq!((balance.owed, store.left("plum").await), (0, Some(1)));
}
