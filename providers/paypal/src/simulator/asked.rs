//! A request, taken apart.

use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::multipart::{self, Part};
use serde_json::{Map, Value};

/// A request.
pub(super) struct Asked {
    pub(super) method: HttpMethod,
    pub(super) path: Vec<String>,
    /// The query, or a form.
    pub(super) fields: Map<String, Value>,
    /// The JSON body, or the part of a form that is JSON.
    pub(super) body: Value,
    /// The files of a form, by their names.
    pub(super) files: Vec<(String, Vec<u8>)>,
    pub(super) raw: Vec<u8>,
    pub(super) key: Option<String>,
    pub(super) authorization: String,
}

impl Asked {
    pub(super) fn read(request: &HttpRequest) -> Self {
        let address = request
            .url
            .split_once("://")
            .map_or(request.url.as_str(), |(_, rest)| rest);
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let header = |wanted: &str| {
            let mut all = request.headers.iter();
            let found = all.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.clone())
        };
        let media_type = header("content-type").unwrap_or_default();
        let form = media_type.starts_with("application/x-www-form-urlencoded");
        let parts = multipart::read(&media_type, &request.body);
        let named = |part: &&Part<'_>| part.name == "input";
        let input = parts.as_ref().and_then(|parts| parts.iter().find(named));
        let json = input.map_or(request.body.as_slice(), |input| input.bytes);
        let files = parts.iter().flatten();
        let files = files.filter_map(|part| Some((part.file_name.clone()?, part.bytes.to_vec())));
        let mut pairs = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect::<Vec<_>>();
        if form {
            pairs.extend(form_urlencoded::parse(&request.body).into_owned());
        }
        Self {
            method: request.method,
            path: path
                .split('/')
                .skip(1)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
            fields: pairs
                .into_iter()
                .map(|(name, value)| (name, Value::String(value)))
                .collect(),
            body: serde_json::from_slice(json).unwrap_or_default(),
            files: files.collect(),
            raw: request.body.clone(),
            key: header("paypal-request-id"),
            authorization: header("authorization").unwrap_or_default(),
        }
    }

    /// A field of the query or of a form.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// A text in the body.
    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }
}
