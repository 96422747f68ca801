//! Accounts over HTTP: sign-up, sign-in, the proof of the address, the password.

use portcullis_core::settings::SignUpMode;
use serde_json::json;

use super::deployment::{Deployment, PASSWORD};

#[tokio::test]
async fn a_sign_up_is_answered_with_a_token_that_works() {
    let deployment = Deployment::start().await;
    let body =
        json!({ "email": " Ada@Example.com ", "password": PASSWORD, "display_name": "Ada", "else": 1 });
    let answer = deployment.post("/auth/sign-up").json(body).send().await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    let token = answer.json();
    assert_eq!(
        (&token["token_type"], &token["expires_in"]),
        (&json!("Bearer"), &json!(900))
    );
    let bearer = format!("bearer {}", token["access_token"].as_str().unwrap());
    let started = deployment
        .post("/ui/session/start")
        .header("authorization", &bearer)
        .ok()
        .await;
    let session = started["session_id"].as_str().unwrap();
    let me = deployment
        .get("/ui/me")
        .header("authorization", &bearer)
        .header("x-session-id", session)
        .ok()
        .await;
    assert_eq!(me["user_sub"], token["user_sub"]);
    assert_eq!(
        (&me["email"], &me["email_verified"], &me["display_name"]),
        (&json!("ada@example.com"), &json!(false), &json!("Ada"))
    );
    assert_eq!(
        (&me["ip"], &me["csrf_token"], &me["factors"]),
        (&json!("127.0.0.1"), &json!(null), &json!([]))
    );
}

#[tokio::test]
async fn what_cannot_become_an_account_is_refused() {
    let deployment = Deployment::start().await;
    deployment.person("ada@example.com").await;
    let sign_up = |email: &str, password: &str| {
        deployment
            .post("/auth/sign-up")
            .json(json!({ "email": email, "password": password }))
    };
    sign_up("ADA@example.com", PASSWORD)
        .refused(409, "email-taken")
        .await;
    let weak = sign_up("grace@example.com", "password12")
        .refused(400, "weak-password")
        .await;
    assert_eq!(weak["errors"][0]["pointer"], "/password", "{weak}");
    let wrong = sign_up("not an address", PASSWORD)
        .refused(400, "invalid-request")
        .await;
    assert_eq!(wrong["errors"][0]["pointer"], "/email", "{wrong}");
    assert!(
        wrong["detail"].as_str().unwrap().contains("ada@example.com"),
        "it says what would be right: {wrong}"
    );
}

#[tokio::test]
async fn a_closed_door_says_so() {
    let deployment = Deployment::with(|plan| plan.settings.accounts.sign_up = SignUpMode::Closed).await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    deployment
        .post("/auth/sign-up")
        .json(body)
        .refused(403, "sign-up-closed")
        .await;
    assert_eq!(deployment.get("/ui/options").ok().await["sign_up"], "closed");
}

