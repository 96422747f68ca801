//! The catalog, carts and orders beside payments: sold once, paid once, honoured or given back.

mod carts;
mod catalog;
mod decisions;
mod erasure;
mod purchases;

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::VendorRef;
use portcullis_ports::testkit::payments::{FakePayments, PaymentFault};

use crate::areas::carts::{AddCatalogLine, CartId, Carts};
use crate::areas::catalog::*;
use crate::areas::operators::{Operator, Role};
use crate::areas::orders::{OrderId, OrderView, Orders, PurchaseCart, Purchased};
use crate::areas::payments::{Decision as Resolution, PayWith, PaymentView, Status};
use crate::areas::sessions::SignedIn;
use crate::foundation::testing::{Node, home};
use crate::scenarios::operators::operator;
use crate::scenarios::payments::{Shop, key, reference, shop_in};
use crate::settings::Settings;
use crate::testing::{World, world_paying_on};

pub(super) fn category_id(text: &str) -> CategoryId {
    CategoryId::parse(text).unwrap()
}

pub(super) fn item_id(text: &str) -> ItemId {
    ItemId::parse(text).unwrap()
}

pub(super) fn kettles() -> AddCategory {
    AddCategory {
        category_id: Some(category_id("kettles")),
        name: Title::parse("Kettles").unwrap(),
        description: None,
    }
}

/// An item for so many cents, of which there are so many.
pub(super) fn item(id: &str, cents: i64, stock: Option<u32>) -> AddItem {
    AddItem {
        item_id: Some(item_id(id)),
        name: Title::parse("Plum kettle").unwrap(),
        description: Some(Prose::parse("Boils a litre of water").unwrap()),
        price_cents: cents,
        currency: Some(Currency::parse("USD").unwrap()),
        image_urls: None,
        attributes: None,
        stock,
    }
}

/// The operator offers an item among the kettles.
pub(super) async fn offer(world: &World, operator: &Operator, item: &AddItem) -> ItemView {
    let catalog = &world.app.catalog;
    drop(catalog.add_category(operator, &kettles()).await);
    catalog
        .add_item(operator, &category_id("kettles"), item)
        .await
        .unwrap()
}

/// A shop with a catalog, and Ada who buys.
pub(super) struct Store {
    pub(super) shop: Shop,
    pub(super) admin: Operator,
}

pub(super) async fn store() -> Store {
    let node = Node::default();
    let vendor = FakePayments::new(node.clock.clone());
    let world = Box::pin(world_paying_on(&node, Settings::default(), &vendor)).await;
    let shop = shop_in(world, vendor).await;
    let admin = operator(&shop.world, "hopper@example.com", Role::Admin).await;
    Store { shop, admin }
}

/// Two nodes of one shop; on the second one Bob buys.
pub(super) async fn stores() -> [Store; 2] {
    let first = Node {
        shared: true,
        seed: 1,
        ..Node::default()
    };
    let second = Node {
        shared: true,
        seed: 2,
        ..Node::over(first.memory.clone(), first.clock.clone())
    };
    let vendor = FakePayments::new(first.clock.clone());
    let world = Box::pin(world_paying_on(&first, Settings::default(), &vendor)).await;
    let other = Box::pin(world_paying_on(&second, Settings::default(), &vendor)).await;
    let shop = shop_in(world, Arc::clone(&vendor)).await;
    let admin = operator(&shop.world, "hopper@example.com", Role::Admin).await;
    let bob = other.sign_up("bob@example.com").await;
    let bob = other.session(&bob).await;
    let theirs = Shop {
        world: other,
        vendor,
        ada: bob,
        operator: shop.operator.clone(),
    };
    let second = Store {
        shop: theirs,
        admin: admin.clone(),
    };
    [Store { shop, admin }, second]
}

impl Store {
    pub(super) fn ada(&self) -> &SignedIn {
        &self.shop.ada
    }

    pub(super) fn vendor(&self) -> &FakePayments {
        &self.shop.vendor
    }

    pub(super) fn carts(&self) -> &Carts {
        &self.shop.world.app.carts
    }

