//! Turns the raw text of a variable into the value its field takes, and nothing else.

use serde_json::Value;

use super::shape::{Shape, kind_of};

/// The value of `text` for a field of this shape. Text stays text, leading zeros included; everything else is written
/// as in JSON, and a list also as words with commas between them.
///
/// # Errors
/// What is wrong and what would be right; never the text of a secret.
pub(crate) fn coerce(text: &str, shape: Shape<'_>) -> Result<Value, String> {
    if shape.takes("string") {
        return Ok(Value::from(text));
    }
    let (trimmed, list) = (text.trim(), shape.takes("array"));
    match serde_json::from_str::<Value>(trimmed) {
        Ok(value) if shape.takes(kind_of(&value)) => Ok(value),
        Err(error) if list && trimmed.starts_with('[') => Err(format!(
            "This is not valid JSON, at column {}.\nA list is written as JSON, or as a,b,c without brackets.",
            error.column()
        )),
        Err(error) if shape.takes("object") && trimmed.starts_with('{') => Err(format!(
            "This is not valid JSON, at column {}.\nA table in a variable is written as JSON.",
            error.column()
        )),
        _ if list => {
            let words = trimmed.split(',').map(str::trim).filter(|word| !word.is_empty());
            let element = |word: &str| {
                shape
                    .items()
                    .map_or_else(|| Ok(Value::from(word)), |items| coerce(word, items))
            };
            words.map(element).collect()
        }
        _ => {
            let given = if shape.is_secret() {
                "The value".to_owned()
            } else {
                format!("{text:?}")
            };
            let remedy = match shape.expected() {
                _ if shape.takes("object") => {
                    "A table is expected: set its keys one by one, or write it as JSON.".to_owned()
                }
                expected if shape.takes("boolean") => format!("Expected is {expected}."),
                expected => format!("Expected is {expected}, without leading zeros, signs or spaces."),
            };
            Err(format!("{given} is not accepted.\n{remedy}"))
        }
    }
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

    fn read(text: &str, shape: &Value) -> Option<Value> {
        coerce(text, Shape(shape)).ok()
    }

    #[test]
    fn text_keeps_its_leading_zeros() {
        let text = json!({"type": "string"});
        for written in ["0900123", "0000", "true"] {
            assert_eq!(read(written, &text), Some(json!(written)));
        }
    }

    #[test]
    fn numbers_and_truth_are_strict() {
        let number = json!({"type": "integer"});
        assert_eq!(read("15", &number), Some(json!(15)));
        assert_eq!(read("18446744073709551615", &number), Some(json!(u64::MAX)));
        for wrong in ["015", "+1", "1_000", "1.0", "", "0x10", "fifteen"] {
            assert_eq!(read(wrong, &number), None, "{wrong}");
        }
        assert_eq!(read("0.5", &json!({"type": "number"})), Some(json!(0.5)));
        let truth = json!({"type": "boolean"});
        assert_eq!(read("false", &truth), Some(json!(false)));
        for wrong in ["1", "yes", "True", "off", ""] {
            assert_eq!(read(wrong, &truth), None, "{wrong}");
        }
    }

    #[test]
    fn a_list_is_words_with_commas_or_json() {
        let words = json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(read("a, 007 ,b", &words), Some(json!(["a", "007", "b"])));
        assert_eq!(read("[\"a,b\"]", &words), Some(json!(["a,b"])));
        assert_eq!(read("", &words), Some(json!([])));
        assert_eq!(read("[1", &words), None);
        let numbers = json!({"type": "array", "items": {"type": "integer"}});
        assert_eq!(read("1,2", &numbers), Some(json!([1, 2])));
        assert_eq!(read("1,x", &numbers), None);
    }

    #[test]
    fn a_former_variable_counts_in_its_unit() {
        let shape = json!({"type": "string", "x-env-unit": "seconds"});
        assert_eq!(modern("900", Shape(&shape)), "900s");
        assert_eq!(modern("15m", Shape(&shape)), "15m");
        assert_eq!(modern("1", Shape(&json!({"type": "boolean"}))), "true");
    }

    #[test]
    fn a_secret_is_not_repeated() {
        let shape = json!({"type": "integer", "x-secret": true});
        assert!(!coerce("hunter2", Shape(&shape)).unwrap_err().contains("hunter2"));
    }
}
