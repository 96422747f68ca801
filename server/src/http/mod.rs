//! The HTTP server: routes, what surrounds them, connections.

mod address;
mod clients;
mod connection;
mod cors;
mod files;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod health;
mod host;
mod listener;
mod meters;
mod panel;
mod pipeline;
mod refusals;
mod request_body;
mod request_id;
mod routes;
mod scrape;
mod security;
mod watched;
mod wire;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use poem::endpoint::{make, make_sync};
use poem::{Request, Response};
use portcullis_core::App;
use portcullis_openapi::{ApiContext, Resource};
use portcullis_ports::Endpoint;
use portcullis_ports::Entropy;
use portcullis_ports::notification::Mailbox;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::compose::NamedProbe;
use crate::exit::{Failure, in_full};
use crate::settings::ServerSettings;
use cors::Cors;
use files::File;
use health::Readiness;
use host::{LocalNames, UsualHosts};
use listener::Limits;
pub use meters::install_meters;
use pipeline::RequestPipeline;
use refusals::Refusals;
use request_id::RequestIds;
use routes::Routes;
use scrape::Scrape;
use security::VendorPolicy;

/// How often the meters are condensed, whether or not anybody looks at them.
const UPKEEP: Duration = Duration::from_secs(5);

/// What is served, and how.
pub struct Site<'a> {
    /// The use cases.
    pub app: Arc<App>,
    /// The table `[server]`.
    pub settings: &'a ServerSettings,
    /// Where the program listens.
    pub address: SocketAddr,
    /// Where browsers reach the service.
    pub public_url: &'a Endpoint,
    /// Whether this is a developer's machine.
    pub development: bool,
    /// What was sent, for a developer to read. Only on a developer's machine.
    pub mailbox: Option<Arc<dyn Mailbox>>,
    /// The health of everything that is connected.
    pub probes: Vec<NamedProbe>,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
}

/// The server, ready to listen.
pub struct Http {
    pipeline: Arc<RequestPipeline>,
    limits: Limits,
    upkeep: AbortHandle,
}

impl Http {
    /// Puts everything together. Needs the asynchronous runtime.
    ///
    /// # Errors
    /// When the machine gives no randomness, or something else in the process records meters.
    pub fn new(site: Site<'_>) -> Result<Self, Failure> {
        let recorder = install_meters()?;
        let draining = Arc::new(AtomicBool::new(false));
        let limit = site.settings.request_timeout.get();
        let context = ApiContext {
            app: Arc::clone(&site.app),
            development: site.development,
            mailbox: site.mailbox,
            public_url: site.public_url.to_string(),
        };
        let readiness = Readiness::new(
            site.probes,
            site.settings.connect_timeout.get().min(limit),
            Arc::clone(&draining),
        );
        let scrape = Scrape {
            recorder: recorder.clone(),
            app: Arc::clone(&site.app),
            token: site.settings.metrics_token.clone(),
            started: Instant::now(),
        };
        let mut resources = portcullis_openapi::resources(&context);
        resources.extend(operations(readiness, scrape));
        for file in portcullis_openapi::files(&context, site.settings.docs) {
            resources.push(Resource::get(file.path, File::of_the_api(file)));
        }
        resources.extend(panel::resources());
        let ids = RequestIds::new(site.entropy).map_err(|error| Failure::Other(in_full(&error)))?;
        let (ids, secure) = (Arc::new(ids), site.public_url.is_secure());
        let clock = Arc::clone(site.app.clock());
        let local = || LocalNames::new(site.address, site.public_url, &site.settings.cors_origins);
        let cors = Cors::new(&site.settings.cors_origins, &resources);
        let vendors = vendor_policy(&site.app)?;
        let pipeline = RequestPipeline {
            routes: Routes::new(resources, limit, vendors)
                .map_err(|error| Failure::Other(error.to_string()))?,
            app: site.app,
            body_limit: site.settings.body_limit.length(),
            refusals: Arc::new(Refusals::new(Arc::clone(&ids), clock, secure)),
            ids,
            trusted: site.settings.trusted_proxies.clone(),
            cors,
            secure,
            usual: UsualHosts::new(site.address, site.public_url),
            local: site.development.then(local),
            plain_cookie: site.development && !secure,
            idle: site.settings.idle_timeout.get(),
            draining,
        };
        let upkeep = tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                recorder.run_upkeep();
            }
        });
        Ok(Self {
            pipeline: Arc::new(pipeline),
            limits: Limits {
                connections: site.settings.max_connections,
                per_client: site.settings.max_connections_per_client,
                delay: site.settings.shutdown_delay.get(),
                drain: site.settings.drain_timeout.get(),
            },
            upkeep: upkeep.abort_handle(),
        })
    }

    /// Serves until `stop`. For `server.shutdown_delay` it then says that it is not ready and goes on, unless `hurry`;
    /// after that it lets requests under way finish. Both together take at most `server.drain_timeout`.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
        hurry: impl Future<Output = ()>,
    ) {
        listener::serve(listener, Arc::clone(&self.pipeline), self.limits, stop, hurry).await;
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.upkeep.abort();
    }
}

/// What the scripts of payment vendors need on their pages; nothing where no vendor has one.
fn vendor_policy(app: &App) -> Result<Option<VendorPolicy>, Failure> {
    let vendors = app.payment_vendors.config().vendors;
    let origins: BTreeSet<String> = vendors.into_iter().flat_map(|vendor| vendor.origins).collect();
    if origins.is_empty() {
        return Ok(None);
    }
    let origins: Vec<String> = origins.into_iter().collect();
    let policy = VendorPolicy::allowing(&origins);
    policy
        .map(Some)
        .map_err(|error| Failure::Other(error.to_string()))
}

/// What operators and their machines ask.
fn operations(readiness: Readiness, scrape: Scrape) -> [Resource; 3] {
    let readiness = Arc::new(readiness);
    let ready = make(move |_: Request| {
        let readiness = Arc::clone(&readiness);
        async move { Ok::<Response, poem::Error>(readiness.answer().await) }
    });
    [
        Resource::get("/healthz", make_sync(|_| health::alive())),
        Resource::get("/readyz", ready),
        Resource::get(
            "/metrics",
            make_sync(move |request: Request| scrape.answer(&request)),
        ),
    ]
}
