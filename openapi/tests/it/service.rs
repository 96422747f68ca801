//! The API in this process, on fakes: what the tests call.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use poem::http::{HeaderValue, Method, StatusCode};
use poem::{Body, Endpoint, Request, Response, Route};
use portcullis_core::operators::{GrantOperator, Role};
use portcullis_core::settings::Settings;
use portcullis_core::{App, Dependencies, Source, compile_texts};
use portcullis_openapi::{ApiContext, RequestContext, problem, resources};
use portcullis_ports::Result;
use portcullis_ports::connections::Connections;
use portcullis_ports::keys::{EncryptionContext, KeyManager, Keys, Sealed};
use portcullis_ports::passwords::Passwords;
use portcullis_ports::storage::Storage;
use portcullis_ports::testkit::{FakeClock, FakeEntropy, MemoryStore, QuickHasher, connection};
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(crate) const PASSWORD: &str = "plum-kettle-orbit";

/// Seals nothing: these tests are about HTTP.
struct OpenKeys;

#[async_trait]
impl KeyManager for OpenKeys {
    async fn seal(&self, plain: &[u8], _: &EncryptionContext) -> Result<Sealed> {
        Ok(Sealed(plain.iter().map(|byte| char::from(*byte)).collect()))
    }

    async fn open(&self, sealed: &Sealed, _: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(
            sealed
                .0
                .chars()
                .map(|c| u8::try_from(c).expect("sealed here"))
                .collect(),
        ))
    }
}

/// One API.
pub(crate) struct Service {
    pub(crate) app: Arc<App>,
    route: Route,
}

/// Headers of a request.
pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: poem::http::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// As the document names it.
    pub(crate) fn media_type(&self) -> &str {
        let named = self.headers.get("content-type");
        let named = named
            .and_then(|value| value.to_str().ok())
            .unwrap_or("application/json");
        named.split(';').next().unwrap_or_default()
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(FakeClock::default());
        let dependencies = Dependencies {
            connections: Connections::default()
                .with(connection::<Storage>(
                    "test",
                    Arc::new(MemoryStore::new(clock.clone())),
                ))
                .with(connection::<Keys>("test", Arc::new(OpenKeys)))
                .with(connection::<Passwords>("test", Arc::new(QuickHasher::default()))),
            clock,
            entropy: Arc::new(FakeEntropy::default()),
            panel: None,
            public_url: None,
            texts: compile_texts(&[], &Settings::default()).expect("the texts that are built in"),
        };
        // Every operation gets a person of its own, and all of them come from one place.
        let mut settings = Settings::default();
        settings.budgets.sign_up_per_source.most = 1_000_000;
        let app = Arc::new(App::open(dependencies, settings).await.expect("an app"));
        let context = ApiContext {
            app: Arc::clone(&app),
            development: false,
            mailbox: None,
            public_url: "https://gate.example.com".into(),
        };
        let route = resources(&context)
            .into_iter()
            .fold(Route::new(), |route, resource| {
                route.at(resource.pattern(), resource.into_endpoint())
            });
        Self { app, route }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, headers: Headers<'_>, body: &Value) -> Answer {
        let content = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let mut request = Request::builder().method(method.parse::<Method>().expect("a method"));
        request = request.uri_str(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.content_type("application/json");
        }
        self.send(request.body(content)).await
    }

    pub(crate) async fn send(&self, mut request: Request) -> Answer {
        let request_id = HeaderValue::from_static("request-1");
        request.set_data(RequestContext {
            app: Arc::clone(&self.app),
            body_limit: 4096,
            address: IpAddr::from([192, 0, 2, 1]),
            request_id,
        });
        let response = match self.route.call(request).await {
            Ok(response) => response,
            Err(error) => problem::respond(error, "request-1"),
        };
        read(response).await
    }

    /// A fresh account: its access token and the credential of a session.
    pub(crate) async fn person(&self, email: &str) -> (String, String) {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.call("POST", "/auth/sign-up", &[], &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let bearer = format!(
            "Bearer {}",
            answer.body["access_token"].as_str().expect("a token")
        );
        let headers = [("authorization", bearer.as_str())];
        let answer = self
            .call("POST", "/ui/session/start", &headers, &Value::Null)
            .await;
        let session = answer.body["session_id"].as_str().expect("a session").to_owned();
        (bearer, session)
    }

    /// Makes whoever sends these headers an operator.
    pub(crate) async fn grant(&self, headers: Headers<'_>, role: Role) {
        let me = self.call("GET", "/ui/me", headers, &Value::Null).await;
        let subject = me.body["user_sub"].as_str().expect("a subject");
        let command = GrantOperator {
            whom: subject.parse().expect("a name"),
            role,
        };
        let source = Source::internal("test");
        let granted = self.app.operators.grant(command, &source).await;
        assert_eq!(granted.expect("granted").role, role);
    }
}

async fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = body.into_bytes().await.expect("a body");
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}
