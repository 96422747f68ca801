//! Handles and credentials in answers: plain text, whose form documents show.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::{Serialize, Serializer};

/// A text that goes out in the given form.
pub struct Shown<F>(String, PhantomData<fn() -> F>);

impl<F> From<String> for Shown<F> {
    fn from(text: String) -> Self {
        Self(text, PhantomData)
    }
}

impl<F> From<Shown<F>> for String {
    fn from(shown: Shown<F>) -> Self {
        shown.0
    }
}

impl<F> Deref for Shown<F> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<F> Clone for Shown<F> {
    fn clone(&self) -> Self {
        self.0.clone().into()
    }
}

/// Some of them are credentials.
impl<F> fmt::Debug for Shown<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

impl<F> Serialize for Shown<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use std::borrow::Cow;

    use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
    use poem_openapi::types::{ParseFromJSON, ParseResult, ToJSON, Type};
    use serde_json::Value;

    use super::Shown;
    use crate::foundation::input::Form;

    impl<F: Form> Type for Shown<F> {
        const IS_REQUIRED: bool = true;
        type RawValueType = Self;
        type RawElementValueType = Self;

        fn name() -> Cow<'static, str> {
            "string".into()
        }

        fn schema_ref() -> MetaSchemaRef {
            let mut schema = MetaSchema::new("string");
            schema.pattern = F::pattern();
            MetaSchemaRef::Inline(Box::new(schema))
        }

        fn as_raw_value(&self) -> Option<&Self> {
            Some(self)
        }

        fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
            Box::new(self.as_raw_value().into_iter())
        }
    }

    impl<F: Form> ParseFromJSON for Shown<F> {
        fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
            String::parse_from_json(value)
                .map(Self::from)
                .map_err(poem_openapi::types::ParseError::propagate)
        }
    }

    impl<F: Form> ToJSON for Shown<F> {
        fn to_json(&self) -> Option<Value> {
            Some(self.0.clone().into())
        }
    }
}
