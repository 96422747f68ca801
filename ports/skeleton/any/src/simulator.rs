//! A stand-in for Acme, in memory: what it is asked it answers as Acme does.

use portcullis_ports::http::{HttpRequest, HttpResponse};
use portcullis_ports::testkit::Vendor;
use serde_json::{Value, json};

/// An API key for tests and development.
pub const API_KEY: &str = "simulated-key";

/// Acme with one account.
#[derive(Default)]
pub struct Simulator;

/// Settings of that account.
pub fn settings() -> Value {
    json!({ "api_key": API_KEY })
}

impl Vendor for Simulator {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let key = ("authorization".to_owned(), format!("Bearer {API_KEY}"));
        if !request.headers.contains(&key) {
            return show(401, &json!({ "error": "unauthorized" }));
        }
        match request.url.rsplit('/').next() {
            Some("account") => show(200, &json!({ "name": "simulated" })),
            // What is not written yet is not implemented.
            _ => show(501, &json!({ "error": "not implemented" })),
        }
    }
}

fn show(status: u16, body: &Value) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}
