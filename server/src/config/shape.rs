//! Reading one node of a settings schema: what it takes, what lies below it, how it is described.

use serde_json::{Map, Value};

use super::path::Path;

/// A node of a schema without references.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a>(pub(crate) &'a Value);

/// The kinds of values there are, as the schema names them.
const KINDS: [&str; 6] = ["boolean", "integer", "number", "string", "array", "object"];

impl<'a> Shape<'a> {
    /// A keyword of the node.
    pub(crate) fn keyword(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// The alternatives of the node, if it is a choice.
    pub(crate) fn choices(self) -> Vec<Self> {
        let lists = ["oneOf", "anyOf"].into_iter();
        lists
            .filter_map(|word| self.keyword(word)?.as_array())
            .flatten()
            .map(Shape)
            .filter(|choice| !choice.is_null())
            .collect()
    }

    fn is_null(self) -> bool {
        self.keyword("type").and_then(Value::as_str) == Some("null")
    }

    /// Whether a value of this kind is taken, by the node or by one of its alternatives.
    pub(crate) fn takes(self, kind: &str) -> bool {
        let named = match self.keyword("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            _ => {
                let fixed = self.fixed();
                let by_choice = self.choices().into_iter().any(|choice| choice.takes(kind));
                let unlimited = fixed.is_empty() && self.choices().is_empty();
                unlimited || by_choice || fixed.iter().any(|value| kind_of(value) == kind)
            }
        };
        named || (kind == "integer" && self.keyword("type").is_some() && self.names_type("number"))
    }

    fn names_type(self, kind: &str) -> bool {
        match self.keyword("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            _ => false,
        }
    }

    /// The only values taken, if they are listed.
    pub(crate) fn fixed(self) -> Vec<&'a Value> {
        let listed = self
            .keyword("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let own: Vec<&Value> = listed
            .chain(self.keyword("const"))
            .filter(|value| !value.is_null())
            .collect();
        if !own.is_empty() {
            return own;
        }
        let choices: Vec<Vec<&Value>> = self.choices().into_iter().map(Shape::fixed).collect();
        if choices.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        choices.concat()
    }

    /// Keys and shapes of a table, in the order of declaration.
    pub(crate) fn properties(self) -> Vec<(&'a str, Self)> {
        let own = self.keyword("properties").and_then(Value::as_object);
        let own = own
            .into_iter()
            .flatten()
            .map(|(name, shape)| (name.as_str(), Shape(shape)));
        own.chain(self.choices().into_iter().flat_map(Self::properties))
            .collect()
    }

    /// The shape of one key of a table.
    pub(crate) fn property(self, name: &str) -> Option<Self> {
        let found = self.properties().into_iter().find(|(key, _)| *key == name);
        found.map(|(_, shape)| shape).or_else(|| self.further())
    }

    /// The shape of keys that are not listed, if such keys are taken.
    pub(crate) fn further(self) -> Option<Self> {
        let own = self
            .keyword("additionalProperties")
            .filter(|shape| shape.is_object())
            .map(Shape);
        own.or_else(|| self.choices().into_iter().find_map(Self::further))
    }

    /// Whether keys that are not listed are refused.
    pub(crate) fn is_closed(self) -> bool {
        self.keyword("additionalProperties") == Some(&Value::Bool(false))
    }

    /// The shape of the elements of a list.
    pub(crate) fn items(self) -> Option<Self> {
        let own = self.keyword("items").map(Shape);
        own.or_else(|| self.choices().into_iter().find_map(Self::items))
    }

    /// The keys that must be there.
    pub(crate) fn required(self) -> Vec<&'a str> {
        let listed = self
            .keyword("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        listed.filter_map(Value::as_str).collect()
    }

    /// Whether it holds a secret.
    pub(crate) fn is_secret(self) -> bool {
        self.keyword("x-secret") == Some(&Value::Bool(true))
            || self.choices().into_iter().any(Self::is_secret)
    }

    /// Whether it is a length of time.
    pub(crate) fn is_span(self) -> bool {
        self.keyword("x-span").is_some() || self.choices().into_iter().any(Self::is_span)
    }

