//! What types declare for the document, added to their schemas.

use poem_openapi::registry::{MetaDiscriminatorObject, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use portcullis_core::use_case::Documented;

/// Registers a type with its example, the fields of which it needs one, and the field that has a second name.
pub(crate) fn register<T: Type + Documented>(registry: &mut Registry) {
    T::register(registry);
    let name = T::name();
    let Some(schema) = registry.schemas.get_mut(name.as_ref()) else {
        return;
    };
    // An example that is no JSON is left out, which the tests refuse.
    schema.example = serde_json::from_str(T::EXAMPLE).ok();
    let mut choices = Vec::new();
    if !T::ANY_OF.is_empty() {
        let choice = MetaSchema {
            any_of: T::ANY_OF.iter().map(|field| with(field)).collect(),
            ..MetaSchema::ANY
        };
        choices.push(inline(choice));
    }
    if let Some((field, alias)) = T::ALIAS {
        if schema.required.contains(&field) {
            let either = MetaSchema {
                one_of: vec![with(field), with(alias)],
                ..MetaSchema::ANY
            };
            choices.push(inline(either));
        }
        // For the document, which has words for this that `MetaSchema` has not.
        schema.discriminator = Some(MetaDiscriminatorObject {
            property_name: field,
            mapping: vec![(field.to_owned(), alias.to_owned())],
        });
    }
    if !choices.is_empty() {
        schema.all_of = choices;
    }
}

/// An object that has this field, and not as null.
fn with(field: &'static str) -> MetaSchemaRef {
    inline(MetaSchema {
        required: vec![field],
        properties: vec![(field, inline(MetaSchema::new("string")))],
        ..MetaSchema::ANY
    })
}

fn inline(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}
