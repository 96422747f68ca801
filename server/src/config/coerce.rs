//! Turns the raw text of a variable into the value its field takes, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Deserializer, Value};

use super::shape::Shape;

const LIST: &str = "A list is written as JSON, or as a,b,c without brackets.";
const TABLE: &str = "A table in a variable is written as JSON.";

/// The value of `text` for a field of this shape. Text stays text, leading zeros included; everything else is written
/// as in JSON, and a list also as words with commas between them. What is neither stays text, for the schema to refuse.
///
/// # Errors
/// What is wrong with the JSON of a list or a table, and what would be right.
pub(crate) fn coerce(text: &str, shape: Shape<'_>) -> Result<Value, String> {
    let (trimmed, list) = (text.trim(), shape.takes("array"));
    let is_json = trimmed.starts_with(['[', '{']);
    match serde_json::from_str::<Value>(trimmed) {
        _ if shape.takes("string") => Ok(Value::from(text)),
        Ok(value) if is_json || !list => match repeated_key(trimmed) {
            Some(key) => Err(format!(
                "The key `{key}` stands twice in one table.\nKeep it once."
            )),
            None => Ok(value),
        },
        Err(error) if is_json && (list || shape.takes("object")) => {
            let remedy = if list { LIST } else { TABLE };
            let column = error.column();
            Err(format!("This is not valid JSON, at column {column}.\n{remedy}"))
        }
        _ if list => {
            let words = trimmed.split(',').map(str::trim).filter(|word| !word.is_empty());
            let items = shape.items();
            words
                .map(|word| items.map_or(Ok(word.into()), |items| coerce(word, items)))
                .collect()
        }
        _ => Ok(Value::from(text)),
    }
}

/// The first key that a table has twice in valid JSON; the parser would take the last of them.
fn repeated_key(json: &str) -> Option<String> {
    let (mut tables, mut rest) = (Vec::new(), json);
    while let Some(at) = rest.find(['{', '}', '"']) {
        let (token, after) = rest.get(at..)?.split_at_checked(1)?;
        rest = after;
        match token {
            "{" => tables.push(BTreeSet::new()),
            "}" => drop(tables.pop()),
            _ => {
                let mut texts = Deserializer::from_str(json.get(json.len() - rest.len() - 1..)?).into_iter();
                let text: String = texts.next()?.ok()?;
                rest = rest.get(texts.byte_offset() - 1..)?;
                let is_key = rest.trim_start().starts_with(':');
                if is_key && !tables.last_mut()?.insert(text.clone()) {
                    return Some(text);
                }
            }
        }
    }
    None
}

/// The text of a former variable as it would be written today: with the unit that bare numbers had, and with truth in
/// words.
pub(crate) fn modern(text: &str, shape: Shape<'_>) -> String {
    let trimmed = text.trim();
    let bare = !trimmed.is_empty() && trimmed.chars().all(|c| c.is_ascii_digit());
    let unit = shape.text("x-env-unit").and_then(|unit| unit.chars().next());
    match (unit, trimmed) {
        (Some(unit), _) if bare => format!("{trimmed}{unit}"),
        (None, "1" | "True" | "TRUE") if shape.takes("boolean") => "true".to_owned(),
        (None, "0" | "False" | "FALSE") if shape.takes("boolean") => "false".to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_becomes_what_its_field_takes_or_stays_text() {
        let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
        let (truth, table) = (json!({"type": "boolean"}), json!({"type": "object"}));
        let words = json!({"type": "array", "items": text});
        let (numbers, decimal) = (
            json!({"type": "array", "items": number}),
            json!({"type": "number"}),
        );
        let read = |written, shape| coerce(written, Shape(shape));
        for (shape, written, value) in [
            (&words, "a, 007 ,b", json!(["a", "007", "b"])),
            (&words, "[\"a,b\"]", json!(["a,b"])),
            (&words, "", json!([])),
            (&words, "7", json!(["7"])),
            (&numbers, "1,2", json!([1, 2])),
            (&numbers, "1,x", json!([1, "x"])),
            (&number, "15", json!(15)),
            (&number, "18446744073709551615", json!(u64::MAX)),
            (&decimal, "0.5", json!(0.5)),
            (&truth, "false", json!(false)),
            (&truth, "1", json!(1)),
            (
                &table,
                r#"{"a":{"b":":{"},"b":["b","b"]}"#,
                json!({"a": {"b": ":{"}, "b": ["b", "b"]}),
            ),
        ] {
            assert_eq!(read(written, shape), Ok(value), "{written}");
        }
        // Text keeps its leading zeros, and numbers and truth are strict.
        let texts = ["0900123", "0000", "true"].map(|written| (&text, written));
        let numbers = ["015", "+1", "1_000", "", "0x10", "fifteen"].map(|written| (&number, written));
        let truths = ["yes", "True", "off", ""].map(|written| (&truth, written));
        for (shape, written) in [&texts[..], &numbers, &truths].concat() {
            assert_eq!(read(written, shape), Ok(json!(written)));
        }
        for (shape, wrong) in [(&words, "[1"), (&table, "{"), (&table, r#"{"a":1,"a":2}"#)] {
            assert!(read(wrong, shape).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_set_once_in_its_table() {
        for (json, key) in [
            (r#"{"most":8,"window":"1m","most":9}"#, "most"),
            (r#"[{"a":{"b":1}},{"a":{"b":1,"\u0062":2}}]"#, "b"),
        ] {
            assert_eq!(repeated_key(json).as_deref(), Some(key));
        }
    }

    #[test]
    fn a_former_variable_counts_in_its_unit() {
        let shape = json!({"type": "string", "x-env-unit": "seconds"});
        assert_eq!(modern("900", Shape(&shape)), "900s");
        assert_eq!(modern("15m", Shape(&shape)), "15m");
        assert_eq!(modern("1", Shape(&json!({"type": "boolean"}))), "true");
    }
}
