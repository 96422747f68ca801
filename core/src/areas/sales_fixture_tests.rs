//! The bytes of records of the catalog, carts and orders, as they lie in stores.

use super::fixture_tests::Fixture;

pub(super) const SALES: &[Fixture] = &[
    (
        "carts",
        "cart",
        1,
        r#"{"id":"cart_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","status":"PURCHASED","currency":"USD","lines":[{"sku":"catalog:plum-kettle","category":"kettles","item":"plum-kettle","name":"Plum kettle","quantity":2,"unit_price":1999}],"order":"ord_01h2xcejqtf2nbrexx3vqjhp41","created_at":1790000000000,"updated_at":1790000000000}"#,
    ),
    (
        "catalog",
        "category",
        1,
        r#"{"id":"kettles","name":"Kettles","description":"","creator":"usr_ypqeqcs9v6bq5vzwm86escxfjc","items":1,"removed":false,"created_at":1790000000000,"updated_at":1790000000000}"#,
    ),
    (
        "catalog",
        "item",
        1,
        r#"{"id":"plum-kettle","category":"kettles","name":"Plum kettle","description":"Boils","price":{"minor":1999,"currency":"USD"},"image_urls":["https://images.example.com/plum-kettle.jpg"],"attributes":{"colour":"plum"},"stock":12,"created_at":1790000000000,"updated_at":1790000000000}"#,
    ),
    (
        "catalog",
        "line",
        1,
        r#"{"item":"plum-kettle","category":"kettles","text":"plum kettle\nboils"}"#,
    ),
    (
        "catalog",
        "review name",
        1,
        r#"{"id":"rev_01h2xcejqtf2nbrexx3vqjhp41","item":"plum-kettle","author":"usr_ypqeqcs9v6bq5vzwm86escxfjc"}"#,
    ),
    (
        "catalog_people",
        "bought",
        1,
        r#"{"item":"plum-kettle","buyer":"usr_ypqeqcs9v6bq5vzwm86escxfjc"}"#,
    ),
    (
        "catalog_people",
        "reviewed",
        1,
        r#"{"item":"plum-kettle","author":"usr_ypqeqcs9v6bq5vzwm86escxfjc","review":"rev_01h2xcejqtf2nbrexx3vqjhp41"}"#,
    ),
    (
        "catalog_reviews",
        "review",
        1,
        r#"{"id":"rev_01h2xcejqtf2nbrexx3vqjhp41","item":"plum-kettle","author":"usr_ypqeqcs9v6bq5vzwm86escxfjc","rating":5,"title":"Boils fast","body":"","created_at":1790000000000}"#,
    ),
    (
        "order_names",
        "line",
        1,
        r#"{"order":"ord_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc"}"#,
    ),
    (
        "order_names",
        "name",
        1,
        r#"{"order":"ord_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc"}"#,
    ),
    (
        "orders",
        "event",
        1,
        r#"{"order":"ord_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","number":1,"at":1790000000000,"kind":"placed","by":"buyer","note":null,"amount":3998}"#,
    ),
    (
        "orders",
        "order",
        1,
        r#"{"id":"ord_01h2xcejqtf2nbrexx3vqjhp41","subject":"usr_ypqeqcs9v6bq5vzwm86escxfjc","cart":"cart_01h2xcejqtf2nbrexx3vqjhp41","items":[{"sku":"catalog:plum-kettle","category":"kettles","item":"plum-kettle","name":"Plum kettle","quantity":2,"unit_price":1999}],"total":{"minor":3998,"currency":"USD"},"buyer":{"display_name":"Ada","email":"ada@example.com"},"status":"CANCEL_REQUESTED","holds":true,"reserved_until":1790001800000,"payment":"pay_01h2xcejqtf2nbrexx3vqjhp41","paying":false,"kept":true,"paid":3998,"refunded":0,"give_back":{"operator":"usr_ypqeqcs9v6bq5vzwm86escxfjc","reason":null},"because":null,"shipping":{"carrier":"Parcel Post","tracking_number":null,"shipped_at":1790000000,"delivered_at":null,"address":null},"cancel":{"requested_at":1790000000000,"reason":"Twice","approved":null,"responded_at":null,"note":null},"processor_ref":null,"version":4,"events":4,"created_at":1790000000000,"completed_at":1790000060000,"reverted_at":null,"cancelled_at":null,"updated_at":1790000060000}"#,
    ),
];
