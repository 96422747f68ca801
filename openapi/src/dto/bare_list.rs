//! Lists without a frame, as clients of old expect them.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use portcullis_core::carts::CartView;
use portcullis_core::orders::OrderSummary;
use portcullis_core::payment_methods::MethodView;
use portcullis_core::use_case::Documented;
use serde::Serialize;
use serde_json::Value;

/// What is listed without a frame, and what the list says of itself in the document.
pub(crate) trait Listed: Type + ToJSON + Serialize + Sync + Send {
    const NAME: &'static str;
    const DESCRIPTION: &'static str;
    const EXAMPLE: &'static str;
}

/// A list whose schema has a name.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct BareList<T>(pub(crate) Vec<T>);

impl Listed for MethodView {
    const NAME: &'static str = "PaymentMethodList";
    const DESCRIPTION: &'static str = "The payment methods of a person, by priority.";
    const EXAMPLE: &'static str = r#"[
  {
    "payment_method_id": "pm_01h2xcejqtf2nbrexx3vqjhp41",
    "vendor": "main",
    "method_type": "card",
    "label": "Visa",
    "brand": "Visa",
    "last4": "4242",
    "exp_month": 12,
    "exp_year": 2030,
    "priority": 0,
    "is_default": true,
    "status": "active",
    "reason": null,
    "stored_at": 1790000000
  }
]"#;
}

impl Listed for CartView {
    const NAME: &'static str = "CartList";
    const DESCRIPTION: &'static str = "One's carts, newest first.";
    const EXAMPLE: &'static str = r#"[
  {
    "cart_id": "cart_01h2xcejqtf2nbrexx3vqjhp41",
    "status": "OPEN",
    "currency": "USD",
    "item_count": 1,
    "total_cents": 3998,
    "order_id": null,
    "created_at": 1790000000,
    "updated_at": 1790000000
  }
]"#;
}

impl Listed for OrderSummary {
    const NAME: &'static str = "OrderList";
    const DESCRIPTION: &'static str =
        "Orders, newest first. A page may hold fewer than were asked for, and even none.";
    const EXAMPLE: &'static str = r#"[
  {
    "txn_id": "ord_01h2xcejqtf2nbrexx3vqjhp41",
    "status": "COMPLETED",
    "total_cents": 3998,
    "currency": "USD",
    "digits": 2,
    "description": "Plum kettle",
    "external_ref": "cart_01h2xcejqtf2nbrexx3vqjhp41",
    "version": 3,
    "created_at": 1790000000,
    "updated_at": 1790000060
  }
]"#;
}

impl<T: Listed> Documented for BareList<T> {
    const EXAMPLE: &str = T::EXAMPLE;
}

impl<T: Listed> Type for BareList<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            T::register(registry);
            MetaSchema {
                description: Some(T::DESCRIPTION),
                items: Some(Box::new(T::schema_ref())),
                ..MetaSchema::new("array")
            }
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: Listed> ToJSON for BareList<T> {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}
