//! From a path to what answers it: paths without names are looked up, all others are matched.

use std::collections::HashMap;
use std::time::Duration;

use poem::error::RouteError;
use poem::{Endpoint, Request, Response, Route};
use portcullis_openapi::{Methods, Resource};

use super::panel::Elsewhere;
use super::security::VendorPolicy;
use super::watched::Watched;

/// Every path leads somewhere, and every endpoint is under watch.
pub(super) struct Routes {
    /// Most requests go to a path without names, and one look finds it.
    fixed: HashMap<String, Watched<Methods>>,
    named: Route,
}

impl Routes {
    /// # Errors
    /// When two resources have the same path.
    pub(super) fn new(
        resources: Vec<Resource>,
        limit: Duration,
        vendors: Option<VendorPolicy>,
    ) -> Result<Self, RouteError> {
        let mut fixed = HashMap::new();
        let mut named = Route::new();
        for resource in resources {
            let (template, pattern) = (resource.template.clone(), resource.pattern());
            let watched = Watched::new(template.clone(), resource.into_endpoint(), limit);
            if pattern.contains([':', '*']) {
                named = named.try_at(pattern, watched)?;
            } else if fixed.insert(template.clone(), watched).is_some() {
                return Err(RouteError::Duplicate(template));
            }
        }
        Ok(Self {
            fixed,
            named: named.try_at("/*path", Elsewhere::new(limit, vendors))?,
        })
    }
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match self.fixed.get(request.uri().path()) {
            Some(endpoint) => endpoint.call(request).await,
            None => self.named.call(request).await,
        }
    }
}
