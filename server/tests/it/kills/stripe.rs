//! Stripe's simulator behind a socket of this process, which outlives every program that asks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use poem::http::{Method, StatusCode};
use poem::listener::TcpAcceptor;
use poem::{Endpoint, Request, Response, Server, endpoint};
use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::simulation::Vendor as _;
use portcullis_ports::{Clock, Timestamp};
use portcullis_provider_stripe::simulator::{SECRET_KEY, Simulator};
use portcullis_server::system::SystemClock;
use serde_json::Value;
use tokio::net::TcpListener;

use super::chance::Chance;

/// The time of the machine, and how far it was moved on.
#[derive(Default)]
pub(super) struct Ahead(AtomicI64);

impl Ahead {
    pub(super) fn advance(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().millis() + self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, span: Duration) {
        SystemClock.sleep(span).await;
    }
}

pub(super) struct Stripe {
    pub(super) simulator: Simulator,
    pub(super) clock: Arc<Ahead>,
    pub(super) origin: String,
    /// Whether it takes its time, before it acts and before it answers: so that a program that is killed is killed there.
    slow: AtomicBool,
    chance: Arc<Chance>,
}

impl Stripe {
    pub(super) async fn start(chance: &Arc<Chance>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::new(Ahead::default());
        let stripe = Arc::new(Self {
            simulator: Simulator::at(Arc::clone(&clock) as Arc<_>, &origin),
            clock,
            origin,
            slow: AtomicBool::new(true),
            chance: Arc::clone(chance),
        });
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        tokio::spawn(Server::new_with_acceptor(acceptor).run(served(&stripe)));
        stripe
    }

    /// It answers at once from now on.
    pub(super) fn hurry(&self) {
        self.slow.store(false, Ordering::SeqCst);
    }

    async fn dawdle(&self) {
        if self.slow.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(self.chance.below(25))).await;
        }
    }

    async fn answer(&self, mut request: Request) -> Response {
        let method = match *request.method() {
            Method::GET => HttpMethod::Get,
            Method::POST => HttpMethod::Post,
            Method::DELETE => HttpMethod::Delete,
            _ => {
                return Response::builder()
                    .status(StatusCode::METHOD_NOT_ALLOWED)
                    .finish();
            }
        };
        let path = request.uri().path_and_query().unwrap().to_string();
        let mut asked = HttpRequest::new(method, format!("{}{path}", self.origin));
        for (name, value) in request.headers() {
            asked = asked.header(name.as_str(), value.to_str().unwrap());
        }
        // Whoever asked may be dead by now.
        let Ok(body) = request.take_body().into_vec().await else {
            return Response::builder().status(StatusCode::BAD_REQUEST).finish();
        };
        asked.body = body;
        self.dawdle().await;
        let HttpResponse {
            status,
            headers,
            body,
        } = self.simulator.answer(&asked);
        self.dawdle().await;
        let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(body)
    }

    /// What it answers to its account.
    pub(super) fn read(&self, path: &str) -> Value {
        let request = HttpRequest::new(HttpMethod::Get, format!("{}{path}", self.origin));
        let request = request.header("authorization", format!("Bearer {SECRET_KEY}"));
        let answer = self.simulator.answer(&request);
        assert_eq!(answer.status, 200, "GET {path}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// All objects of a list.
    pub(super) fn list(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all.last().map(|last| last["id"].as_str().unwrap().to_owned());
            let after = after
                .map(|id| format!("&starting_after={id}"))
                .unwrap_or_default();
            let page = self.read(&format!("{path}{joint}limit=100{after}"));
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] == false {
                return all;
            }
        }
    }
}

fn served(stripe: &Arc<Stripe>) -> impl Endpoint + 'static {
    let stripe = Arc::clone(stripe);
    endpoint::make(move |request| {
        let stripe = Arc::clone(&stripe);
        async move { Ok::<_, poem::Error>(stripe.answer(request).await) }
    })
}
