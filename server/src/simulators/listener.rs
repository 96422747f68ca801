//! HTTP for a simulator: requests in, its answers out, for any page of this machine.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::simulation::Simulator;
use tokio::net::{TcpListener, TcpStream};

/// The most bytes of a request.
const LIMIT: usize = 1 << 20;
/// How long to wait after an error of the listener.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers whoever connects, until the process ends.
pub(super) async fn listen(listener: TcpListener, simulator: Arc<dyn Simulator>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, Arc::clone(&simulator)))),
            Err(error) => {
                tracing::debug!(%error, "a connection to a simulator was not taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, simulator: Arc<dyn Simulator>) {
    let service = service_fn(|request| {
        let simulator = Arc::clone(&simulator);
        async move { Ok::<_, Infallible>(answer(request, simulator).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to a simulator broke");
    }
}

async fn answer(request: Request<Incoming>, simulator: Arc<dyn Simulator>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let method = match parts.method {
        Method::GET => HttpMethod::Get,
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        // A browser asks whether another page may ask.
        Method::OPTIONS => return open(Response::new(Full::default())),
        _ => return status(StatusCode::METHOD_NOT_ALLOWED),
    };
    let Ok(body) = Limited::new(body, LIMIT).collect().await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let host = parts
        .headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut asked = HttpRequest::new(method, format!("http://{host}{path}"));
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            asked = asked.header(name.as_str(), value);
        }
    }
    asked.body = body.to_bytes().to_vec();
    open(written(simulator.answer(&asked)))
}

fn written(answer: HttpResponse) -> Response<Full<Bytes>> {
    let Ok(code) = StatusCode::from_u16(answer.status) else {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = Response::new(Full::from(answer.body));
    *response.status_mut() = code;
    for (name, value) in answer.headers {
        let named = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = named {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn status(code: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = code;
    response
}

/// Readable for every page: the panel has another address.
fn open(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    for name in [
        "access-control-allow-origin",
        "access-control-allow-headers",
        "access-control-allow-methods",
    ] {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static("*"));
    }
    response
}
