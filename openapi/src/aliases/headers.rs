//! What an alias says of itself with every answer: that it is deprecated, and what to call instead.

use poem::endpoint::BoxEndpoint;
use poem::http::header::{HeaderName, HeaderValue, LINK};
use poem::{Endpoint, EndpointExt as _, Request, Response};

use super::table::{self, Alias};
use crate::context::RequestContext;
use crate::idempotency_key;
use crate::problem::{self, INVALID_REQUEST, Problem};
use crate::resource::Resource;

/// Since when a path is deprecated (RFC 9745).
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// The first day of 2026, in Unix seconds.
const SINCE: HeaderValue = HeaderValue::from_static("@1767225600");

/// Adds both headers to all answers of aliases, refusals among them.
pub(crate) fn mark(resources: Vec<Resource>) -> Vec<Resource> {
    let marked = |resource: Resource| {
        let Resource { template, methods } = resource;
        let methods = methods.into_iter().map(|(method, endpoint)| {
            let row = table::find(method.as_str(), &template);
            let endpoint = match row {
                Some(row) => deprecated(endpoint, row),
                None => endpoint,
            };
            (method, endpoint)
        });
        Resource {
            methods: methods.collect(),
            template,
        }
    };
    resources.into_iter().map(marked).collect()
}

fn deprecated(inner: BoxEndpoint<'static, Response>, row: &Alias) -> BoxEndpoint<'static, Response> {
    let link = format!("<{}>; rel=\"successor-version\"", row.successor);
    // Paths of ours hold nothing but visible characters.
    let link = HeaderValue::from_str(&link).unwrap_or(HeaderValue::from_static(""));
    Deprecated { inner, link }.boxed()
}

struct Deprecated {
    inner: BoxEndpoint<'static, Response>,
    link: HeaderValue,
}

impl Endpoint for Deprecated {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let request_id = RequestContext::of(&request)?.request_id.clone();
        // Whoever sends it means it: money is not taken twice because it was not read.
        let answered = if request.headers().contains_key(idempotency_key::NAME) {
            let why = "This path takes the key in its body, as `idempotency_key`.";
            Err(Problem(INVALID_REQUEST.with_detail(format!("{}: {why}", idempotency_key::NAME))).into())
        } else {
            self.inner.call(request).await
        };
        let mut response =
            answered.unwrap_or_else(|error| problem::respond(error, request_id.to_str().unwrap_or_default()));
        let headers = response.headers_mut();
        headers.insert(DEPRECATION, SINCE);
        headers.insert(LINK, self.link.clone());
        Ok(response)
    }
}