    pub(super) fn orders(&self) -> &Orders {
        &self.shop.world.app.orders
    }

    pub(super) async fn offer(&self, item: &AddItem) -> ItemView {
        offer(&self.shop.world, &self.admin, item).await
    }

    pub(super) async fn change(&self, item: &str, change: &ChangeItem) {
        let at = (&category_id("kettles"), &item_id(item));
        let catalog = &self.shop.world.app.catalog;
        catalog.change_item(&self.admin, at, change).await.unwrap();
    }

    pub(super) async fn person(&self, email: &str) -> SignedIn {
        let person = self.shop.world.sign_up(email).await;
        self.shop.world.session(&person).await
    }

    /// What is left of an item.
    pub(super) async fn left(&self, item: &str) -> Option<u32> {
        let catalog = &self.shop.world.app.catalog;
        let page = catalog
            .items(&category_id("kettles"), &ListCategories::default())
            .await;
        let items = page.unwrap().items;
        items
            .into_iter()
            .find(|one| one.item_id.as_str() == item)
            .unwrap()
            .stock
    }

    /// A new cart of Ada's with so many pieces of an item.
    pub(super) async fn filled(&self, item: &str, quantity: u32) -> CartId {
        let cart = self.carts().open(self.ada()).await.unwrap().cart_id;
        let line = AddCatalogLine {
            category_id: category_id("kettles"),
            item_id: item_id(item),
            quantity: Some(quantity),
        };
        self.carts().add(self.ada(), &cart, &line).await.unwrap();
        cart
    }

    pub(super) async fn buy(&self, name: &str, cart: &CartId) -> Result<Purchased> {
        let command = PurchaseCart {
            with: PayWith::Fresh { save: false },
            vendor: None,
        };
        self.orders()
            .purchase(self.ada(), &key(name), cart, &command, &home())
            .await
    }

    /// Bought while the vendor's answers get lost, and written down as never sent by an operator.
    pub(super) async fn lost(&self, name: &str, cart: &CartId) -> (Purchased, VendorRef) {
        let vendor = self.vendor();
        vendor.will(PaymentFault::AnswerLost);
        vendor.refuse_lookups(true);
        let begun = self.buy(name, cart).await.unwrap();
        let payment = begun.payment.as_ref().unwrap();
        assert_eq!(payment.status, Status::Unknown);
        self.shop.world.wait(60);
        // It is sent once more, under the same key.
        vendor.will(PaymentFault::AnswerLost);
        let decided = (Resolution::NotSent, "The vendor knows nothing of it");
        let payments = &self.shop.world.app.payments;
        payments
            .resolve(&self.shop.operator, &payment.id, decided, &home())
            .await
            .unwrap();
        vendor.refuse_lookups(false);
        let theirs = vendor.payments().pop().unwrap().theirs.unwrap();
        (begun, theirs)
    }

    /// An order of Ada's that is paid, and its payment.
    pub(super) async fn sold(&self, name: &str, item: &str) -> (OrderView, PaymentView) {
        let cart = self.filled(item, 1).await;
        let begun = self.buy(name, &cart).await.unwrap();
        let payment = begun.payment.unwrap();
        self.pay(&payment).await;
        (self.order(&begun.order.txn_id).await, payment)
    }

    pub(super) async fn pay(&self, payment: &PaymentView) {
        assert!(self.vendor().pay(&reference(payment)));
        self.shop.complete(payment).await;
    }

    pub(super) async fn order(&self, id: &OrderId) -> OrderView {
        self.orders().get(self.ada().subject(), id).await.unwrap()
    }

    pub(super) async fn drain(&self, kind: &str) {
        self.shop.world.app.tasks.drain(kind).await.unwrap();
    }

    /// Given back at the vendor.
    pub(super) fn given_back(&self, payment: &PaymentView) -> i64 {
        let all = self.vendor().payments();
        let theirs = reference(payment);
        let ours = all.iter().filter(|one| one.theirs.as_ref() == Some(&theirs));
        ours.flat_map(|one| &one.refunds)
            .map(|refund| refund.amount.minor)
            .sum()
    }
}
