//! A TOML file as a layer that knows the line of every key.

use std::path::Path as FilePath;

use serde_json::{Map, Number, Value};
use toml_edit::{Document, Item, TableLike, Value as Toml};

use super::layer::Layer;
use super::mistakes::Mistake;
use super::path::Path;
use super::source::Source;

/// Reads the text of `file`.
///
/// # Errors
/// The first place where it is not TOML. The line itself is not repeated: it may hold a secret.
pub(crate) fn layer(file: &FilePath, text: &str) -> Result<Layer, Box<Mistake>> {
    let reader = Reader { file, text };
    let document = Document::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let (line, column) = reader.position(start);
        let problem = error.message().trim().replace('\n', "; ");
        Box::new(Mistake::new(
            Some(reader.source(line)),
            &Path::root(),
            format!("This is not valid TOML, at line {line}, column {column}: {problem}."),
            "Text values need quotes; a table begins with [its.name] on a line of its own.",
        ))
    })?;
    let mut layer = Layer::new("file", reader.source(1));
    reader.table(document.as_table(), &Path::root(), &mut layer);
    Ok(layer)
}

struct Reader<'a> {
    file: &'a FilePath,
    text: &'a str,
}

impl Reader<'_> {
    fn source(&self, line: usize) -> Source {
        Source::File {
            file: self.file.to_owned(),
            line,
        }
    }

    /// Line and column of a byte, counted from 1.
    fn position(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (line, column)
    }

    fn table(&self, table: &dyn TableLike, path: &Path, layer: &mut Layer) {
        for (name, item) in table.iter() {
            let inner = path.child(name);
            let key = table.key(name).and_then(toml_edit::Key::span);
            if let Some(span) = key.or_else(|| item.span()) {
                layer.mark(&inner, self.source(self.position(span.start).0));
            }
            self.item(item, &inner, layer);
        }
    }

    fn item(&self, item: &Item, path: &Path, layer: &mut Layer) {
        match item {
            Item::None => {}
            Item::Value(Toml::InlineTable(table)) => {
                layer.set(path, Value::Object(Map::new()));
                self.table(table, path, layer);
            }
            Item::Table(table) => {
                layer.set(path, Value::Object(Map::new()));
                self.table(table, path, layer);
            }
            Item::Value(value) => {
                if let Toml::Array(elements) = value {
                    self.elements(elements.iter(), path, layer);
                }
                layer.set(path, plain(value));
            }
            Item::ArrayOfTables(tables) => {
                let tables = tables.iter().map(|table| {
                    let table = table.clone().into_inline_table();
                    plain(&Toml::InlineTable(table))
                });
                layer.set(path, Value::Array(tables.collect()));
            }
        }
    }

    fn elements<'a>(&self, elements: impl Iterator<Item = &'a Toml>, path: &Path, layer: &mut Layer) {
        for (index, element) in elements.enumerate() {
            if let Some(span) = element.span() {
                layer.mark(&path.element(index), self.source(self.position(span.start).0));
            }
        }
    }
}

/// The JSON form. Dates and numbers that JSON does not have become text.
fn plain(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::String(text.value().clone()),
        Toml::Integer(number) => Value::Number((*number.value()).into()),
        Toml::Float(number) => Number::from_f64(*number.value())
            .map_or_else(|| Value::String(number.value().to_string()), Value::Number),
        Toml::Boolean(truth) => Value::Bool(*truth.value()),
        Toml::Datetime(moment) => Value::String(moment.value().to_string()),
        Toml::Array(elements) => Value::Array(elements.iter().map(plain).collect()),
        Toml::InlineTable(table) => Value::Object(
            table
                .iter()
                .map(|(key, inner)| (key.to_owned(), plain(inner)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "[server]\nlisten = \"127.0.0.1:1\"\nhosts = [\n  \"a\",\n  \"b\",\n]\n\n[store]\nuse = \"main\"\n[store.main.embedded]\nfolder = '/d'\n\n[limits]\na = { most = 1 }\n";

    fn read(text: &str) -> Result<Layer, Box<Mistake>> {
        layer(FilePath::new("p.toml"), text)
    }

    fn line(layer: &Layer, path: &str) -> String {
        layer.place(&Path::parse(path)).unwrap().to_string()
    }

    #[test]
    fn every_key_knows_its_line() {
        let layer = read(TEXT).unwrap();
        assert_eq!(line(&layer, "server.listen"), "p.toml:2");
        assert_eq!(line(&layer, "server.hosts[1]"), "p.toml:5");
        assert_eq!(line(&layer, "store.main.embedded"), "p.toml:10");
        assert_eq!(line(&layer, "limits.a.most"), "p.toml:14");
        assert_eq!(layer.tree()["store"]["main"]["embedded"]["folder"], json!("/d"));
        assert_eq!(layer.tree()["limits"]["a"]["most"], json!(1));
    }

    #[test]
    fn a_syntax_error_has_line_and_column_and_does_not_repeat_the_line() {
        let mistake = read("[server]\nmetrics_token = \"hunter2\nx = 1\n").unwrap_err();
        let said = mistake.to_string();
        assert!(
            said.starts_with("p.toml:2") && said.contains("line 2, column"),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn an_unquoted_number_with_a_leading_zero_is_refused() {
        assert!(read("a = 0900123\n").unwrap_err().problem.contains("line 1"));
    }
}
