//! A TOML file as settings that know their lines.

use std::path::Path as FilePath;

use serde_json::{Map, Number, Value};
use toml::de::{DeTable, DeValue};

use super::errors::{ConfigError, ConfigErrors};
use super::merged::{Setting, Source};
use super::path::Path;

const FORM: &str = "Text values need quotes; a table begins with [its.name] on a line of its own.";

/// Reads the text of `file`.
///
/// # Errors
/// The first place where it is not TOML. The line itself is not repeated: it may hold a secret.
pub(crate) fn settings(file: &FilePath, text: &str) -> Result<Vec<Setting>, ConfigErrors> {
    let before = |byte: usize| text.get(..byte).unwrap_or(text);
    let line = |byte: usize| before(byte).matches('\n').count() + 1;
    let source = |byte: usize| Source::File {
        file: file.to_owned(),
        line: line(byte),
    };
    let document = DeTable::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let column = before(start).chars().rev().take_while(|c| *c != '\n').count() + 1;
        let (line, problem) = (line(start), error.message().trim().replace('\n', "; "));
        let text = format!("This is not valid TOML, at line {line}, column {column}: {problem}.\n{FORM}");
        ConfigError::new(Some(source(start)), &Path::root(), text)
    })?;
    let mut settings = Vec::new();
    table(document.get_ref(), &Path::root(), &source, &mut settings);
    Ok(settings)
}

fn table(table: &DeTable<'_>, path: &Path, source: &dyn Fn(usize) -> Source, settings: &mut Vec<Setting>) {
    for (key, value) in table {
        let path = path.child(key.get_ref().to_string());
        let mut set = |path: &Path, value, at| settings.push(Setting::new(path, value, &source(at)));
        let line = key.span().start;
        match value.get_ref() {
            DeValue::Table(inner) => {
                set(&path, Map::new().into(), line);
                self::table(inner, &path, source, settings);
            }
            DeValue::Array(elements) => {
                set(&path, Value::Array(Vec::new()), line);
                for (index, element) in elements.iter().enumerate() {
                    let (inner, at) = (plain(element.get_ref()), element.span().start);
                    set(&path.element(index), inner, at);
                }
            }
            value => set(&path, plain(value), line),
        }
    }
}

/// The JSON form. Dates and numbers that JSON does not have become text.
fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(&**text),
        DeValue::Integer(number) => {
            let whole = i64::from_str_radix(number.as_str(), number.radix()).map(Value::from);
            // Whatever does not fit is out of the range of every setting.
            whole.unwrap_or_else(|_| Value::from(f64::MAX))
        }
        DeValue::Float(number) => {
            let decimal = number.as_str().parse().ok().and_then(Number::from_f64);
            decimal.map_or_else(|| Value::from(number.as_str()), Value::Number)
        }
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Datetime(moment) => Value::from(moment.to_string()),
        DeValue::Array(elements) => elements.iter().map(|element| plain(element.get_ref())).collect(),
        DeValue::Table(table) => {
            let pairs = table.iter();
            let pairs = pairs.map(|(key, inner)| (key.get_ref().to_string(), plain(inner.get_ref())));
            Value::Object(pairs.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::merged::Merged;
    use super::*;

    const TEXT: &str = "[server]\nlisten = \"127.0.0.1:1\"\nhosts = [\n  \"a\",\n  \"b\",\n]\n\n[store]\nuse = \"main\"\n[store.main.embedded]\nfolder = '/d'\n\n[limits]\na = { most = 1 }\n";

    fn read(text: &str) -> Result<Vec<Setting>, ConfigErrors> {
        settings(FilePath::new("p.toml"), text)
    }

    #[test]
    fn every_key_knows_its_line() {
        let merged = Merged::new([&read(TEXT).unwrap()[..]]).unwrap();
        for (path, line) in [
            ("server.listen", "p.toml:2"),
            ("server.hosts[1]", "p.toml:5"),
            ("store.main.embedded", "p.toml:10"),
            ("limits.a.most", "p.toml:14"),
        ] {
            assert_eq!(merged.source(&Path::parse(path)).to_string(), line);
        }
        assert_eq!(merged.tree["store"]["main"]["embedded"]["folder"], json!("/d"));
        assert_eq!(merged.tree["limits"]["a"]["most"], json!(1));
        assert_eq!(merged.tree["server"]["hosts"], json!(["a", "b"]));
    }

    #[test]
    fn a_syntax_error_has_line_and_column_and_does_not_repeat_the_line() {
        let said = |text: &str| read(text).unwrap_err().to_string();
        let slip = said("[server]\nmetrics_token = \"hunter2\nx = 1\n");
        assert!(slip.starts_with("p.toml:2"), "{slip}");
        assert!(
            slip.contains("line 2, column") && !slip.contains("hunter2"),
            "{slip}"
        );
        // A number has no leading zeros.
        assert!(said("a = 0900123\n").contains("line 1"));
    }
}
