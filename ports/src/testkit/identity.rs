//! What every identity provider must keep, and a request that a test makes up.

#![expect(clippy::panic, reason = "a suite fails by panicking, as a test does")]

use std::collections::BTreeMap;

use super::suite::{SetUp, Suite};
use crate::clock::Clock;
use crate::error::Kind;
use crate::identity::{ConnectedIdentity, Identity, IdentityProvider, Presented, Subject};
use crate::plugin::Plugin;

/// What a made-up request presents.
#[derive(Debug, Clone, Default)]
pub struct FakeRequest {
    bearer: Option<String>,
    headers: BTreeMap<String, String>,
}

impl FakeRequest {
    /// A request that presents nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.bearer = Some(token.into());
        self
    }

    /// With a header; its name in lower case.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
}

impl Presented for FakeRequest {
    fn bearer(&self) -> Option<&str> {
        self.bearer.as_deref()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What an identity provider knows and what it refuses.
pub struct Requests {
    /// Requests of subjects that it knows.
    pub known: Vec<(FakeRequest, Subject)>,
    /// Requests whose proof is wrong, expired or revoked.
    pub wrong: Vec<FakeRequest>,
}

impl Suite for Identity {
    type Expectations = Requests;

    async fn conforms(_: &'static Plugin<Self>, connected: &ConnectedIdentity, set_up: &SetUp<Self>) {
        let Requests { known, wrong } = &set_up.expectations;
        conforms(&*connected.provider, &*set_up.runtime.clock, known, wrong).await;
    }
}

/// The promises of [`IdentityProvider`]: `known` are requests of subjects it knows, `wrong` are requests whose proof is
/// wrong, expired or revoked.
///
/// # Panics
/// On the first broken promise, and if there is nothing to check.
pub async fn conforms(
    provider: &dyn IdentityProvider,
    clock: &dyn Clock,
    known: &[(FakeRequest, Subject)],
    wrong: &[FakeRequest],
) {
    assert!(
        !known.is_empty() && !wrong.is_empty(),
        "the set-up gives nothing to check"
    );
    who_presents_nothing_is_left_to_the_next(provider).await;
    for (request, subject) in known {
        the_subject_is_recognised(provider, clock, request, subject).await;
    }
    for request in wrong {
        a_wrong_proof_is_refused(provider, request).await;
    }
}

async fn who_presents_nothing_is_left_to_the_next(provider: &dyn IdentityProvider) {
    let unrelated = FakeRequest::new()
        .header("user-agent", "curl/8")
        .header("accept", "*/*");
    for request in [FakeRequest::new(), unrelated] {
        match provider.authenticate(&request).await {
            Ok(None) => {}
            other => panic!("{request:?} gives {other:?}, and the next provider is not asked"),
        }
    }
}

async fn the_subject_is_recognised(
    provider: &dyn IdentityProvider,
    clock: &dyn Clock,
    request: &FakeRequest,
    subject: &Subject,
) {
    for _ in 0..2 {
        match provider.authenticate(request).await {
            Ok(Some(found)) => {
                assert_eq!(found.subject, *subject, "{request:?}");
                assert!(found.at <= clock.now(), "the proof was given in the future");
            }
            other => panic!("{request:?} of {subject} gives {other:?}"),
        }
    }
}

async fn a_wrong_proof_is_refused(provider: &dyn IdentityProvider, request: &FakeRequest) {
    match provider.authenticate(request).await {
        Err(error) if error.kind() == Kind::Unauthenticated => {}
        other => panic!("{request:?} gives {other:?}, not unauthenticated"),
    }
}
