//! Asking somebody else's HTTP API: what a plugin is handed instead of a client of its own.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

/// The largest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// What is done with the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// Read it.
    Get,
    /// Act on it.
    Post,
    /// Write it.
    Put,
    /// Change parts of it.
    Patch,
    /// Remove it.
    Delete,
}

impl HttpMethod {
    /// As it is written in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request. Has no `Debug`: headers and body hold credentials and codes.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// What is done.
    pub method: HttpMethod,
    /// The full address.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// The longest the whole exchange may take.
    pub limit: Duration,
}

impl HttpRequest {
    /// A request without headers and body that may take 10 seconds.
    pub fn new(method: HttpMethod, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            limit: Duration::from_secs(10),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body and says what it is.
    #[must_use]
    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut request = self.header("content-type", media_type);
        request.body = body.into();
        request
    }

    /// Sets the longest time.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }
}

/// One answer. Redirects are answers too: they are never followed.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status, 200 to 599.
    pub status: u16,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
    /// At most [`MAX_ANSWER`] bytes.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Whether the status is of the family 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer. The texts hold no address and no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing reached the other side.
    NotSent(String),
    /// The request may have been acted upon.
    Unknown(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) => write!(f, "the request was not sent: {why}"),
            Self::Unknown(why) => write!(f, "no answer came to a request that was sent: {why}"),
        }
    }
}

impl std::error::Error for NoAnswer {}

/// Sends requests to the outside.
///
/// # Behaviour
/// - One request is sent at most once: no retry, no redirect.
/// - Addresses must be `https`, or `http` to this machine.
/// - A connection that was not made is [`NoAnswer::NotSent`]; whatever fails later is [`NoAnswer::Unknown`].
#[async_trait]
pub trait HttpClient: Send + Sync + 'static {
    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// [`NoAnswer`], which says whether the request may have been acted upon.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer>;
}
