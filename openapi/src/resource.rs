//! What is served at one path: the endpoints by method, and what is said to other methods.

use std::collections::HashMap;

use poem::endpoint::BoxEndpoint;
use poem::http::header::{ALLOW, HeaderValue};
use poem::http::{Method, StatusCode};
use poem::{Endpoint, EndpointExt, Request, Response};
use poem_openapi::OpenApi;

use crate::problem::MethodNotAllowed;

/// Everything at one path.
pub struct Resource {
    /// The path with names in braces, as documents and meters show it.
    pub template: String,
    /// The endpoints by method.
    pub methods: Vec<(Method, BoxEndpoint<'static, Response>)>,
}

impl Resource {
    /// A path that answers GET (and HEAD) only.
    pub fn get<E>(template: impl Into<String>, endpoint: E) -> Self
    where
        E: Endpoint<Output = Response> + 'static,
    {
        Self {
            template: template.into(),
            methods: vec![(Method::GET, endpoint.boxed())],
        }
    }

    /// The resources of documented operations.
    pub(crate) fn of<A: OpenApi>(api: A) -> Vec<Self> {
        let mut table = HashMap::new();
        api.add_routes(&mut table);
        let mut resources = Vec::new();
        for path in A::meta().into_iter().flat_map(|api| api.paths) {
            let endpoints = table.remove(&numbered(&path.path)).unwrap_or_default();
            resources.push(Self {
                template: path.path,
                methods: endpoints.into_iter().collect(),
            });
        }
        resources
    }

    /// The path as poem routes it.
    pub fn pattern(&self) -> String {
        numbered(&self.template)
    }

    /// One endpoint for all methods: it answers HEAD and OPTIONS by itself and refuses the rest.
    pub fn into_endpoint(self) -> Methods {
        Methods::new(self.methods)
    }
}

/// poem-openapi routes the parts of a path by number: `/a/{id}` is `/a/:param0`.
fn numbered(template: &str) -> String {
    let mut count = 0;
    let parts = template.split('/').map(|part| {
        if part.starts_with('{') {
            count += 1;
            format!(":param{}", count - 1)
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The endpoints of one path.
pub struct Methods {
    endpoints: Vec<(Method, BoxEndpoint<'static, Response>)>,
    allow: HeaderValue,
}

impl Methods {
    fn new(mut endpoints: Vec<(Method, BoxEndpoint<'static, Response>)>) -> Self {
        endpoints.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        let mut allowed: Vec<&str> = endpoints.iter().map(|(method, _)| method.as_str()).collect();
        if allowed.contains(&"GET") && !allowed.contains(&"HEAD") {
            allowed.push("HEAD");
        }
        if !allowed.contains(&"OPTIONS") {
            allowed.push("OPTIONS");
        }
        let allow = HeaderValue::from_str(&allowed.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"));
        Self { endpoints, allow }
    }

    fn find(&self, method: &Method) -> Option<&BoxEndpoint<'static, Response>> {
        self.endpoints
            .iter()
            .find(|(offered, _)| offered == method)
            .map(|(_, endpoint)| endpoint)
    }
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let mut endpoint = self.find(request.method());
        if endpoint.is_none() && request.method() == Method::HEAD {
            // The connection leaves the body out of the answer and keeps its length.
            request.set_method(Method::GET);
            endpoint = self.find(&Method::GET);
        }
        match endpoint {
            Some(endpoint) => endpoint.call(request).await,
            None if request.method() == Method::OPTIONS => {
                let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
                response.headers_mut().insert(ALLOW, self.allow.clone());
                Ok(response)
            }
            None => Err(MethodNotAllowed {
                allow: self.allow.clone(),
            }
            .into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_path_become_numbers() {
        assert_eq!(numbered("/a/{id}/b/{other}"), "/a/:param0/b/:param1");
        assert_eq!(numbered("/ui/me"), "/ui/me");
    }
}
