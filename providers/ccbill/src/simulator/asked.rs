//! Requests as they are read, and answers as they are written.

use std::collections::BTreeMap;

use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use serde_json::{Value, json};

/// A request, read.
pub(super) struct Asked {
    pub(super) method: HttpMethod,
    pub(super) path: Vec<String>,
    /// What follows the question mark, as it is.
    pub(super) query: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Asked {
    pub(super) fn read(request: &HttpRequest) -> Self {
        let (_, address) = request.url.split_once("://").unwrap_or(("", &request.url));
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let parts = path.split('/').skip(1).filter(|part| !part.is_empty());
        let decoded = |part: &str| {
            let mut read = form_urlencoded::parse(part.as_bytes());
            read.next()
                .map_or_else(String::new, |(part, _)| part.into_owned())
        };
        Self {
            method: request.method,
            path: parts.map(decoded).collect(),
            query: query.to_owned(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(super) fn query(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.query.as_bytes())
            .into_owned()
            .collect()
    }

    pub(super) fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

fn with(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), media_type.to_owned())],
        body: body.into(),
    }
}

pub(super) fn say(status: u16, body: &Value) -> HttpResponse {
    with(status, "application/json", body.to_string())
}

/// A refusal of the REST API.
pub(super) fn refuse(status: u16, code: u32, fields: &[&str]) -> HttpResponse {
    let errors = fields
        .iter()
        .map(|field| json!({ "field": field, "message": "must not be null" }));
    let body = json!({
        "id": "c0ffee-1",
        "url": "https://api.ccbill.com",
        "generalMessage": "The request was refused.",
        "errorCode": code,
        "timestamp": "2026-11-27T12:00:00Z",
        "errors": errors.collect::<Vec<_>>(),
    });
    say(status, &body)
}

pub(super) fn text(status: u16, body: &str) -> HttpResponse {
    with(status, "text/plain; charset=utf-8", body)
}

pub(super) fn xml(body: &str) -> HttpResponse {
    with(
        200,
        "text/xml",
        format!("<?xml version='1.0' standalone='yes'?>\n<results>{body}</results>\n"),
    )
}

pub(super) fn page(body: String) -> HttpResponse {
    with(200, "text/html; charset=utf-8", body)
}

pub(super) fn to_desk() -> HttpResponse {
    HttpResponse {
        status: 303,
        headers: vec![("location".to_owned(), "/".to_owned())],
        body: Vec::new(),
    }
}

/// A text as part of a page.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
