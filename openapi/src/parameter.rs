//! What is said of a parameter that is refused: which one it is, and what would be right.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use portcullis_ports::Error;

use crate::problem::INVALID_REQUEST;

/// What the framework's checks of bounds begin with.
const FAILED_CHECK: &str = "verification failed. ";
/// What the framework says before the name of the type that a value was read as.
const READ_AS: &str = " (occurred while parsing ";

/// The refusal of a parameter of the query.
pub(crate) fn refused_in_query(name: &str, advice: &str) -> Error {
    refused(name, advice).with_field(format!("?{name}"), sentence(advice))
}

/// The refusal of a parameter, wherever it stands.
pub(crate) fn refused(name: &str, advice: &str) -> Error {
    INVALID_REQUEST.with_detail(format!("The parameter `{name}` is wrong: {advice}."))
}

/// What is expected of a value of this type, where its schema says more than the framework does.
pub(crate) fn advice<T: Type>(reason: &str) -> String {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let schema = T::schema_ref();
    let known = resolve(&schema, &registry).and_then(|schema| expected(schema, &registry));
    known.unwrap_or_else(|| said(reason))
}

fn resolve<'a>(schema: &'a MetaSchemaRef, registry: &'a Registry) -> Option<&'a MetaSchema> {
    match schema {
        MetaSchemaRef::Inline(schema) => Some(schema),
        MetaSchemaRef::Reference(name) => registry.schemas.get(name),
    }
}

fn expected(schema: &MetaSchema, registry: &Registry) -> Option<String> {
    if !schema.enum_items.is_empty() {
        let items = schema.enum_items.iter();
        let names = items.map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
        return Some(format!(
            "one of {} is expected",
            names.collect::<Vec<_>>().join(", ")
        ));
    }
    match schema.ty {
        "integer" => Some("a whole number is expected".to_owned()),
        "boolean" => Some("true or false is expected".to_owned()),
        "array" => {
            let items = schema.items.as_deref()?;
            resolve(items, registry).and_then(|items| expected(items, registry))
        }
        _ => None,
    }
}

/// What the framework says, without the names of types and of its checks.
pub(crate) fn said(reason: &str) -> String {
    if let Some(bound) = reason.strip_prefix(FAILED_CHECK).and_then(bound) {
        return bound;
    }
    let reason = reason.rsplit("\": ").next().unwrap_or(reason);
    let reason = reason.split_once(READ_AS).map_or(reason, |(said, _)| said);
    reason.trim_end_matches('.').to_owned()
}

/// A check of the framework, such as `minimum(1, exclusive: false)`.
fn bound(check: &str) -> Option<String> {
    let (name, rest) = check.split_once('(')?;
    let bound = rest.split([',', ')']).next()?;
    let side = match name {
        "minimum" => "at least",
        "maximum" => "at most",
        _ => return None,
    };
    Some(format!("{side} {bound} is expected"))
}

fn sentence(advice: &str) -> String {
    let mut letters = advice.chars();
    letters
        .next()
        .map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use portcullis_core::orders::OrderStatus;

    use super::*;

    #[test]
    fn what_would_be_right_is_said_and_no_type_is_named() {
        assert_eq!(
            advice::<Option<OrderStatus>>("Expect a valid enumeration value."),
            "one of PENDING, COMPLETED, REVERTED, CANCEL_REQUESTED, CANCELLED, CANCEL_DENIED is expected"
        );
        assert_eq!(
            advice::<Option<usize>>("invalid digit found in string"),
            "a whole number is expected"
        );
        assert_eq!(
            advice::<bool>("provided string was not `true` or `false`"),
            "true or false is expected"
        );
        assert_eq!(
            advice::<String>("too long (occurred while parsing \"string\")"),
            "too long"
        );
        assert_eq!(
            said("verification failed. minimum(1, exclusive: false)"),
            "at least 1 is expected"
        );
        assert_eq!(
            said("verification failed. maximum(100, exclusive: false)"),
            "at most 100 is expected"
        );
        assert_eq!(
            said("failed to parse \"id\": an id that begins with ord_ is expected"),
            "an id that begins with ord_ is expected"
        );
    }

    #[test]
    fn a_parameter_of_the_query_is_pointed_at() {
        let error = refused_in_query("limit", "at least 1 is expected");
        let field = error.fields().first().expect("a field");
        assert_eq!(
            (field.pointer.as_str(), field.detail.as_str()),
            ("?limit", "At least 1 is expected.")
        );
    }
}
