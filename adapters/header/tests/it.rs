//! The header identity: what it says to a bad header, and that it takes the rest as it is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use portcullis_adapter_header as _;
use portcullis_ports::Clock;
use portcullis_ports::identity::{ConnectedIdentity, Identity, UNAUTHENTICATED};
use portcullis_ports::plugin::{Maturity, Port};
use portcullis_ports::testkit::{FakeRequest, FakeRuntime};
use serde_json::json;

async fn connect(runtime: &FakeRuntime) -> ConnectedIdentity {
    runtime.connect::<Identity>("header", json!({})).await.unwrap()
}

#[tokio::test]
async fn the_header_is_taken_verbatim_and_now() {
    let runtime = FakeRuntime::default();
    let identity = connect(&runtime).await;
    for subject in ["usr_ada", "auth0|5f7c8ec7c33c6c004bbafe82", "Ada@Example.com"] {
        let request = FakeRequest::new().header("x-user-sub", subject);
        let found = identity.provider.authenticate(&request).await.unwrap().unwrap();
        assert_eq!(found.subject.as_str(), subject);
        assert_eq!(found.at, runtime.clock.now());
    }
}

#[tokio::test]
async fn a_bad_header_is_answered_with_what_was_expected() {
    let identity = connect(&FakeRuntime::default()).await;
    for value in ["", " ", "two words", "ümlaut", &"x".repeat(129)] {
        let request = FakeRequest::new().header("x-user-sub", value);
        let error = identity.provider.authenticate(&request).await.unwrap_err();
        assert_eq!(error.code(), UNAUTHENTICATED);
        assert!(error.detail().contains("x-user-sub"), "{error}");
        assert!(error.detail().contains("1 to 128"), "{error}");
    }
}

#[tokio::test]
async fn a_bearer_token_is_left_to_others() {
    let identity = connect(&FakeRuntime::default()).await;
    let request = FakeRequest::new().bearer("some.jwt.token");
    assert_eq!(identity.provider.authenticate(&request).await.unwrap(), None);
}

#[test]
fn it_is_for_development_only() {
    assert_eq!(Identity::plugins()[0].meta.maturity, Maturity::DevelopmentOnly);
}