    /// The shape at a path below this node.
    pub(crate) fn at(self, path: &Path) -> Option<Self> {
        path.steps().iter().try_fold(self, |shape, step| {
            if step.starts_with('[') {
                shape.items()
            } else {
                shape.property(step)
            }
        })
    }

    /// A word of the node that is text.
    pub(crate) fn text(self, keyword: &str) -> Option<&'a str> {
        self.keyword(keyword).and_then(Value::as_str)
    }

    /// The manual of the node, on one line per paragraph.
    pub(crate) fn description(self) -> String {
        let text = self.text("description").unwrap_or_default();
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        paragraphs.collect::<Vec<_>>().join("\n")
    }

    /// The names under which the field was known before, with their unit if it differs.
    pub(crate) fn aliases(self) -> impl Iterator<Item = &'a str> {
        let names = self
            .keyword("x-env")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        names.filter_map(Value::as_str)
    }

    /// The first example.
    pub(crate) fn example(self) -> Option<&'a Value> {
        let own = self.keyword("examples").and_then(|examples| examples.get(0));
        own.or_else(|| self.choices().into_iter().find_map(Self::example))
    }

    /// What is taken, as the end of a sentence.
    pub(crate) fn expected(self) -> String {
        let fixed = self.fixed();
        if !fixed.is_empty() {
            let words: Vec<String> = fixed.iter().map(ToString::to_string).collect();
            return format!("one of {}", words.join(", "));
        }
        let kinds: Vec<String> = KINDS
            .into_iter()
            .filter(|kind| self.takes(kind))
            .map(|kind| self.phrase(kind))
            .collect();
        if kinds.len() == KINDS.len() {
            return "anything".to_owned();
        }
        // A number takes whole numbers as well; once is enough.
        let number = kinds.iter().any(|kind| kind.starts_with("a number"));
        let kept: Vec<String> = kinds
            .into_iter()
            .filter(|kind| !(number && kind.starts_with("a whole number")))
            .collect();
        kept.join(" or ")
    }

    fn phrase(self, kind: &str) -> String {
        let example = self.example().filter(|_| !self.is_secret());
        match kind {
            "boolean" => "true or false".to_owned(),
            "integer" => format!("a whole number{}", self.range("minimum", "maximum")),
            "number" => format!("a number{}", self.range("minimum", "maximum")),
            "array" => match self.items() {
                Some(items) => format!("a list, each element {}", items.expected()),
                None => "a list".to_owned(),
            },
            "object" => "a table".to_owned(),
            _ if self.is_span() => "a length of time such as \"15m\"".to_owned(),
            _ => match example.and_then(Value::as_str) {
                Some(example) => format!("text such as \"{example}\""),
                None => "text".to_owned(),
            },
        }
    }

    /// The limits given by two keywords, as the end of a phrase.
    pub(crate) fn range(self, least: &str, most: &str) -> String {
        match (self.keyword(least), self.keyword(most)) {
            (Some(least), Some(most)) => format!(" from {least} to {most}"),
            (Some(least), None) if least.as_f64() != Some(0.0) => format!(" of at least {least}"),
            (None, Some(most)) => format!(" of at most {most}"),
            _ => String::new(),
        }
    }

    /// Every default below this node as one tree; the default of a table beats those of its keys.
    pub(crate) fn defaults(self) -> Option<Value> {
        let own = self.keyword("default").filter(|value| !value.is_null());
        let properties = self.keyword("properties").and_then(Value::as_object);
        let Some(properties) = properties.filter(|_| self.choices().is_empty()) else {
            return own.cloned();
        };
        let mut table = Map::new();
        for (name, shape) in properties {
            let stated = own.and_then(|own| own.get(name));
            let value = stated.cloned().or_else(|| Shape(shape).defaults());
            table.extend(value.map(|value| (name.clone(), value)));
        }
        Some(Value::Object(table))
    }
}

/// The kind of a value, as the schema names it.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The kind of a value, for people.
pub(crate) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a decimal point",
        Value::Number(_) => "a whole number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
