//! Lets the vendor's library send its requests through the house's HTTP client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient as SdkHttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest as SdkRequest, HttpResponse as SdkResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest, NoAnswer};

/// The house's client in the form of the library.
#[derive(Clone)]
pub struct Bridge {
    http: Arc<dyn HttpClient>,
    limit: Duration,
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bridge")
    }
}

impl SdkHttpClient for Bridge {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Bridge {
    fn call(&self, request: SdkRequest) -> HttpConnectorFuture {
        let bridge = self.clone();
        HttpConnectorFuture::new(async move { bridge.exchange(&request).await })
    }
}

impl Bridge {
    /// Sends through `http`; one exchange takes no longer than the limit.
    pub fn new(http: Arc<dyn HttpClient>, limit: Duration) -> Self {
        Self { http, limit }
    }

    async fn exchange(&self, request: &SdkRequest) -> Result<SdkResponse, ConnectorError> {
        // `NoAnswer` stays the innermost cause: by it the outcome of a send is decided.
        let failed = |none: NoAnswer| ConnectorError::io(none.into());
        let unsent = |why: &str| failed(NoAnswer::NotSent(why.to_owned()));
        let body = request
            .body()
            .bytes()
            .ok_or_else(|| unsent("the body is a stream"))?;
        let method = match request.method() {
            "GET" => HttpMethod::Get,
            "POST" => HttpMethod::Post,
            _ => return Err(unsent("the method is neither GET nor POST")),
        };
        let mut sent = HttpRequest::new(method, request.uri()).within(self.limit);
        sent.body = body.to_vec();
        for (name, value) in request.headers() {
            sent = sent.header(name, value);
        }
        let answer = self.http.send(sent).await.map_err(failed)?;
        let strange = |_| failed(NoAnswer::Unknown("the answer is not HTTP".to_owned()));
        let status = StatusCode::try_from(answer.status).map_err(strange)?;
        let mut response = SdkResponse::new(status, SdkBody::from(answer.body));
        for (name, value) in answer.headers {
            response.headers_mut().try_append(name, value).map_err(strange)?;
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use async_trait::async_trait;
    use portcullis_ports::http::HttpResponse;

    use super::*;

    /// Answers with what it was sent, or with nothing where the address ends in `/silence`.
    struct Echo;

    #[async_trait]
    impl HttpClient for Echo {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
            if request.url.ends_with("/silence") {
                return Err(NoAnswer::Unknown("silence".to_owned()));
            }
            let mut headers = request.headers;
            headers.push(("x-method".to_owned(), request.method.as_str().to_owned()));
            headers.push(("x-limit".to_owned(), request.limit.as_secs().to_string()));
            Ok(HttpResponse {
                status: 201,
                headers,
                body: request.body,
            })
        }
    }

    async fn call(method: &str, uri: &str) -> Result<SdkResponse, ConnectorError> {
        let mut request = SdkRequest::new(SdkBody::from("body"));
        request.set_method(method).unwrap();
        request.set_uri(uri).unwrap();
        request.headers_mut().insert("x-a", "1");
        Bridge::new(Arc::new(Echo), Duration::from_secs(7))
            .call(request)
            .await
    }

    fn innermost(error: &ConnectorError) -> Option<&NoAnswer> {
        let mut cause: &(dyn Error + 'static) = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        cause.downcast_ref()
    }

    #[tokio::test]
    async fn request_and_answer_pass_whole() {
        for method in ["GET", "POST"] {
            let answer = call(method, "https://aws.example/").await.unwrap();
            assert_eq!(answer.status().as_u16(), 201);
            assert_eq!(answer.body().bytes(), Some(b"body".as_slice()));
            let header = |name| answer.headers().get(name);
            assert_eq!(header("x-a"), Some("1"));
            assert_eq!(header("x-method"), Some(method));
            assert_eq!(header("x-limit"), Some("7"));
        }
    }

    #[tokio::test]
    async fn the_innermost_cause_says_whether_it_was_sent() {
        let silent = call("POST", "https://aws.example/silence").await.unwrap_err();
        assert_eq!(innermost(&silent), Some(&NoAnswer::Unknown("silence".to_owned())));
        let unsent = call("DELETE", "https://aws.example/").await.unwrap_err();
        assert!(matches!(innermost(&unsent), Some(NoAnswer::NotSent(_))));
    }
}
