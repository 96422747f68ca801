//! The catalog, carts and orders over HTTP: offered by operators, bought by whoever pays.

use portcullis_core::settings::Settings;
use portcullis_ports::payments::VendorRef;
use serde_json::{Value, json};

use super::deployment::Deployment;
use super::invoices::{Office, office};

const CARTS: &str = "/ui/shoppingcart/carts";
const ORDERS: &str = "/ui/purchase-history/transactions";
const CATEGORIES: &str = "/ui/catalog/categories";

async fn shop() -> Office {
    office(Deployment::with(|plan| plan.settings = Settings::default()).await).await
}

fn plum() -> Value {
    json!({ "item_id": "plum", "name": "Plum kettle", "price_cents": 1999, "stock": 2 })
}

impl Office {
    /// Two plum kettles are bought and paid. Gives what was answered, and the path of the order.
    async fn sold(&self) -> (Value, String) {
        self.offer(plum()).await;
        let cart = self.filled("plum").await;
        let call = self.deployment.post(&format!("{cart}/purchase")).by(&self.ada);
        let call = call.header("idempotency-key", "one");
        let bought = call.json(json!({ "pay_by": "browser" })).ok().await;
        self.pay(&bought["payment"]).await;
        let order = format!("{ORDERS}/{}", bought["order_id"].as_str().unwrap());
        (bought, order)
    }

    async fn pay(&self, payment: &Value) {
        let secret = payment["next_action"]["client_secret"].as_str().unwrap();
        let theirs = VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap();
        assert!(self.deployment.vendor.pay(&theirs));
        let complete = format!(
            "/api/billing/payments/{}/complete",
            payment["payment_id"].as_str().unwrap()
        );
        self.deployment.post(&complete).by(&self.ada).ok().await;
    }

    async fn offer(&self, item: Value) -> Value {
        let category = json!({ "category_id": "kettles", "name": "Kettles" });
        self.deployment
            .post(CATEGORIES)
            .by(&self.grace)
            .json(category)
            .send()
            .await;
        let items = format!("{CATEGORIES}/kettles/items");
        self.deployment.post(&items).by(&self.grace).json(item).ok().await
    }

    /// A cart of Ada's with two of an item.
    async fn filled(&self, item: &str) -> String {
        let cart = self.deployment.post(CARTS).by(&self.ada).ok().await;
        let cart = format!("{CARTS}/{}", cart["cart_id"].as_str().unwrap());
        let line = json!({ "category_id": "kettles", "item_id": item, "quantity": 2 });
        let items = format!("{cart}/items/catalog");
        self.deployment.post(&items).by(&self.ada).json(line).ok().await;
        cart
    }
}

#[tokio::test]
async fn a_cart_holds_what_the_catalog_offers_at_its_price() {
    let office = shop().await;
    let deployment = &office.deployment;
    let plum = plum();
    let offered = office.offer(plum.clone()).await;
    assert_eq!(
        (&offered["currency"], &offered["stock"]),
        (&json!("USD"), &json!(2))
    );
    let items = format!("{CATEGORIES}/kettles/items");
    let stranger = deployment.post(&items).by(&office.ada).json(plum);
    stranger.refused(403, "not-an-operator").await;
    let found = deployment
        .get("/ui/catalog/items/search?q=plum")
        .by(&office.ada)
        .ok()
        .await;
    assert_eq!(found["items"], json!([offered]));

    let cart = office.filled("plum").await;
    let listed = deployment.get(CARTS).by(&office.ada).ok().await;
    assert_eq!(
        (&listed[0]["status"], &listed[0]["total_cents"]),
        (&json!("OPEN"), &json!(3998))
    );
    let free = json!({ "sku": "gift", "name": "Gift", "quantity": 1, "unit_price_cents": 1 });
    let free = deployment
        .post(&format!("{cart}/items"))
        .by(&office.ada)
        .json(free);
    free.refused(400, "not-in-catalog").await;
    let line = format!("{cart}/items/catalog:plum");
    let change = |quantity: u32| {
        let call = deployment.call("PATCH", &line).by(&office.ada);
        call.json(json!({ "quantity": quantity }))
    };
    assert_eq!(change(1).ok().await["quantity"], 1);
    assert_eq!(change(0).ok().await, Value::Null);
    let again =
        json!({ "sku": "catalog:plum", "name": "Plum kettle", "quantity": 2, "unit_price_cents": 1999 });
    let items = format!("{cart}/items");
    deployment.post(&items).by(&office.ada).json(again).ok().await;
    let bob = deployment.person("bob@example.com").await;
    for path in [cart.clone() + "/items", cart.clone() + "/total"] {
        deployment
            .get(&path)
            .by(&bob)
            .refused(404, "cart-not-found")
            .await;
    }
}

