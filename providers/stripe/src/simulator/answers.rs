//! Answers as Stripe gives them.

use portcullis_ports::http::HttpResponse;
use serde_json::{Value, json};

/// An answer before it is written.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: Vec<(String, String)>,
}

/// What was asked for.
pub(super) fn show(body: Value) -> Answer {
    Answer {
        status: 200,
        body,
        headers: Vec::new(),
    }
}

/// A refusal with the members of its error.
pub(super) fn refuse(status: u16, error: &Value) -> Answer {
    Answer {
        status,
        body: json!({ "error": error }),
        headers: Vec::new(),
    }
}

impl Answer {
    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn http(self, request: String) -> HttpResponse {
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("request-id".to_owned(), request),
            ("stripe-version".to_owned(), crate::client::VERSION.to_owned()),
        ];
        headers.extend(self.headers);
        HttpResponse {
            status: self.status,
            headers,
            body: self.body.to_string().into_bytes(),
        }
    }
}
