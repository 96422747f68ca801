//! The API of Acme as requests: where they go, who asks, how long they may take.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::probe::Probe;
use portcullis_ports::{Code, Kind, Result, Secret};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const UNAVAILABLE: Code = Code::new(
    "acme-unavailable",
    Kind::Unavailable,
    "Acme does not answer at the moment; please try again.",
);

/// Asks Acme. Every request is sent once: repeating is decided elsewhere.
pub(crate) struct Client {
    pub(crate) http: Arc<dyn HttpClient>,
    /// Without a slash at the end.
    pub(crate) endpoint: String,
    pub(crate) api_key: Secret,
    pub(crate) limit: Duration,
}

impl Client {
    /// Sends one request.
    pub(crate) async fn post(&self, path: &str, body: Vec<u8>) -> Result<HttpResponse, NoAnswer> {
        let request = HttpRequest::new(HttpMethod::Post, format!("{}{path}", self.endpoint))
            .header("authorization", format!("Bearer {}", self.api_key.expose()))
            .body("application/json", body)
            .within(self.limit);
        self.http.send(request).await
    }

    /// Asks for what can be asked for again.
    pub(crate) async fn ask<A: DeserializeOwned>(&self, path: &str, question: &Value) -> Result<A> {
        let answer = self.post(path, question.to_string().into_bytes()).await;
        let answer = answer.map_err(|error| UNAVAILABLE.error().with_source(error))?;
        if !answer.is_success() {
            let error = UNAVAILABLE.error().with_context("path", path);
            return Err(error.with_context("status", answer.status.to_string()));
        }
        serde_json::from_slice(&answer.body).map_err(|error| UNAVAILABLE.error().with_source(error))
    }
}

#[async_trait]
impl Probe for Client {
    async fn check(&self) -> Result<String> {
        let account: Value = self.ask("/account", &json!({})).await?;
        Ok(account["name"].as_str().unwrap_or("an account without a name").to_owned())
    }
}
