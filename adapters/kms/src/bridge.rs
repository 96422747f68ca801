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
        let user = |why: &str| ConnectorError::user(why.into());
        // Every call of this protocol is a POST with a body in memory.
        let body = request
            .body()
            .bytes()
            .ok_or_else(|| user("the body is a stream"))?;
        if request.method() != "POST" {
            return Err(user("the method is not POST"));
        }
        let mut sent = HttpRequest::new(HttpMethod::Post, request.uri()).within(self.limit);
        sent.body = body.to_vec();
        for (name, value) in request.headers() {
            sent = sent.header(name, value);
        }
        let answer = self.http.send(sent).await.map_err(|none| match none {
            NoAnswer::NotSent(_) => ConnectorError::io(none.into()).never_connected(),
            NoAnswer::Unknown(_) => ConnectorError::io(none.into()),
        })?;
        let status =
            StatusCode::try_from(answer.status).map_err(|error| ConnectorError::user(error.into()))?;
        let mut response = SdkResponse::new(status, SdkBody::from(answer.body));
        for (name, value) in answer.headers {
            let kept = response.headers_mut().try_append(name, value);
            kept.map_err(|error| ConnectorError::user(error.into()))?;
        }
        Ok(response)
    }
}
