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
pub(crate) struct Bridge {
    pub(crate) http: Arc<dyn HttpClient>,
    /// The longest time of one exchange.
    pub(crate) limit: Duration,
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
