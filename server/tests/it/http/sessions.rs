//! Sessions over HTTP: start, list, end, and what each header is good for.

use serde_json::json;

use super::client::code;
use super::deployment::Deployment;

#[tokio::test]
async fn a_session_needs_the_token_of_its_owner_beside_it() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let eve = deployment.person("eve@example.com").await;
    deployment.get("/ui/me").by(&ada).ok().await;
    deployment
        .get("/ui/me")
        .header("x-session-id", &ada.session)
        .refused(401, "unauthenticated")
        .await;
    deployment
        .get("/ui/me")
        .with_bearer(&ada)
        .refused(401, "unauthenticated")
        .await;
    deployment
        .get("/ui/me")
        .with_bearer(&eve)
        .header("x-session-id", &ada.session)
        .refused(401, "session-ended")
        .await;
    for wrong in [
        "",
        "rl#verify_email",
        "ses_01h2xcejqtf2nbrexx3vqjhp41",
        "ses_x.y",
        &format!("{}x", ada.session),
    ] {
        deployment
            .get("/ui/me")
            .with_bearer(&ada)
            .header("x-session-id", wrong)
            .refused(401, "session-ended")
            .await;
    }
    let answer = deployment.get("/ui/me").send().await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, "Bearer")
    );
}

#[tokio::test]
async fn a_listed_session_can_be_ended_and_stays_listed() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    deployment.later(1);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let other = deployment
        .post("/ui/session/start")
        .with_bearer(&ada)
        .header("user-agent", agent)
        .ok()
        .await;
    let other = other["session_id"].as_str().unwrap().to_owned();
    let list = deployment.get("/ui/sessions").by(&ada).ok().await;
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(
        (&sessions[0]["is_current"], &sessions[1]["is_current"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&sessions[0]["user_agent"], &sessions[0]["ip"]),
        (&json!(agent), &json!("127.0.0.1"))
    );
    let id = sessions[0]["session_id"].as_str().unwrap();
    assert!(
        other.starts_with(id) && other.len() > id.len(),
        "the list shows no credentials"
    );
    let revoke = |id: &str| {
        deployment
            .post("/ui/sessions/revoke")
            .by(&ada)
            .json(json!({ "session_id": id }))
    };
    assert_eq!(revoke(id).ok().await, json!({ "status": "ok" }));
    deployment
        .get("/ui/me")
        .with_bearer(&ada)
        .header("x-session-id", &other)
        .refused(401, "session-ended")
        .await;
    let list = deployment.get("/ui/sessions").by(&ada).ok().await;
    assert_eq!(list["sessions"][0]["revoked"], true, "{list}");
    revoke("ses_01h2xcejqtf2nbrexx3vqjhp41")
        .refused(404, "session-not-found")
        .await;
    revoke("nonsense").refused(400, "invalid-request").await;
}

#[tokio::test]
async fn a_session_is_also_named_by_its_credential_and_never_that_of_somebody_else() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let eve = deployment.person("eve@example.com").await;
    let started = deployment.post("/ui/session/start").with_bearer(&ada).ok().await;
    let other = started["session_id"].as_str().unwrap();
    let revoke = |id: &str| {
        let call = deployment.post("/ui/sessions/revoke");
        call.by(&ada).json(json!({ "session_id": id }))
    };
    assert_eq!(revoke(other).ok().await, json!({ "status": "ok" }));
    let ended = deployment
        .get("/ui/me")
        .with_bearer(&ada)
        .header("x-session-id", other);
    ended.refused(401, "session-ended").await;
    revoke(&eve.session).refused(404, "session-not-found").await;
    deployment.get("/ui/me").by(&eve).ok().await;
    for wrong in ["", ".", "ses_.x", ".ses_01h2xcejqtf2nbrexx3vqjhp41"] {
        revoke(wrong).refused(400, "invalid-request").await;
    }
}

#[tokio::test]
async fn the_others_are_ended_at_once_and_signing_out_ends_the_last() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    for _ in 0..3 {
        deployment.post("/ui/session/start").with_bearer(&ada).ok().await;
    }
    let answer = deployment.post("/ui/sessions/revoke_others").by(&ada).ok().await;
    assert_eq!(answer, json!({ "status": "ok", "revoked": 3 }));
    let answer = deployment.post("/auth/sign-out").by(&ada).send().await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
    deployment
        .get("/ui/me")
        .by(&ada)
        .refused(401, "unauthenticated")
        .await;
}

#[tokio::test]
async fn a_sign_in_with_a_factor_is_pending_until_it_is_proven() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let (_, secret, _) = ada.add_totp(&deployment).await;
    deployment.later(30);
    let challenge = ada.challenge(&deployment).await;
    let finalize = || {
        deployment
            .post("/ui/session/finalize")
            .with_bearer(&ada)
            .json(json!({ "challenge_id": challenge }))
    };
    let method =
        json!({ "factor": "totp", "device_id": null, "sent_to": null, "code_sent": false, "retry_after": 0 });
    let pending = finalize().ok().await;
    let expected = json!({
        "status": "pending", "session_id": null, "required_factors": ["totp"], "require": "any",
        "passed": { "totp": false }, "remaining_factors": ["totp"], "factors_needed": 1, "methods": [method],
        "expires_at": pending["expires_at"], "device_token": null, "device_trusted_until": null,
    });
    assert_eq!(pending, expected);
    let body = json!({ "challenge_id": challenge, "code": code(&deployment, &secret) });
    let passed = deployment
        .post("/ui/mfa/totp/verify")
        .with_bearer(&ada)
        .json(body)
        .ok()
        .await;
    assert_eq!(
        (
            &passed["status"],
            &passed["remaining_factors"],
            &passed["step_up_until"]
        ),
        (&json!("ok"), &json!([]), &json!(null))
    );
    let again = finalize().ok().await;
    assert_eq!(
        (&again["status"], &again["session_id"]),
        (&json!("ok"), &passed["session_id"])
    );
    deployment.later(301);
    finalize().refused(401, "challenge-ended").await;
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let call = deployment.get("/ui/sessions?limit=many").by(&ada);
    let problem = call.refused(400, "invalid-request").await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("The parameter `limit` is wrong"), "{detail}");
}
