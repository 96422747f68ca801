//! Finding secrets among the values, so that they can be kept out of everything that is printed.

use portcullis_ports::Secret;
use serde_json::Value;

use super::merged::Merged;
use super::shape::Shape;

/// In bytes. Shorter texts are found everywhere; taking them out of a message would only garble it.
const SHORTEST: usize = 4;

/// Every secret that any source holds, also where a stronger source has another value.
pub(crate) fn secrets(merged: &Merged, schema: Shape<'_>) -> Vec<Secret> {
    let mut found = Vec::new();
    for setting in &merged.settings {
        // A secret may have been given a table, or an element of a list.
        let inside = setting
            .path
            .ancestors()
            .any(|path| schema.at(&path).is_some_and(Shape::is_secret));
        collect(&setting.value, schema.at(&setting.path), inside, &mut found);
    }
    found.retain(|secret| secret.expose().len() >= SHORTEST);
    // The longest first, so that no rest of one remains when another is a part of it.
    found.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    found
}

fn collect(value: &Value, shape: Option<Shape<'_>>, inside: bool, found: &mut Vec<Secret>) {
    let secret = inside || shape.is_some_and(Shape::is_secret);
    match value {
        Value::Object(table) => {
            for (key, inner) in table {
                collect(inner, shape.and_then(|shape| shape.property(key)), secret, found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                collect(element, shape.and_then(Shape::items), secret, found);
            }
        }
        Value::String(text) if secret => found.push(Secret::new(text.clone())),
        Value::Number(number) if secret => found.push(Secret::new(number.to_string())),
        _ => {}
    }
}

/// Text without the password of an address such as `https://user:password@host`.
pub(crate) fn without_password(text: &str) -> String {
    let hidden = || {
        let (scheme, rest) = text.split_once("://")?;
        let (user, host) = rest.split_once('@')?;
        let (name, _) = user.split_once(':').filter(|_| !user.contains('/'))?;
        Some(format!("{scheme}://{name}:***@{host}"))
    };
    hidden().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_hidden() {
        assert_eq!(
            without_password("redis://me:hunter2@host/1"),
            "redis://me:***@host/1"
        );
        for plain in ["https://host/a@b:c", "me:hunter2", "https://me@host"] {
            assert_eq!(without_password(plain), plain);
        }
    }
}
