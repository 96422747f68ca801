//! What every request passes on its way in and out: an id, its host, the client's address, foreign pages, headers.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body as _, Incoming};
use poem::http::header::{ALLOW, CONNECTION, EXPECT, HeaderValue};
use poem::http::uri::Scheme;
use poem::http::{Request as HttpRequest, Response as HttpResponse};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint as _, Request, RequestParts, Response};
use portcullis_core::App;
use portcullis_openapi::{RequestContext, plain_cookie, problem};

use super::address;
use super::cors::Cors;
use super::host::{self, LocalNames, UsualHosts};
use super::refusals::Refusals;
use super::request_body::RequestBody;
use super::request_id::{REQUEST_ID, RequestIds};
use super::routes::Routes;
use super::security;
use crate::values::Network;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What every request goes through on its way to the routes, and its answer on the way back.
pub(super) struct RequestPipeline {
    pub(super) routes: Routes,
    pub(super) app: Arc<App>,
    /// The most bytes of a request body.
    pub(super) body_limit: usize,
    pub(super) ids: Arc<RequestIds>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) trusted: Vec<Network>,
    pub(super) cors: Cors,
    /// Whether browsers reach the service over TLS.
    pub(super) secure: bool,
    pub(super) usual: UsualHosts,
    /// The names of this machine, where no others are answered.
    pub(super) local: Option<LocalNames>,
    /// Whether browsers get the session cookie without what demands TLS.
    pub(super) plain_cookie: bool,
    /// How long a connection may wait for the head of its next request.
    pub(super) idle: Duration,
    pub(super) draining: Arc<AtomicBool>,
}

impl RequestPipeline {
    /// From now on the service says that it is not ready, and every answer that its connection ends.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) async fn answer(
        &self,
        request: HttpRequest<Incoming>,
        peer: SocketAddr,
    ) -> HttpResponse<BoxBody<Bytes, io::Error>> {
        let (parts, incoming) = request.into_parts();
        let expects_continue = parts.headers.contains_key(EXPECT);
        let remote = Addr::SocketAddr(peer);
        let parts = RequestParts::from((parts, LocalAddr(remote.clone()), RemoteAddr(remote), Scheme::HTTP));
        // Most requests have no body, and nothing to keep an eye on.
        let (request, body) = if incoming.is_end_stream() {
            (Request::from_parts(parts, Body::empty()), None)
        } else {
            let (body, state) = RequestBody::new(incoming);
            let mut request = Request::from_parts(parts, Body::from(body.boxed()));
            request.set_data(Arc::clone(&state));
            (request, Some(state))
        };
        let mut response = self.pass(request, peer.ip()).await;
        let whole = match body {
            Some(body) => body.finish(expects_continue).await,
            None => true,
        };
        if !whole || self.draining.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        response.into()
    }

    /// The same for a request that is already one of poem's.
    async fn pass(&self, mut request: Request, peer: IpAddr) -> Response {
        let request_id = self.ids.of(request.headers());
        let origin = self.cors.listed(request.headers()).cloned();
        if self.plain_cookie {
            plain_cookie::read(request.headers_mut());
        }
        let host = if self.usual.know(&request) {
            Ok(())
        } else {
            host::check(&request, self.local.as_ref())
        };
        let mut response = match host {
            Ok(()) => self.route(request, peer, &request_id).await,
            Err(error) => {
                let response = problem::answer(&error, request_id.to_str().unwrap_or_default());
                self.refusals.record(response.status(), None, &request_id);
                response
            }
        };
        let headers = response.headers_mut();
        if self.plain_cookie {
            plain_cookie::write(headers);
        }
        self.cors.add(origin, headers);
        security::add(headers, self.secure);
        headers.insert(REQUEST_ID, request_id);
        response
    }

    async fn route(&self, mut request: Request, peer: IpAddr, request_id: &HeaderValue) -> Response {
        request.set_data(RequestContext {
            app: Arc::clone(&self.app),
            body_limit: self.body_limit,
            address: address::client(peer, request.headers(), &self.trusted),
            request_id: request_id.clone(),
        });
        let is_preflight = self.cors.is_preflight(request.method(), request.headers());
        let served = self.routes.call(request).await;
        // Every path is routed and every endpoint answers, so that an error is not expected.
        let response =
            served.unwrap_or_else(|error| problem::respond(error, request_id.to_str().unwrap_or_default()));
        if is_preflight {
            return self.cors.permission(response.headers().get(ALLOW));
        }
        response
    }
}
