//! The way to the outside: one HTTP client for every plugin, over rustls.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, HttpResponse, MAX_ANSWER, NoAnswer};
use portcullis_ports::{Error, Result};
use reqwest::{Client, Method, Response, Url};
use rustls::{ClientConfig, RootCertStore};

/// The longest time in which a connection must stand.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_mins(1);

/// Sends requests with connections that are kept and shared.
pub struct Egress {
    client: Client,
}

impl Egress {
    /// A client that trusts whom the machine trusts.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new() -> Result<Self> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unusable(&error))?;
        Ok(Self { client })
    }
}

/// TLS as everything here speaks it: rustls, with the authorities that the machine trusts.
///
/// # Errors
/// If no version of TLS can be offered.
pub fn tls() -> Result<ClientConfig> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    Ok(versions.with_root_certificates(trusted).with_no_client_auth())
}

fn unusable(why: &dyn std::error::Error) -> Error {
    Error::internal("the HTTP client cannot be set up").with_context("cause", why.to_string())
}

#[async_trait]
impl HttpClient for Egress {
    async fn send(&self, request: HttpRequest) -> std::result::Result<HttpResponse, NoAnswer> {
        let url = address(&request.url)?;
        let mut sending = self
            .client
            .request(method(request.method), url)
            .timeout(request.limit)
            .body(request.body);
        for (name, value) in &request.headers {
            sending = sending.header(name, value);
        }
        let response = sending.send().await.map_err(|error| {
            let not_sent = error.is_connect() || error.is_builder();
            let why = cause(error);
            if not_sent {
                NoAnswer::NotSent(why)
            } else {
                NoAnswer::Unknown(why)
            }
        })?;
        read(response).await
    }
}

async fn read(mut response: Response) -> std::result::Result<HttpResponse, NoAnswer> {
    let lost = |error: reqwest::Error| NoAnswer::Unknown(cause(error));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(NoAnswer::Unknown(format!(
                "the answer is larger than {MAX_ANSWER} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    let headers = response.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Ok(HttpResponse {
        status: response.status().as_u16(),
        headers: headers.collect(),
        body,
    })
}

/// Encrypted, or on this machine: nothing else is sent credentials.
fn address(text: &str) -> std::result::Result<Url, NoAnswer> {
    let refuse = |why: &str| Err(NoAnswer::NotSent(why.to_owned()));
    let Ok(url) = Url::parse(text) else {
        return refuse("the address cannot be read");
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if url.host_str().is_some_and(is_here) => Ok(url),
        "http" => refuse("plain http is for this machine only; use https"),
        _ => refuse("an address begins with https://"),
    }
}

fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
    }
}

/// The innermost cause: the words of the library around it name the address, which may hold account names.
fn cause(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = error.without_url();
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_addresses_and_this_machine_are_reached() {
        for fine in [
            "https://api.example.com/x",
            "http://127.0.0.1:1/",
            "http://localhost/",
            "http://[::1]:9/",
        ] {
            assert!(address(fine).is_ok(), "{fine}");
        }
        for refused in [
            "http://api.example.com/",
            "http://127.0.0.1.example.com/",
            "ftp://localhost/",
            "nonsense",
        ] {
            assert!(matches!(address(refused), Err(NoAnswer::NotSent(_))), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_refused_connection_was_not_sent_and_a_lost_answer_is_unknown() {
        let egress = Egress::new().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let request = HttpRequest::new(HttpMethod::Post, &url);
        let hang_up = async { drop(listener.accept().await.unwrap()) };
        let (answer, ()) = tokio::join!(egress.send(request.clone()), hang_up);
        assert!(matches!(answer, Err(NoAnswer::Unknown(_))));
        drop(listener);
        assert!(matches!(egress.send(request).await, Err(NoAnswer::NotSent(_))));
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_unknown() {
        let egress = Egress::new().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let request = HttpRequest::new(HttpMethod::Get, url).within(Duration::from_millis(50));
        let answer = egress.send(request).await;
        assert_eq!(
            answer.err(),
            Some(NoAnswer::Unknown("no answer in time".to_owned()))
        );
    }
}
