//! A request, taken apart: nested names of forms and queries become values.

use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::multipart;
use serde_json::{Map, Value, json};

use super::{PUBLISHABLE_KEY, SECRET_KEY};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authority {
    /// A server, with the secret key.
    Secret,
    /// A browser, with the publishable key.
    Browser,
    /// Nobody who is known.
    None,
}

/// A file that was handed over.
pub(super) struct File {
    pub(super) name: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// A request.
pub(super) struct Asked {
    pub(super) method: HttpMethod,
    pub(super) path: Vec<String>,
    /// Query and form together.
    pub(super) fields: Value,
    /// The file of a form.
    pub(super) file: Option<File>,
    pub(super) key: Option<String>,
    /// What a key is bound to.
    pub(super) whole: String,
    authorization: String,
}

impl Asked {
    pub(super) fn read(request: &HttpRequest) -> Self {
        let address = request
            .url
            .split_once("://")
            .map_or(request.url.as_str(), |(_, rest)| rest);
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let mut fields = json!({});
        let header = |wanted: &str| {
            let mut all = request.headers.iter();
            let found = all.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.clone())
        };
        let parts = multipart::read(&header("content-type").unwrap_or_default(), &request.body);
        let mut file = None;
        let mut given: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        match parts {
            None => given.extend(form_urlencoded::parse(&request.body).into_owned()),
            Some(parts) => {
                for part in parts {
                    if part.name == "file" {
                        file = Some(File {
                            name: part.file_name,
                            bytes: part.bytes.to_vec(),
                        });
                    } else {
                        let text = String::from_utf8_lossy(part.bytes).into_owned();
                        given.push((part.name, text));
                    }
                }
            }
        }
        for (name, value) in given {
            put(&mut fields, &name, value);
        }
        Self {
            method: request.method,
            path: path
                .split('/')
                .skip(1)
                .map(decoded)
                .filter(|part| !part.is_empty())
                .collect(),
            fields: lists(fields, false),
            file,
            key: header("idempotency-key"),
            whole: format!(
                "{} {path} {}",
                request.method.as_str(),
                String::from_utf8_lossy(&request.body)
            ),
            authorization: header("authorization").unwrap_or_default(),
        }
    }

    pub(super) fn authority(&self) -> Authority {
        let basic = |key: &str| {
            format!(
                "Basic {}",
                data_encoding::BASE64.encode(format!("{key}:").as_bytes())
            )
        };
        let is =
            |key: &str| self.authorization == format!("Bearer {key}") || self.authorization == basic(key);
        if is(SECRET_KEY) {
            Authority::Secret
        } else if is(PUBLISHABLE_KEY) || self.fields["key"] == PUBLISHABLE_KEY {
            Authority::Browser
        } else {
            Authority::None
        }
    }

    /// A text at the top.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        text(&self.fields[name])
    }

    /// A whole number at the top.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// A yes at the top.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.fields[name] == "true"
    }

    /// Whether an object shall be written out instead of its id.
    pub(super) fn expands(&self, what: &str) -> bool {
        let given = self.fields["expand"].as_array();
        given.is_some_and(|given| {
            given.iter().any(|path| {
                path.as_str()
                    .is_some_and(|path| path == what || path.starts_with(&format!("{what}.")))
            })
        })
    }
}

/// A text that is not empty.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn decoded(part: &str) -> String {
    let pairs = form_urlencoded::parse(part.as_bytes()).next();
    pairs.map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// Puts `a[b][0]` where it belongs; lists are objects with numbers for names until all is read.
fn put(fields: &mut Value, name: &str, value: String) {
    let (first, rest) = name
        .split_once('[')
        .map_or((name, ""), |(first, rest)| (first, rest));
    let inner = rest.strip_suffix(']').unwrap_or(rest);
    let path = std::iter::once(first).chain(inner.split("][").filter(|_| !rest.is_empty()));
    let mut at = fields;
    for part in path {
        if !at.is_object() {
            *at = json!({});
        }
        let Value::Object(map) = at else { return };
        let part = if part.is_empty() {
            map.len().to_string()
        } else {
            part.to_owned()
        };
        at = map.entry(part).or_insert(Value::Null);
    }
    *at = Value::String(value);
}

/// Objects whose names are 0, 1, 2 … as lists, but not among free fields.
fn lists(value: Value, free: bool) -> Value {
    match value {
        Value::Object(map) => {
            let numbered =
                !free && !map.is_empty() && (0..map.len()).all(|at| map.contains_key(&at.to_string()));
            if numbered {
                return map.into_iter().map(|(_, inner)| lists(inner, false)).collect();
            }
            let inner = map.into_iter().map(|(name, inner)| {
                let free = name == "metadata";
                (name, lists(inner, free))
            });
            Value::Object(inner.collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_names_become_values() {
        let mut fields = json!({});
        for (name, value) in [
            ("a", "1"),
            ("b[c][d]", "2"),
            ("e[0]", "x"),
            ("e[1]", "y"),
            ("f[]", "u"),
            ("f[]", "v"),
            ("metadata[0]", "free"),
            ("g[0][h]", "z"),
        ] {
            put(&mut fields, name, value.to_owned());
        }
        let expected = json!({
            "a": "1",
            "b": { "c": { "d": "2" } },
            "e": ["x", "y"],
            "f": ["u", "v"],
            "metadata": { "0": "free" },
            "g": [{ "h": "z" }],
        });
        assert_eq!(lists(fields, false), expected);
    }
}
