//! Answers as PayPal gives them.

use portcullis_ports::http::HttpResponse;
use serde_json::{Value, json};

/// An answer before it is written. Its body is `null` where there is none.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: Vec<(String, String)>,
}

/// The names of PayPal's errors.
#[derive(Debug, Clone, Copy)]
pub(super) enum Problem {
    Malformed,
    Unauthenticated,
    NotFound,
    Conflict,
    Unprocessable,
    TooMany,
    Internal,
}

impl Problem {
    /// Status, name, and the message that is always the same.
    const fn told(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                400,
                "INVALID_REQUEST",
                "Request is not well-formed, syntactically incorrect, or violates schema.",
            ),
            Self::Unauthenticated => (
                401,
                "AUTHENTICATION_FAILURE",
                "Authentication failed due to missing authorization header, or invalid authentication credentials.",
            ),
            Self::NotFound => (
                404,
                "RESOURCE_NOT_FOUND",
                "The specified resource does not exist.",
            ),
            Self::Conflict => (
                409,
                "RESOURCE_CONFLICT",
                "The server has detected a conflict while processing this request.",
            ),
            Self::Unprocessable => (
                422,
                "UNPROCESSABLE_ENTITY",
                "The requested action could not be performed, semantically incorrect, or failed business validation.",
            ),
            Self::TooMany => (
                429,
                "RATE_LIMIT_REACHED",
                "Too many requests. Blocked due to rate limiting.",
            ),
            Self::Internal => (500, "INTERNAL_SERVER_ERROR", "An internal server error occurred."),
        }
    }
}

/// What was asked for.
pub(super) fn show(status: u16, body: Value) -> Answer {
    Answer {
        status,
        body,
        headers: Vec::new(),
    }
}

/// A refusal with its issue.
pub(super) fn refuse(problem: Problem, issue: &str) -> Answer {
    let (status, name, message) = problem.told();
    let mut body = json!({ "name": name, "message": message, "debug_id": "90957fca61718", "links": [] });
    if !matches!(problem, Problem::Internal) {
        body["details"] = json!([{ "issue": issue, "description": "Described by PayPal for people." }]);
    }
    show(status, body)
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn http(self) -> HttpResponse {
        let mut headers = vec![("paypal-debug-id".to_owned(), "90957fca61718".to_owned())];
        let body = if self.body.is_null() {
            Vec::new()
        } else {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            self.body.to_string().into_bytes()
        };
        headers.extend(self.headers);
        HttpResponse {
            status: self.status,
            headers,
            body,
        }
    }
}