#[tokio::test]
async fn where_addresses_are_proven_first_nothing_is_told() {
    let deployment = Deployment::with(|plan| plan.settings.accounts.sign_up = SignUpMode::Verified).await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let mut sign_up = String::new();
    for _ in 0..2 {
        let answer = deployment.post("/auth/sign-up").json(body.clone()).send().await;
        let told = answer.json();
        assert_eq!(
            (answer.status, &told["status"]),
            (202, &json!("verification_sent"))
        );
        let handle = told["sign_up_id"].as_str().unwrap();
        assert!(
            handle.starts_with("ver_") && told.as_object().unwrap().len() == 2,
            "{told}"
        );
        handle.clone_into(&mut sign_up);
        deployment.deliver().await;
        deployment.later(31);
    }
    let wrong = json!({ "email": "ada@example.com", "password": "not-the-password" });
    deployment
        .post("/auth/sign-in")
        .json(wrong)
        .refused(401, "wrong-credentials")
        .await;
    // Whoever knows the password learns that the address waits for its proof, and nobody else.
    deployment
        .post("/auth/sign-in")
        .json(body.clone())
        .refused(403, "email-not-verified")
        .await;
    let code = deployment.post.code("ada@example.com");
    // Two sign-ups wait: the code of which is not guessed.
    deployment
        .post("/auth/verify-email")
        .json(json!({ "email": "ada@example.com", "code": code }))
        .refused(409, "sign-up-ambiguous")
        .await;
    let verify = |code: &str| {
        deployment
            .post("/auth/verify-email")
            .json(json!({ "email": "ada@example.com", "code": code, "sign_up_id": sign_up }))
    };
    let wrong = if code == "111111" { "222222" } else { "111111" };
    verify(wrong).refused(401, "wrong-code").await;
    assert_eq!(verify(&code).ok().await, json!({ "status": "ok" }));
    deployment.post("/auth/sign-in").json(body).ok().await;
    let resend = json!({ "email": "nobody@example.com" });
    assert_eq!(
        deployment
            .post("/auth/verify-email/resend")
            .json(resend)
            .ok()
            .await,
        json!({ "status": "sent" })
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_alike_and_are_counted() {
    let deployment = Deployment::with(|plan| plan.settings.budgets.attempts.most = 3).await;
    deployment.person("ada@example.com").await;
    let sign_in = |email: &str| {
        deployment
            .post("/auth/sign-in")
            .json(json!({ "email": email, "password": "wrong" }))
    };
    let mut known = sign_in("ada@example.com").refused(401, "wrong-credentials").await;
    let mut unknown = sign_in("eve@example.com").refused(401, "wrong-credentials").await;
    for problem in [&mut known, &mut unknown] {
        problem.as_object_mut().unwrap().remove("instance");
    }
    assert_eq!(known, unknown);
    for _ in 0..2 {
        sign_in("eve@example.com").refused(401, "wrong-credentials").await;
    }
    let answer = sign_in("eve@example.com").send().await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait));
    assert_eq!(answer.json()["retry_after"], wait);
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_older_tokens() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let old = super::client::Person {
        email: ada.email.clone(),
        bearer: ada.bearer.clone(),
        session: ada.session.clone(),
    };
    deployment.later(1);
    ada.sign_in(&deployment).await;
    let started = deployment
        .post("/ui/session/start")
        .with_bearer(&ada)
        .json(json!({}))
        .ok()
        .await;
    ada.session = started["session_id"].as_str().unwrap().to_owned();
    deployment.later(1);
    let change = |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        deployment.post("/auth/password/change").by(&ada).json(body)
    };
    change("wrong", "harbour-lamp-thistle")
        .refused(401, "wrong-credentials")
        .await;
    let weak = change(PASSWORD, "short").refused(400, "weak-password").await;
    assert_eq!(weak["errors"][0]["pointer"], "/new_password");
    let changed = change(PASSWORD, "harbour-lamp-thistle").ok().await;
    assert_eq!(
        (&changed["status"], &changed["revoked"]),
        (&json!("ok"), &json!(1))
    );
    let fresh = format!("Bearer {}", changed["access_token"].as_str().unwrap());
    let me = deployment.get("/ui/me").header("authorization", &fresh);
    me.header("x-session-id", &ada.session).ok().await;
    deployment
        .get("/ui/me")
        .by(&old)
        .refused(401, "unauthenticated")
        .await;
    deployment
        .post("/auth/refresh")
        .header("x-session-id", &old.session)
        .refused(401, "session-ended")
        .await;
    let fresh = deployment
        .post("/auth/refresh")
        .header("x-session-id", &ada.session)
        .ok()
        .await;
    let bearer = format!("Bearer {}", fresh["access_token"].as_str().unwrap());
    deployment
        .get("/ui/me")
        .header("authorization", &bearer)
        .header("x-session-id", &ada.session)
        .ok()
        .await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    deployment
        .post("/auth/sign-in")
        .json(body)
        .refused(401, "wrong-credentials")
        .await;
}
