//! Reading one node of a settings schema: what it takes, what lies below it, how it is described.

use serde_json::{Map, Value};

use super::path::{Path, index};

/// A node of a schema without references and without `null`, which no source of settings can write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a>(pub(crate) &'a Value);

/// A setting that is no table.
pub(crate) struct Field<'a> {
    /// Below the node that was asked.
    pub(crate) path: Path,
    pub(crate) shape: Shape<'a>,
    /// Whether the table around it cannot be without it.
    pub(crate) required: bool,
}

/// The kinds of values there are, as the schema names them.
const KINDS: [&str; 6] = ["boolean", "integer", "number", "string", "array", "object"];

impl<'a> Shape<'a> {
    /// A keyword of the node.
    pub(crate) fn keyword(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// A keyword of the node that is text.
    pub(crate) fn text(self, keyword: &str) -> Option<&'a str> {
        self.keyword(keyword)?.as_str()
    }

    fn list(self, keyword: &str) -> impl Iterator<Item = &'a Value> {
        let list = self.keyword(keyword).and_then(Value::as_array);
        list.into_iter().flatten()
    }

    /// Whether a value of this kind is taken.
    pub(crate) fn takes(self, kind: &str) -> bool {
        match self.keyword("type") {
            Some(Value::String(one)) => one == kind || (one == "number" && kind == "integer"),
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            _ => {
                let fixed = self.fixed();
                fixed.is_empty() || fixed.iter().any(|value| kind_of(value) == kind)
            }
        }
    }

    /// The only values taken, if they are listed.
    pub(crate) fn fixed(self) -> Vec<&'a Value> {
        let choices = self.list("oneOf").flat_map(|choice| Shape(choice).fixed());
        let own = self.list("enum").chain(self.keyword("const"));
        own.chain(choices).collect()
    }

    /// Keys and shapes of a table, in the order of declaration.
    pub(crate) fn properties(self) -> impl Iterator<Item = (&'a str, Self)> {
        let listed = self.keyword("properties").and_then(Value::as_object);
        let listed = listed.into_iter().flatten();
        listed.map(|(name, shape)| (name.as_str(), Shape(shape)))
    }

    /// The shape of one key of a table.
    pub(crate) fn property(self, name: &str) -> Option<Self> {
        let listed = self.keyword("properties").and_then(|listed| listed.get(name));
        listed.map(Shape).or_else(|| self.further())
    }

    /// The shape of keys that are not listed, if such keys are taken.
    pub(crate) fn further(self) -> Option<Self> {
        let shape = self.keyword("additionalProperties");
        shape.filter(|shape| shape.is_object()).map(Shape)
    }

    /// The shape of the elements of a list.
    pub(crate) fn items(self) -> Option<Self> {
        self.keyword("items").map(Shape)
    }

    /// The keys that must be there.
    pub(crate) fn required(self) -> Vec<&'a str> {
        self.list("required").filter_map(Value::as_str).collect()
    }

    /// Whether it holds a secret.
    pub(crate) fn is_secret(self) -> bool {
        self.keyword("x-secret") == Some(&Value::Bool(true))
    }

    /// Whether it is a length of time.
    pub(crate) fn is_span(self) -> bool {
        self.keyword("x-span").is_some()
    }

    /// The shape at a path below this node.
    pub(crate) fn at(self, path: &Path) -> Option<Self> {
        let step = |shape: Self, step: &String| match index(step) {
            Some(_) => shape.items(),
            None => shape.property(step),
        };
        path.steps().iter().try_fold(self, step)
    }

    /// All settings below this node. Where tables may have any name, they have the one that `name` gives for their
    /// depth.
    pub(crate) fn fields(self, name: &dyn Fn(usize) -> Option<&'a str>) -> Vec<Field<'a>> {
        let required = self.required();
        let further = self.further().filter(|shape| shape.takes("object"));
        let further = further.and_then(|shape| Some((name(0)?, shape)));
        let inner = self.properties().chain(further).flat_map(|(key, shape)| {
            let (path, required) = (Path::of([key]), required.contains(&key));
            let mut below = shape.fields(&|depth| name(depth + 1));
            for inner in &mut below {
                inner.path = path.join(&inner.path);
            }
            if below.is_empty() && shape.further().is_none_or(|further| !further.takes("object")) {
                below.push(Field {
                    path,
                    shape,
                    required,
                });
            }
            below
        });
        inner.collect()
    }

    /// The names under which the field was known before.
    pub(crate) fn aliases(self) -> impl Iterator<Item = &'a str> {
        self.list("x-env").filter_map(Value::as_str)
    }

    /// The first example.
    pub(crate) fn example(self) -> Option<&'a Value> {
        self.list("examples").next()
    }

    /// What is taken, as the end of a sentence.
    pub(crate) fn expected(self) -> String {
        let fixed = self.fixed();
        if !fixed.is_empty() {
            let words: Vec<String> = fixed.iter().map(ToString::to_string).collect();
            return format!("one of {}", words.join(", "));
        }
        // A number takes whole numbers as well; once is enough.
        let repeated = |kind: &str| kind == "integer" && self.takes("number");
        let mut kinds = KINDS.to_vec();
        kinds.retain(|kind| self.takes(kind) && !repeated(kind));
        let phrases: Vec<String> = kinds.iter().map(|kind| self.phrase(kind)).collect();
        phrases.join(" or ")
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
        let own = self.keyword("default");
        if self.keyword("properties").is_none() {
            return own.cloned();
        }
        let stated = |name: &str| own.and_then(|own| own.get(name)).cloned();
        let pairs = self.properties().filter_map(|(name, shape)| {
            let value = stated(name).or_else(|| shape.defaults())?;
            Some((name.to_owned(), value))
        });
        Some(Value::Object(pairs.collect::<Map<_, _>>()))
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
