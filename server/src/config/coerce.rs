//! Turns the raw text of a variable into the value its field takes, and nothing else.

use serde_json::{Number, Value};

use super::shape::Shape;

/// The value of `text` for a field of this shape. Text stays text, leading zeros included.
///
/// # Errors
/// What is wrong and what would be right; never the text of a secret.
pub(crate) fn coerce(text: &str, shape: Shape<'_>) -> Result<Value, (String, String)> {
    let trimmed = text.trim();
    if shape.takes("string") {
        return Ok(Value::from(text));
    }
    let found = [
        ("boolean", boolean(trimmed)),
        ("integer", integer(trimmed)),
        ("number", decimal(trimmed)),
    ];
    let scalar = found
        .into_iter()
        .find_map(|(kind, value)| value.filter(|_| shape.takes(kind)));
    if let Some(value) = scalar {
        return Ok(value);
    }
    if shape.takes("array") {
        return list(trimmed, shape);
    }
    if shape.takes("object") && trimmed.starts_with('{') {
        return serde_json::from_str(trimmed).map_err(|error| {
            let problem = format!("This is not valid JSON, at column {}.", error.column());
            (problem, "A table in a variable is written as JSON.".to_owned())
        });
    }
    let given = if shape.is_secret() {
        "The value".to_owned()
    } else {
        format!("{text:?}")
    };
    let remedy = if shape.takes("object") {
        "A table is expected: set its keys one by one, or write it as JSON.".to_owned()
    } else {
        format!(
            "Expected is {}, without leading zeros, signs or spaces.",
            shape.expected()
        )
        .replace(
            "true or false, without leading zeros, signs or spaces",
            "true or false",
        )
    };
    Err((format!("{given} is not accepted."), remedy))
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    if !plain || padded {
        return None;
    }
    let signed = text.parse::<i64>().map(Number::from);
    signed
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
        .map(Value::Number)
}

fn decimal(text: &str) -> Option<Value> {
    let padded = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    let number = text.parse::<f64>().ok().filter(|_| !padded)?;
    Number::from_f64(number).map(Value::Number)
}

/// A JSON list, or elements with commas between them.
fn list(text: &str, shape: Shape<'_>) -> Result<Value, (String, String)> {
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|error| {
            let problem = format!("This is not valid JSON, at column {}.", error.column());
            (
                problem,
                "A list is written as JSON, or as a,b,c without brackets.".to_owned(),
            )
        });
    }
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    match shape.items() {
        Some(items) => words.map(|word| coerce(word, items)).collect(),
        None => Ok(words.map(Value::from).collect()),
    }
}

/// Reads a bare number in the unit of a former variable as a length of time; anything else is left as it is.
pub(crate) fn in_unit(text: &str, shape: Shape<'_>) -> String {
    let trimmed = text.trim();
    let unit = match shape.text("x-env-unit") {
        Some("seconds") => "s",
        Some("minutes") => "m",
        Some("hours") => "h",
        Some("days") => "d",
        _ => return former_truth(trimmed, shape).unwrap_or(text).to_owned(),
    };
    if !trimmed.is_empty() && trimmed.chars().all(|c| c.is_ascii_digit()) {
        format!("{trimmed}{unit}")
    } else {
        text.to_owned()
    }
}

/// Former variables spell truth as 1 and 0.
fn former_truth(text: &str, shape: Shape<'_>) -> Option<&'static str> {
    match text {
        _ if !shape.takes("boolean") || shape.takes("string") => None,
        "1" | "True" | "TRUE" => Some("true"),
        "0" | "False" | "FALSE" => Some("false"),
        _ => None,
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
        assert_eq!(
            read("0900123", &json!({"type": "string"})),
            Some(json!("0900123"))
        );
        assert_eq!(
            read("0000", &json!({"type": ["string", "null"]})),
            Some(json!("0000"))
        );
        assert_eq!(read("true", &json!({"type": "string"})), Some(json!("true")));
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
        assert_eq!(in_unit("900", Shape(&shape)), "900s");
        assert_eq!(in_unit("15m", Shape(&shape)), "15m");
        assert_eq!(in_unit("1", Shape(&json!({"type": "boolean"}))), "true");
    }

    #[test]
    fn a_secret_is_not_repeated() {
        let shape = json!({"type": "integer", "x-secret": true});
        let (problem, remedy) = coerce("hunter2", Shape(&shape)).unwrap_err();
        assert!(!problem.contains("hunter2") && !remedy.contains("hunter2"));
    }
}
