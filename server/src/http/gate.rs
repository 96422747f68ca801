//! What every request passes on its way in and out: an id, the client's address, foreign pages, security headers.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use poem::http::uri::Scheme;
use poem::http::{Request as HttpRequest, Response as HttpResponse};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint as _, Request, Response};
use portcullis_openapi::{Arrival, Surroundings, problem};

use super::address;
use super::cors::Cors;
use super::request_id::{REQUEST_ID, RequestIds};
use super::routes::Routes;
use super::security;
use crate::config::Network;

/// The one way in.
pub(super) struct Gate {
    pub(super) routes: Routes,
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) ids: RequestIds,
    pub(super) trusted: Vec<Network>,
    pub(super) cors: Cors,
    /// Whether browsers reach the service over TLS.
    pub(super) secure: bool,
    pub(super) draining: Arc<AtomicBool>,
}

impl Gate {
    /// From now on the service says that it is not ready.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) async fn answer(
        &self,
        request: HttpRequest<Incoming>,
        peer: SocketAddr,
    ) -> HttpResponse<BoxBody<Bytes, io::Error>> {
        let remote = Addr::SocketAddr(peer);
        let request = Request::from((
            request,
            LocalAddr(remote.clone()),
            RemoteAddr(remote),
            Scheme::HTTP,
        ));
        self.pass(request, peer.ip()).await.into()
    }

    /// The same for a request that is already one of poem's.
    async fn pass(&self, mut request: Request, peer: IpAddr) -> Response {
        let request_id = self.ids.of(request.headers());
        let origin = self.cors.listed(request.headers()).cloned();
        let permission = self.cors.preflight(request.method(), request.headers());
        let mut response = if let Some(permission) = permission {
            permission
        } else {
            request.set_data(Arrival {
                surroundings: Arc::clone(&self.surroundings),
                address: address::client(peer, request.headers(), &self.trusted),
                request_id: request_id.clone(),
            });
            let served = self.routes.call(request).await;
            // Every path is routed and every endpoint answers, so that an error is not expected.
            served.unwrap_or_else(|error| problem::respond(error, request_id.to_str().unwrap_or_default()))
        };
        let headers = response.headers_mut();
        self.cors.add(origin, headers);
        security::add(headers, self.secure);
        headers.insert(REQUEST_ID, request_id);
        response
    }
}
