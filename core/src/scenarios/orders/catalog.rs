//! The catalog: kept by operators, read and reviewed by others, within bounds.

use std::collections::BTreeMap;

use portcullis_ports::Code;

use super::{category_id, item, item_id, kettles, offer};
use crate::areas::catalog::*;
use crate::areas::operators::{NOT_AN_OPERATOR, Operator, Role};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::cursor::INVALID_CURSOR;
use crate::foundation::input::INVALID_REQUEST;
use crate::scenarios::operators::{history, operator};
use crate::testing::{World, world};

async fn office() -> (World, Operator) {
    let world = world().await;
    let admin = operator(&world, "grace@example.com", Role::Admin).await;
    (world, admin)
}

fn page(size: usize) -> ListCategories {
    ListCategories {
        page_size: Some(size),
        next_token: None,
    }
}

fn search(words: &str) -> SearchItems {
    SearchItems {
        text: SearchText::parse(words).unwrap(),
        part: ListCategories::default(),
    }
}

fn review(rating: u8) -> WriteReview {
    WriteReview {
        review_id: None,
        rating,
        title: Title::parse("Boils fast").unwrap(),
        body: None,
    }
}

#[tokio::test]
async fn an_operator_offers_items_and_their_history_says_so() {
    let (world, admin) = office().await;
    let catalog = &world.app.catalog;
    let made = catalog.add_category(&admin, &kettles()).await.unwrap();
    assert_eq!((made.item_count, &made.creator), (0, admin.subject()));
    let twice = catalog.add_category(&admin, &kettles()).await.unwrap_err();
    assert_eq!(twice.code(), CATEGORY_EXISTS);
    let added = catalog
        .add_item(&admin, &made.category_id, &item("plum", 1_999, Some(2)))
        .await
        .unwrap();
    assert_eq!(
        (added.price_cents, added.stock, added.digits),
        (1_999, Some(2), 2)
    );
    let other = AddCategory {
        category_id: None,
        ..kettles()
    };
    let other = catalog.add_category(&admin, &other).await.unwrap();
    let twice = catalog
        .add_item(&admin, &other.category_id, &item("plum", 1, None))
        .await;
    assert_eq!(twice.unwrap_err().code(), ITEM_EXISTS);

    let cheaper = ChangeItem {
        price_cents: Some(999),
        unlimited: Some(true),
        ..ChangeItem::default()
    };
    let at = (&made.category_id, &added.item_id);
    let changed = catalog.change_item(&admin, at, &cheaper).await.unwrap();
    assert_eq!((changed.price_cents, changed.stock), (999, None));
    let names: Vec<String> = history(&world, admin.subject())
        .await
        .into_iter()
        .map(|entry| entry.event)
        .collect();
    for event in [
        "operator_catalog_category_create",
        "operator_catalog_item_create",
        "operator_catalog_item_change",
    ] {
        assert!(names.iter().any(|name| name == event), "{event}: {names:?}");
    }
    world.wait(3_600);
    let stale = catalog.change_item(&admin, at, &cheaper).await.unwrap_err();
    assert_eq!(stale.code(), STEP_UP_REQUIRED);
}

#[tokio::test]
async fn what_does_not_fit_names_its_field() {
    let (world, admin) = office().await;
    offer(&world, &admin, &item("plum", 1_999, None)).await;
    let kettles = category_id("kettles");
    let long = "x".repeat(501);
    let many: BTreeMap<String, String> = (0..51).map(|n| (n.to_string(), String::new())).collect();
    let wrong = [
        (
            "/price_cents",
            AddItem {
                price_cents: -1,
                ..item("a", 0, None)
            },
        ),
        (
            "/price_cents",
            AddItem {
                price_cents: 1_000_000_001,
                ..item("a", 0, None)
            },
        ),
        ("/stock", item("a", 0, Some(u32::MAX))),
        (
            "/attributes",
            AddItem {
                attributes: Some(many),
                ..item("a", 0, None)
            },
        ),
        (
            "/attributes/a~1b",
            AddItem {
                attributes: Some([("a/b".to_owned(), long)].into()),
                ..item("a", 0, None)
            },
        ),
    ];
    for (field, command) in wrong {
        let refused = world
            .app
            .catalog
            .add_item(&admin, &kettles, &command)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), INVALID_REQUEST, "{field}");
        assert_eq!(refused.fields()[0].pointer, field);
    }
    let nothing = ChangeItem::default();
    let at = (&kettles, &item_id("plum"));
    assert!(world.app.catalog.change_item(&admin, at, &nothing).await.is_err());
    for url in [
        "http://images.example.com/a.jpg",
        "https:///a.jpg",
        "javascript:alert(1)",
        "https://a b",
        "https://u@h/",
    ] {
        assert!(ImageUrl::parse(url).is_err(), "{url}");
    }
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let (world, admin) = office().await;
    for n in 0..5 {
        offer(&world, &admin, &item(&format!("kettle-{n}"), 100, None)).await;
    }
    let (catalog, kettles) = (&world.app.catalog, category_id("kettles"));
    let mut command = page(2);
    let mut found = Vec::new();
    loop {
        let page = catalog.items(&kettles, &command).await.unwrap();
        found.extend(page.items.into_iter().map(|item| item.item_id.to_string()));
        command.next_token = page.next_token;
        if command.next_token.is_none() {
            break;
        }
        let elsewhere = catalog.categories(&command).await.unwrap_err();
        assert_eq!(elsewhere.code(), INVALID_CURSOR);
    }
    assert_eq!(
        found,
        ["kettle-0", "kettle-1", "kettle-2", "kettle-3", "kettle-4"]
    );
}

