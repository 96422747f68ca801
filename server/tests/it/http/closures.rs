//! Closing an account over HTTP.

use serde_json::json;

use super::client::code;
use super::deployment::{Deployment, PASSWORD};

const CLOSURE: &str = "/ui/account/closure";

#[tokio::test]
async fn an_account_with_a_factor_is_closed_kept_and_closed_again() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let (_, secret, _) = ada.add_totp(&deployment).await;
    deployment.get(CLOSURE).refused(401, "unauthenticated").await;
    assert_eq!(deployment.get(CLOSURE).by(&ada).ok().await["status"], "open");

    // A proof that is too old is not enough.
    deployment.later(600);
    let challenge = ada.challenge(&deployment).await;
    let body = json!({ "challenge_id": challenge, "totp_code": code(&deployment, &secret) });
    let verify = deployment.post("/ui/mfa/totp/verify").with_bearer(&ada);
    let granted = verify.json(body).ok().await;
    granted["session_id"]
        .as_str()
        .unwrap()
        .clone_into(&mut ada.session);
    deployment.later(660);
    let finalize = |body| {
        deployment
            .post("/ui/account/closure/finalize")
            .by(&ada)
            .json(body)
    };
    finalize(json!({})).refused(403, "step-up-required").await;

    let started = deployment.post("/ui/account/closure/start").by(&ada).ok().await;
    assert_eq!(started["auth_required"], true, "{started}");
    let named = json!({ "challenge_id": started["challenge_id"] });
    let pending = finalize(named.clone()).ok().await;
    assert_eq!(
        pending,
        json!({ "status": "pending", "erases_at": null, "required_factors": ["totp"], "passed": [] })
    );
    let body = json!({ "challenge_id": started["challenge_id"], "totp_code": code(&deployment, &secret) });
    let verify = deployment.post("/ui/mfa/totp/verify").with_bearer(&ada);
    verify.json(body).ok().await;
    let closed = finalize(named.clone()).ok().await;
    assert_eq!(closed["status"], "scheduled", "{closed}");
    assert!(closed["erases_at"].is_i64());
    assert_eq!(finalize(named.clone()).ok().await, closed);
    assert_eq!(deployment.get(CLOSURE).by(&ada).ok().await, closed);

    let cancel = || deployment.post("/ui/account/closure/cancel").by(&ada);
    assert_eq!(cancel().ok().await["status"], "open");
    cancel().refused(409, "closure-not-pending").await;
}

#[tokio::test]
async fn without_a_factor_the_password_is_asked_for() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    deployment.later(660);
    let started = deployment.post("/ui/account/closure/start").by(&ada).ok().await;
    assert_eq!(
        (&started["auth_required"], &started["password"]),
        (&json!(false), &json!(true))
    );
    let finalize = || {
        deployment
            .post("/ui/account/closure/finalize")
            .by(&ada)
            .json(json!({}))
    };
    finalize().refused(403, "step-up-required").await;
    let body = json!({ "password": PASSWORD });
    deployment
        .post("/ui/step-up/password")
        .by(&ada)
        .json(body)
        .ok()
        .await;
    assert_eq!(finalize().ok().await["status"], "scheduled");
    let other = deployment.person("eve@example.com").await;
    assert_eq!(deployment.get(CLOSURE).by(&other).ok().await["status"], "open");
}
