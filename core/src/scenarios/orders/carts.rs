//! Carts: one's own alone, filled from the catalog, within bounds.

use super::{Store, category_id, item, item_id, store};
use crate::areas::carts::*;
use crate::areas::catalog::{AddItem, ITEM_NOT_FOUND, SearchText};
use portcullis_ports::money::Currency;

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn line(sku_: &str, price: Option<i64>) -> AddLine {
    AddLine {
        sku: sku(sku_),
        name: Some("Whatever the client says".to_owned()),
        quantity: None,
        unit_price_cents: price,
    }
}

fn plums(quantity: u32) -> AddCatalogLine {
    AddCatalogLine {
        category_id: category_id("kettles"),
        item_id: item_id("plum"),
        quantity: Some(quantity),
    }
}

async fn with_plums() -> (Store, CartView) {
    let store = store().await;
    store.offer(&item("plum", 1_999, None)).await;
    let cart = store.carts().open(store.ada()).await.unwrap();
    (store, cart)
}

#[tokio::test]
async fn only_items_of_the_catalog_at_its_price_get_into_a_cart() {
    let (store, cart) = with_plums().await;
    let carts = store.carts();
    let added = carts
        .add_by_sku(store.ada(), &cart.cart_id, &line("catalog:plum", None))
        .await
        .unwrap();
    assert_eq!(
        (added.name.as_str(), added.unit_price_cents),
        ("Plum kettle", 1_999)
    );
    for foreign in ["plum", "catalog:pear", "catalog:", "gift:plum"] {
        let refused = carts
            .add_by_sku(store.ada(), &cart.cart_id, &line(foreign, Some(1)))
            .await;
        assert_eq!(refused.unwrap_err().code(), NOT_IN_CATALOG, "{foreign}");
    }
    let cheap = carts
        .add_by_sku(store.ada(), &cart.cart_id, &line("catalog:plum", Some(1)))
        .await;
    assert_eq!(cheap.unwrap_err().code(), PRICE_CHANGED);
    let total = carts.total(store.ada().subject(), &cart.cart_id).await.unwrap();
    assert_eq!(total.total_cents, 1_999);
    let euros = AddItem {
        currency: Some(Currency::parse("EUR").unwrap()),
        ..item("pear", 100, None)
    };
    store.offer(&euros).await;
    let other = carts
        .add_by_sku(store.ada(), &cart.cart_id, &line("catalog:pear", None))
        .await;
    assert_eq!(other.unwrap_err().code(), CART_CURRENCY);
    let nothing = AddCatalogLine {
        item_id: item_id("nothing"),
        ..plums(1)
    };
    let nothing = carts.add(store.ada(), &cart.cart_id, &nothing).await;
    assert_eq!(nothing.unwrap_err().code(), ITEM_NOT_FOUND);
}

#[tokio::test]
async fn quantities_are_bounded_after_addition_too() {
    let (store, cart) = with_plums().await;
    let (carts, ada, id) = (store.carts(), store.ada(), &cart.cart_id);
    carts.add(ada, id, &plums(600)).await.unwrap();
    let refused = carts.add(ada, id, &plums(600)).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.fields()[0].pointer.as_str()),
        (CART_LIMIT, "/quantity")
    );
    assert_eq!(carts.add(ada, id, &plums(400)).await.unwrap().quantity, 1_000);
    let plum = sku("catalog:plum");
    assert!(carts.set_quantity(ada, id, &plum, 1_001).await.is_err());
    let less = carts.set_quantity(ada, id, &plum, 2).await.unwrap().unwrap();
    assert_eq!(less.total_cents, 3_998);
    assert!(!carts.take_out(ada, id, &plum, 1).await.unwrap().deleted);
    assert!(carts.take_out(ada, id, &plum, 5).await.unwrap().deleted);
    let gone = carts.take_out(ada, id, &plum, 1).await.unwrap_err();
    assert_eq!(gone.code(), LINE_NOT_FOUND);
}

#[tokio::test]
async fn carts_of_others_are_not_there() {
    let (store, cart) = with_plums().await;
    let (carts, id) = (store.carts(), &cart.cart_id);
    carts.add(store.ada(), id, &plums(1)).await.unwrap();
    let eve = store.person("eve@example.com").await;
    let stranger = eve.subject();
    for refused in [
        carts.items(stranger, id).await.unwrap_err(),
        carts.total(stranger, id).await.unwrap_err(),
        carts.add(&eve, id, &plums(1)).await.unwrap_err(),
        carts.delete(&eve, id).await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), CART_NOT_FOUND);
    }
    let words = SearchLines {
        text: SearchText::parse("plum").unwrap(),
        limit: None,
    };
    assert_eq!(carts.search(stranger, &words).await.unwrap().count, 0);
    assert_eq!(
        carts.search(store.ada().subject(), &words).await.unwrap().count,
        1
    );
    assert!(carts.delete(store.ada(), id).await.unwrap().deleted);
    assert!(carts.list(store.ada().subject()).await.unwrap().is_empty());
}
