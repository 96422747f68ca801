//! A macro for text that is parsed once and valid ever after: ids, addresses, numbers.

/// Declares a newtype over `String` whose only way in is `parse`.
///
/// Gives `Display`, `FromStr`, serde through the parser, a settings schema, and with feature `openapi` an API schema.
/// A regular expression after `in` says its form in both schemas. `$parse` is a `fn(&str) -> Result<String, &'static str>`, whose error says what would be right.
#[macro_export]
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $format:literal, $example:literal, $(in $pattern:expr,)? $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses and normalises.
            ///
            /// # Errors
            /// A sentence that says what would be right.
            pub fn parse(text: &str) -> ::std::result::Result<Self, &'static str> {
                let parse: fn(&str) -> ::std::result::Result<String, &'static str> = $parse;
                parse(text).map(Self)
            }

            /// The normalised text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let text = <String as ::serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(::serde::de::Error::custom)
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({
                    "type": "string", "format": $format, "examples": [$example], $("pattern": $pattern,)?
                })
            }
        }

        #[cfg(feature = "openapi")]
        $crate::api_text!($name, $format, $example $(, $pattern)?);
    };
}

/// The API schema of a [`text!`] type.
#[cfg(feature = "openapi")]
#[macro_export]
macro_rules! api_text {
    ($name:ident, $format:literal, $example:literal $(, $pattern:expr)?) => {
        impl ::poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> ::std::borrow::Cow<'static, str> {
                concat!("string_", $format).into()
            }

            fn schema_ref() -> ::poem_openapi::registry::MetaSchemaRef {
                let mut schema = ::poem_openapi::registry::MetaSchema::new_with_format("string", $format);
                schema.example = Some(::serde_json::Value::from($example));
                $(schema.pattern = Some($pattern.to_owned());)?
                ::poem_openapi::registry::MetaSchemaRef::Inline(Box::new(schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(self.as_raw_value().into_iter())
            }
        }

        impl ::poem_openapi::types::ParseFromJSON for $name {
            fn parse_from_json(
                value: Option<::serde_json::Value>,
            ) -> ::poem_openapi::types::ParseResult<Self> {
                ::serde_json::from_value(value.unwrap_or_default())
                    .map_err(::poem_openapi::types::ParseError::custom)
            }
        }

        impl ::poem_openapi::types::ParseFromParameter for $name {
            fn parse_from_parameter(value: &str) -> ::poem_openapi::types::ParseResult<Self> {
                Self::parse(value).map_err(::poem_openapi::types::ParseError::custom)
            }
        }

        impl ::poem_openapi::types::ToJSON for $name {
            fn to_json(&self) -> Option<::serde_json::Value> {
                Some(::serde_json::Value::from(self.as_str()))
            }
        }
    };
}
