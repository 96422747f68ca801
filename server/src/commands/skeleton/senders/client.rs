//! The API of Acme as requests: where they go, who asks, how long they may take.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::Secret;
use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse, NoAnswer};

/// Asks Acme. Every request is sent once: repeating is decided elsewhere.
pub(crate) struct Client {
    pub(crate) http: Arc<dyn HttpClient>,
    /// Without a slash at the end.
    pub(crate) endpoint: String,
    pub(crate) api_key: Secret,
    pub(crate) limit: Duration,
}

impl Client {
    /// Asks for one message to be sent.
    pub(crate) async fn create_message(&self, body: Vec<u8>) -> Result<HttpResponse, NoAnswer> {
        let request = HttpRequest::new(HttpMethod::Post, format!("{}/messages", self.endpoint))
            .header("authorization", format!("Bearer {}", self.api_key.expose()))
            .body("application/json", body)
            .within(self.limit);
        self.http.send(request).await
    }
}
