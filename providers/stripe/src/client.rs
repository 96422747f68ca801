//! The API of Stripe as requests: where they go, who asks, in which version, under which key, how long they may take.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse, NoAnswer};
use portcullis_ports::multipart::Form;
use portcullis_ports::payments::{CallKey, UNAVAILABLE};
use portcullis_ports::{Clock, Endpoint, Error, Result, Secret};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answers::read_refusal;
use crate::form;

/// The version of the API that every request asks for: the shape of answers does not follow the account's default.
pub(crate) const VERSION: &str = "2026-08-26.dahlia";

/// Asks Stripe. Every request is sent once: repeating is decided elsewhere.
pub(crate) struct Client {
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) endpoint: Endpoint,
    /// Where files go.
    pub(crate) files_endpoint: Endpoint,
    pub(crate) secret_key: Secret,
    pub(crate) limit: Duration,
}

impl Client {
    /// Asks for something to be done, under a key.
    pub(crate) async fn post(
        &self,
        path: &str,
        fields: &Value,
        key: &CallKey,
    ) -> Result<HttpResponse, NoAnswer> {
        let request = self
            .request(HttpMethod::Post, path)
            .header("idempotency-key", key.as_str())
            .body("application/x-www-form-urlencoded", form::encoded(fields));
        self.http.send(request).await
    }

    /// Hands over a file, under a key.
    pub(crate) async fn upload(&self, form: Form, key: &CallKey) -> Result<HttpResponse, NoAnswer> {
        let (media_type, body) = form.finish();
        let request = self
            .request_at(&self.files_endpoint, HttpMethod::Post, "/v1/files")
            .header("idempotency-key", key.as_str())
            .body(&media_type, body);
        self.http.send(request).await
    }

    /// Asks for what is the same when it is asked for again.
    pub(crate) async fn delete(&self, path: &str) -> Result<HttpResponse, NoAnswer> {
        self.http.send(self.request(HttpMethod::Delete, path)).await
    }

    /// Reads something.
    pub(crate) async fn get(&self, path: &str, query: &Value) -> Result<HttpResponse, NoAnswer> {
        let query = form::encoded(query);
        let path = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        self.http.send(self.request(HttpMethod::Get, &path)).await
    }

    /// Reads something that may not be there.
    pub(crate) async fn read<T: DeserializeOwned>(&self, path: &str, query: &Value) -> Result<Option<T>> {
        let answer = self
            .get(path, query)
            .await
            .map_err(|error| UNAVAILABLE.error().with_source(error))?;
        match answer.status {
            200..=299 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|error| UNAVAILABLE.error().with_context("path", path).with_source(error)),
            404 => Ok(None),
            _ => Err(refused(path, &answer)),
        }
    }

    /// Reads something that is there.
    pub(crate) async fn list<T: DeserializeOwned>(&self, path: &str, query: &Value) -> Result<T> {
        let found = self.read(path, query).await?;
        found.ok_or_else(|| {
            UNAVAILABLE
                .error()
                .with_context("path", path)
                .with_context("status", "404")
        })
    }

    fn request(&self, method: HttpMethod, path: &str) -> HttpRequest {
        self.request_at(&self.endpoint, method, path)
    }

    fn request_at(&self, endpoint: &Endpoint, method: HttpMethod, path: &str) -> HttpRequest {
        HttpRequest::new(method, format!("{endpoint}{path}"))
            .header("authorization", format!("Bearer {}", self.secret_key.expose()))
            .header("stripe-version", VERSION)
            .header("accept", "application/json")
            .within(self.limit)
    }
}

fn refused(path: &str, answer: &HttpResponse) -> Error {
    let refusal = read_refusal(&answer.body);
    UNAVAILABLE
        .error()
        .with_context("path", path)
        .with_context("status", answer.status.to_string())
        .with_context("code", refusal.code.unwrap_or_default())
        .with_context("request", answer.header("request-id").unwrap_or_default())
}