#[tokio::test]
async fn a_cart_is_bought_once_and_completed_by_its_payment() {
    let office = shop().await;
    let deployment = &office.deployment;
    office.offer(plum()).await;
    let cart = office.filled("plum").await;
    let bob = deployment.person("bob@example.com").await;
    let buy = |key: &str| {
        let call = deployment.post(&format!("{cart}/purchase")).by(&office.ada);
        call.header("idempotency-key", key)
            .json(json!({ "pay_by": "browser" }))
    };
    let bought = buy("one").ok().await;
    assert_eq!(
        (
            &bought["order_id"],
            &bought["purchased_total_cents"],
            &bought["currency"],
            &bought["status"],
            &bought["buyer"]["email"]
        ),
        (
            &bought["purchase_txn_id"],
            &json!(3998),
            &json!("USD"),
            &json!("PENDING"),
            &json!("ada@example.com")
        )
    );
    assert_eq!(buy("one").ok().await["order_id"], bought["order_id"]);
    let twice = buy("two").refused(409, "cart-not-open").await;
    assert_eq!(twice["order_id"], bought["order_id"]);
    let payment = &bought["payment"];
    assert_eq!(
        (&payment["purpose"], &payment["reference"]),
        (&json!("order"), &bought["order_id"])
    );
    let order = format!("{ORDERS}/{}", bought["order_id"].as_str().unwrap());
    for what in ["complete", "revert", "cancel/respond"] {
        let body = json!({ "decision": "APPROVE" });
        let body = if what == "cancel/respond" { body } else { json!({}) };
        let alone = deployment
            .post(&format!("{order}/{what}"))
            .by(&office.ada)
            .json(body);
        alone.refused(403, "not-an-operator").await;
    }
    office.pay(payment).await;
    let foreign = deployment.get(&order).by(&bob);
    foreign.refused(404, "order-not-found").await;
    let read = deployment.get(&order).by(&office.ada).ok().await;
    assert_eq!(
        (&read["status"], &read["paid_cents"]),
        (&json!("COMPLETED"), &json!(3998))
    );
}

#[tokio::test]
async fn an_order_is_shipped_and_found_again() {
    let office = shop().await;
    let deployment = &office.deployment;
    let (bought, order) = office.sold().await;
    let read = deployment.get(&order).by(&office.ada).ok().await;
    let open = deployment
        .get("/api/operator/orders")
        .by(&office.grace)
        .ok()
        .await;
    assert_eq!(open[0]["txn_id"], bought["order_id"]);
    let shipping = json!({ "shipping": { "carrier": "Parcel Post", "shipped_at": 1_790_000_000 }, "version": read["version"] });
    let path = format!("{order}/shipping");
    let shipped = deployment
        .call("PUT", &path)
        .by(&office.grace)
        .json(shipping.clone())
        .ok()
        .await;
    assert_eq!(shipped["shipping"]["carrier"], "Parcel Post");
    let stale = deployment.call("PUT", &path).by(&office.grace).json(shipping);
    stale.refused(409, "order-changed").await;
    let found = deployment
        .get(&format!("{ORDERS}/search?q=parcel"))
        .by(&office.ada)
        .ok()
        .await;
    assert_eq!(found[0]["txn_id"], bought["order_id"]);
    let events = deployment
        .get(&format!("{order}/events"))
        .by(&office.ada)
        .ok()
        .await;
    let events: Vec<&str> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["placed", "payment_begun", "paid", "shipped"]);
    let review = json!({ "rating": 5, "title": "Boils fast", "reviewer": "Somebody else" });
    let reviews = "/ui/catalog/items/plum/reviews";
    let review = deployment.post(reviews).by(&office.ada).json(review).ok().await;
    assert_eq!(review["verified_purchase"], true);
    assert_ne!(review["reviewer"], "Somebody else");
}

#[tokio::test]
async fn a_changed_price_is_told_with_both_and_pages_lead_on() {
    let office = shop().await;
    let deployment = &office.deployment;
    office
        .offer(json!({ "item_id": "leaflet", "name": "Leaflet", "price_cents": 1 }))
        .await;
    let item = format!("{CATEGORIES}/kettles/items/leaflet");
    let change = |price: i64| {
        let call = deployment.call("PATCH", &item).by(&office.grace);
        call.json(json!({ "price_cents": price }))
    };
    for n in 0..2 {
        change(1).ok().await;
        let cart = office.filled("leaflet").await;
        change(0).ok().await;
        let buy = || {
            let call = deployment.post(&format!("{cart}/purchase")).by(&office.ada);
            call.header("idempotency-key", &format!("key-{n}"))
        };
        let told = buy().refused(409, "price-changed").await;
        assert_eq!(
            (&told["item_id"], &told["price_before"], &told["price"]),
            (&json!("leaflet"), &json!(1), &json!(0))
        );
        let bought = buy().ok().await;
        assert_eq!(
            (&bought["status"], &bought["payment"]),
            (&json!("COMPLETED"), &Value::Null)
        );
    }
    let first = deployment
        .get(&format!("{ORDERS}?limit=1&status=COMPLETED"))
        .by(&office.ada)
        .send()
        .await;
    let link = first.header("link").to_owned();
    let next = link.strip_prefix('<').unwrap().split_once('>').unwrap().0;
    let second = deployment
        .get(&format!("{ORDERS}{next}"))
        .by(&office.ada)
        .ok()
        .await;
    assert_eq!(second.as_array().unwrap().len(), 1);
    assert_ne!(second[0]["txn_id"], first.json()[0]["txn_id"]);
}
