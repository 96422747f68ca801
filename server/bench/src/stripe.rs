//! Stripe's simulator behind a socket of this process, with the time that it takes itself.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use poem::http::{Method, StatusCode};
use poem::listener::TcpAcceptor;
use poem::{Endpoint, Request, Response, Server, endpoint};
use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::payments::VendorRef;
use portcullis_ports::simulation::Vendor as _;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_stripe::simulator::{Simulator, settings};
use portcullis_server::system::SystemClock;

use crate::Result;

/// Answers until this process ends.
pub(crate) struct Stripe {
    pub(crate) simulator: Arc<Simulator>,
    origin: String,
    busy: Arc<AtomicU64>,
}

impl Stripe {
    /// Starts it on a thread of its own.
    pub(crate) fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let origin = format!("http://{}", listener.local_addr()?);
        let simulator = Arc::new(Simulator::at(Arc::new(SystemClock), &origin));
        let busy = Arc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let served = served(&simulator, &busy);
        thread::spawn(move || {
            let ended = runtime.block_on(async move {
                Server::new_with_acceptor(TcpAcceptor::from_std(listener)?)
                    .run(served)
                    .await
            });
            if let Err(error) = ended {
                eprintln!("the simulated Stripe ended: {error}");
            }
        });
        Ok(Self {
            simulator,
            origin,
            busy,
        })
    }

    /// The time it has spent on requests so far, from their last byte to the first of the answer.
    pub(crate) fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy.load(Ordering::SeqCst))
    }

    /// The settings with which the product uses it, and lets one account pay all day.
    pub(crate) fn settings(&self) -> String {
        let mut lines = vec![
            "[billing]".to_owned(),
            "payments_per_account = { most = 1000000000, window = \"1h\" }".to_owned(),
            "looks_per_account = { most = 1000000000, window = \"1h\" }".to_owned(),
            "step_up_from = 1000000000".to_owned(),
            "[payments]".to_owned(),
            "use = [\"main\"]".to_owned(),
            "[payments.main.stripe]".to_owned(),
        ];
        if let Some(members) = settings().as_object() {
            lines.extend(members.iter().map(|(name, value)| format!("{name} = {value}")));
        }
        for name in ["endpoint", "script_origin"] {
            lines.push(format!("{name} = \"{}\"", self.origin));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// A payer enters a card for the setup whose secret this is.
    pub(crate) fn card_for(&self, client_secret: &str) -> Result<()> {
        let name = client_secret.split("_secret").next().unwrap_or_default();
        let setup = VendorRef::parse(name)?;
        if self.simulator.does(Deed::EntersCard(&setup)) {
            Ok(())
        } else {
            Err("the simulated Stripe takes no card".into())
        }
    }
}

fn served(simulator: &Arc<Simulator>, busy: &Arc<AtomicU64>) -> impl Endpoint + 'static {
    let (simulator, busy) = (Arc::clone(simulator), Arc::clone(busy));
    endpoint::make(move |request: Request| {
        let (simulator, busy) = (Arc::clone(&simulator), Arc::clone(&busy));
        async move { answer(request, &simulator, &busy).await }
    })
}

async fn answer(mut request: Request, simulator: &Simulator, busy: &AtomicU64) -> poem::Result<Response> {
    let body = request.take_body().into_vec().await?;
    let began = Instant::now();
    let method = match *request.method() {
        Method::GET => HttpMethod::Get,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Post,
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut asked = HttpRequest::new(method, format!("https://api.stripe.com{path}"));
    for (name, value) in request.headers() {
        if let Ok(value) = value.to_str() {
            asked = asked.header(name.as_str(), value);
        }
    }
    asked.body = body;
    let answered = simulator.answer(&asked);
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Response::builder().status(status);
    for (name, value) in answered.headers {
        response = response.header(name, value);
    }
    let response = response.body(answered.body);
    let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    busy.fetch_add(took, Ordering::SeqCst);
    Ok(response)
}
