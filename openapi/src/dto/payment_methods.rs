//! Stored payment methods in a list without a frame, as clients of old expect it.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use portcullis_core::payment_methods::MethodView;
use portcullis_core::use_case::Documented;
use serde::Serialize;
use serde_json::Value;

/// The payment methods of a person, by priority.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct PaymentMethodList(pub(crate) Vec<MethodView>);

impl Documented for PaymentMethodList {
    const EXAMPLE: &str = r#"[
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

impl Type for PaymentMethodList {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "PaymentMethodList".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            MethodView::register(registry);
            MetaSchema {
                description: Some("The payment methods of a person, by priority."),
                items: Some(Box::new(MethodView::schema_ref())),
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

impl ToJSON for PaymentMethodList {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}
