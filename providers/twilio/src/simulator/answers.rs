//! Answers as Twilio writes them.

use portcullis_ports::http::HttpResponse;
use serde_json::{Value, json};

/// An answer with a resource.
pub(super) fn show(status: u16, body: &Value) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            (
                "twilio-request-id".to_owned(),
                "RQ00000000000000000000000000000001".to_owned(),
            ),
        ],
        body: body.to_string().into_bytes(),
    }
}

/// A refusal with one of Twilio's error codes.
pub(super) fn refuse(status: u16, code: u32, message: &str) -> HttpResponse {
    let body = json!({
        "code": code,
        "message": message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status,
    });
    show(status, &body)
}
