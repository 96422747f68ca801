//! A stand-in for Acme: it keeps messages and answers as Acme does.

use std::sync::{Arc, Mutex, PoisonError};

use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::notification::Senders;
use portcullis_ports::testkit::Vendor;
use serde_json::{Value, json};

/// An API key for tests and development.
pub const API_KEY: &str = "simulated-key";

/// Acme with one account.
#[derive(Default)]
pub struct Simulator {
    messages: Mutex<Vec<Value>>,
}

impl Simulator {
    /// What was accepted for sending, in order.
    pub fn messages(&self) -> Vec<Value> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Settings of that account.
pub fn settings() -> Value {
    json!({ "api_key": API_KEY })
}

portcullis_ports::set_up!(Senders, "acme", |_folder| {
    SetUp::new(settings(), ()).asking(Arc::new(Simulator::default()))
});

impl Vendor for Simulator {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        if header("authorization") != Some(&format!("Bearer {API_KEY}")) {
            return show(401, &json!({ "error": "unauthorized" }));
        }
        match (request.method, serde_json::from_slice(&request.body)) {
            (HttpMethod::Post, Ok(message)) if request.url.ends_with("/messages") => {
                let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
                messages.push(message);
                show(201, &json!({ "id": format!("m{}", messages.len()) }))
            }
            _ if request.url.ends_with("/account") => show(200, &json!({ "name": "simulated" })),
            (HttpMethod::Post, _) => show(400, &json!({ "error": "not understood" })),
            _ => show(404, &json!({ "error": "not found" })),
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