#[tokio::test]
async fn a_search_wants_every_word() {
    let (world, admin) = office().await;
    offer(&world, &admin, &item("plum", 100, None)).await;
    let red = AddItem {
        name: Title::parse("Red teapot").unwrap(),
        ..item("red", 100, None)
    };
    offer(&world, &admin, &red).await;
    let catalog = &world.app.catalog;
    let ids = async |words: &str| {
        let page = catalog.search(&search(words)).await.unwrap();
        page.items
            .iter()
            .map(|item| item.item_id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("WATER plum").await, ["plum"]);
    assert_eq!(ids("litre").await, ["red", "plum"]);
    assert!(ids("plum teapot").await.is_empty());
    let renamed = ChangeItem {
        name: Some(Title::parse("Plum teapot").unwrap()),
        ..ChangeItem::default()
    };
    let at = (&category_id("kettles"), &item_id("plum"));
    catalog.change_item(&admin, at, &renamed).await.unwrap();
    assert_eq!(ids("plum teapot").await, ["plum"]);
}

#[tokio::test]
async fn a_category_goes_with_everything_in_it_and_not_by_mistake() {
    let (world, admin) = office().await;
    let kettles = category_id("kettles");
    for n in 0..45 {
        offer(&world, &admin, &item(&format!("kettle-{n}"), 100, None)).await;
    }
    let catalog = &world.app.catalog;
    let ada = world.sign_up("ada@example.com").await;
    let ada = world.session(&ada).await;
    catalog
        .review(&ada, &item_id("kettle-7"), &review(4))
        .await
        .unwrap();
    let kept = catalog
        .remove_category(&admin, &kettles, false)
        .await
        .unwrap_err();
    assert_eq!(kept.code(), CATEGORY_NOT_EMPTY);
    catalog.remove_category(&admin, &kettles, true).await.unwrap();
    let gone: Code = catalog.items(&kettles, &page(2)).await.unwrap_err().code();
    assert_eq!(gone, CATEGORY_NOT_FOUND);
    assert!(catalog.search(&search("kettle")).await.unwrap().items.is_empty());
    world.app.tasks.drain("catalog-removal").await.unwrap();
    world.app.tasks.drain("catalog-removal").await.unwrap();
    // Nothing is left that the same ids would meet.
    for n in 0..45 {
        let again = offer(&world, &admin, &item(&format!("kettle-{n}"), 100, None)).await;
        let reviews = catalog
            .reviews(ada.subject(), &again.item_id, &page(9))
            .await
            .unwrap();
        assert!(reviews.items.is_empty());
    }
}

#[tokio::test]
async fn one_person_reviews_an_item_once_and_only_its_author_or_an_operator_removes_it() {
    let (world, admin) = office().await;
    offer(&world, &admin, &item("plum", 100, None)).await;
    let catalog = &world.app.catalog;
    let plum = item_id("plum");
    let ada = world.sign_up("ada@example.com").await;
    let ada = world.session(&ada).await;
    let eve = world.sign_up("eve@example.com").await;
    let eve = world.session(&eve).await;
    let written = catalog.review(&ada, &plum, &review(5)).await.unwrap();
    assert!(written.own && !written.verified_purchase);
    let twice = catalog.review(&ada, &plum, &review(1)).await.unwrap_err();
    assert_eq!(twice.code(), REVIEW_EXISTS);
    let taken = WriteReview {
        review_id: Some(written.review_id.clone()),
        ..review(1)
    };
    assert_eq!(
        catalog.review(&eve, &plum, &taken).await.unwrap_err().code(),
        REVIEW_EXISTS
    );
    assert!(catalog.review(&eve, &plum, &review(6)).await.is_err());
    let nowhere = catalog
        .review(&eve, &item_id("nothing"), &review(1))
        .await
        .unwrap_err();
    assert_eq!(nowhere.code(), ITEM_NOT_FOUND);
    let foreign = catalog
        .remove_review(&eve, &plum, &written.review_id)
        .await
        .unwrap_err();
    assert_eq!(foreign.code(), NOT_AN_OPERATOR);
    let read = catalog.reviews(eve.subject(), &plum, &page(9)).await.unwrap();
    assert_eq!((read.items.len(), read.items[0].own), (1, false));
    catalog
        .remove_review(&admin.who, &plum, &written.review_id)
        .await
        .unwrap();
    let again = catalog.review(&ada, &plum, &review(2)).await.unwrap();
    catalog
        .remove_review(&ada, &plum, &again.review_id)
        .await
        .unwrap();
    let gone = catalog
        .remove_review(&ada, &plum, &again.review_id)
        .await
        .unwrap_err();
    assert_eq!(gone.code(), REVIEW_NOT_FOUND);
}
