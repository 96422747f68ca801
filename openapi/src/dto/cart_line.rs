//! An item of a cart, or nothing, without a frame, as clients of old expect it.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type};
use portcullis_core::carts::CartLineView;
use portcullis_core::use_case::Documented;
use serde::Serialize;
use serde_json::Value;

/// The item as it is in the cart now; null if it was taken out.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct ChangedLine(pub(crate) Option<CartLineView>);

impl Documented for ChangedLine {
    const EXAMPLE: &str = CartLineView::EXAMPLE;
}

impl Type for ChangedLine {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "ChangedCartLine".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            CartLineView::register(registry);
            MetaSchema {
                description: Some("The item as it is in the cart now; null if it was taken out."),
                nullable: true,
                all_of: vec![CartLineView::schema_ref()],
                ..MetaSchema::new("object")
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

impl ToJSON for ChangedLine {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.to_json().unwrap_or(Value::Null))
    }
}
