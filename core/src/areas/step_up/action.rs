//! How a request names an action.

use serde::Deserialize;

/// The name of a sensitive action, as its area declares it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ActionName(String);

impl ActionName {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ActionName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use std::borrow::Cow;

    use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
    use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
    use serde_json::Value;

    use super::ActionName;

    impl Type for ActionName {
        const IS_REQUIRED: bool = true;
        type RawValueType = Self;
        type RawElementValueType = Self;

        fn name() -> Cow<'static, str> {
            "Action".into()
        }

        fn schema_ref() -> MetaSchemaRef {
            MetaSchemaRef::Reference(Self::name().into_owned())
        }

        /// Which names there are is known above the areas: whoever makes the document adds them.
        fn register(registry: &mut Registry) {
            registry.create_schema::<Self, _>(Self::name().into_owned(), |_| MetaSchema::new("string"));
        }

        fn as_raw_value(&self) -> Option<&Self> {
            Some(self)
        }

        fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
            Box::new(self.as_raw_value().into_iter())
        }
    }

    impl ParseFromJSON for ActionName {
        fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
            String::parse_from_json(value)
                .map(Self)
                .map_err(ParseError::propagate)
        }
    }

    impl ToJSON for ActionName {
        fn to_json(&self) -> Option<Value> {
            Some(self.0.clone().into())
        }
    }
}
