//! Browsers: the session cookie, the CSRF token, pages of other sites.

use serde_json::{Value, json};

use super::client::{Call, code};
use super::deployment::Deployment;

/// What a browser holds after it started a session.
struct Browser {
    cookie: String,
    line: String,
    public_id: String,
}

async fn start(deployment: &Deployment, bearer: &str) -> Browser {
    let call = deployment
        .post("/ui/session/start")
        .header("authorization", bearer);
    let answer = call.json(json!({ "transport": "cookie" })).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let line = answer.header("set-cookie").to_owned();
    let cookie = line.split(';').next().unwrap().to_owned();
    Browser {
        cookie,
        line,
        public_id: answer.json()["session_id"].as_str().unwrap().to_owned(),
    }
}

impl Browser {
    fn call<'a>(&self, call: Call<'a>) -> Call<'a> {
        call.header("cookie", &format!("theme=dark; {}", self.cookie))
            .header("sec-fetch-site", "same-origin")
    }

    async fn csrf(&self, deployment: &Deployment) -> String {
        let me = self.call(deployment.get("/ui/me")).ok().await;
        me["csrf_token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    let attributes: Vec<&str> = browser.line.split("; ").skip(1).collect();
    assert_eq!(
        attributes,
        [
            "Path=/",
            "Secure",
            "HttpOnly",
            "SameSite=Strict",
            "Max-Age=2592000"
        ]
    );
    let credential = browser.cookie.strip_prefix("__Host-portcullis=").unwrap();
    let secret = credential.strip_prefix(&browser.public_id).unwrap();
    assert!(
        secret.len() > 20,
        "the body names the session and does not open it"
    );
    let bare = deployment
        .get("/ui/me")
        .with_bearer(&ada)
        .header("x-session-id", &browser.public_id);
    bare.refused(401, "session-ended").await;
}

#[tokio::test]
async fn a_developers_browser_keeps_the_cookie_without_tls() {
    let deployment = Deployment::with(|plan| {
        plan.development = true;
        plan.public_url = "http://127.0.0.1:8080";
    })
    .await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    assert!(browser.line.starts_with("portcullis=ses_"), "{}", browser.line);
    let attributes: Vec<&str> = browser.line.split("; ").skip(1).collect();
    assert_eq!(
        attributes,
        ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=2592000"]
    );
    let token = browser.csrf(&deployment).await;
    let out = browser
        .call(deployment.post("/auth/sign-out"))
        .header("x-csrf-token", &token)
        .send()
        .await;
    let line = out.header("set-cookie");
    assert!(
        line.starts_with("portcullis=;") && line.ends_with("Max-Age=0") && !line.contains("Secure"),
        "{line}"
    );
}

#[tokio::test]
async fn in_production_the_plain_cookie_is_nobodys() {
    for (development, public_url) in [
        (false, "http://127.0.0.1:8080"),
        (true, "https://gate.example.com"),
    ] {
        let deployment = Deployment::with(|plan| {
            plan.development = development;
            plan.public_url = public_url;
            plan.server.cors_origins = vec![];
        })
        .await;
        let ada = deployment.person("ada@example.com").await;
        let browser = start(&deployment, &ada.bearer).await;
        assert!(browser.line.starts_with("__Host-portcullis="), "{}", browser.line);
        let plain = browser.cookie.replace("__Host-", "");
        deployment
            .get("/ui/me")
            .header("cookie", &plain)
            .refused(401, "unauthenticated")
            .await;
    }
}

#[tokio::test]
async fn the_cookie_alone_reads_and_with_the_token_writes() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    let me = browser.call(deployment.get("/ui/me")).ok().await;
    assert_eq!(
        (&me["session_id"], &me["email"]),
        (&json!(browser.public_id), &json!("ada@example.com"))
    );
    let token = browser.csrf(&deployment).await;
    let revoke = || browser.call(deployment.post("/ui/sessions/revoke_others"));
    revoke().refused(403, "csrf").await;
    revoke().header("x-csrf-token", "").refused(403, "csrf").await;
    revoke()
        .header("x-csrf-token", &token.to_uppercase())
        .refused(403, "csrf")
        .await;
    let other = start(&deployment, &ada.bearer).await;
    let foreign = other.csrf(&deployment).await;
    revoke()
        .header("x-csrf-token", &foreign)
        .refused(403, "csrf")
        .await;
    assert_eq!(revoke().header("x-csrf-token", &token).ok().await["revoked"], 2);
}

#[tokio::test]
async fn pages_of_other_sites_cannot_use_the_cookie_at_all() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    let token = browser.csrf(&deployment).await;
    for (method, path) in [
        ("GET", "/ui/me"),
        ("POST", "/auth/sign-out"),
        ("POST", "/auth/refresh"),
    ] {
        let call = deployment.call(method, path).header("cookie", &browser.cookie);
        call.header("sec-fetch-site", "cross-site")
            .header("x-csrf-token", &token)
            .refused(403, "csrf")
            .await;
    }
    browser.call(deployment.get("/ui/me")).ok().await;
}

#[tokio::test]
async fn signing_out_clears_the_cookie() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    let token = browser.csrf(&deployment).await;
    let answer = browser
        .call(deployment.post("/auth/sign-out"))
        .header("x-csrf-token", &token)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let line = answer.header("set-cookie");
    assert!(
        line.starts_with("__Host-portcullis=;") && line.ends_with("Max-Age=0"),
        "{line}"
    );
    browser
        .call(deployment.get("/ui/me"))
        .refused(401, "session-ended")
        .await;
}

#[tokio::test]
async fn a_browser_refreshes_and_steps_up_with_the_cookie() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (_, secret, _) = ada.add_totp(&deployment).await;
    deployment.later(30);
    let mut ada = ada;
    ada.sign_in(&deployment).await;
    let call = deployment
        .post("/ui/session/start")
        .with_bearer(&ada)
        .json(json!({ "transport": "cookie" }));
    let challenge = call.ok().await["challenge_id"].clone();
    let body = json!({ "challenge_id": challenge, "totp_code": code(&deployment, &secret) });
    let answer = deployment
        .post("/ui/mfa/totp/verify")
        .with_bearer(&ada)
        .json(body)
        .send()
        .await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-portcullis=ses_"),
        "the last proof hands out the cookie: {}",
        answer.text
    );
    let public_id = answer.json()["session_id"].as_str().unwrap().to_owned();
    assert!(cookie.contains(&format!("{public_id}.")), "{public_id}");
    let browser = Browser {
        line: cookie.clone(),
        cookie,
        public_id,
    };
    let token = browser.csrf(&deployment).await;
    let post = |path: &str, body: Value| {
        browser
            .call(deployment.post(path))
            .header("x-csrf-token", &token)
            .json(body)
    };
    deployment.later(601);
    assert!(post("/auth/refresh", json!({})).ok().await["access_token"].is_string());
    browser
        .call(deployment.post("/auth/refresh"))
        .refused(403, "csrf")
        .await;
    post("/ui/mfa/totp/devices/begin", json!({}))
        .refused(403, "step-up-required")
        .await;
    let challenge = post("/ui/step-up/start", json!({})).ok().await["challenge_id"].clone();
    let body = json!({ "challenge_id": challenge, "totp_code": code(&deployment, &secret) });
    let stepped_up = post("/ui/mfa/totp/verify", body).ok().await;
    assert!(stepped_up["step_up_until"].is_i64(), "{stepped_up}");
    post("/ui/mfa/totp/devices/begin", json!({})).ok().await;
}

#[tokio::test]
async fn headers_win_over_a_cookie_that_the_browser_adds() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let eve = deployment.person("eve@example.com").await;
    let browser = start(&deployment, &eve.bearer).await;
    let me = browser.call(deployment.get("/ui/me").by(&ada)).ok().await;
    assert_eq!(
        (&me["email"], &me["csrf_token"]),
        (&json!("ada@example.com"), &json!(null))
    );
    browser
        .call(deployment.post("/ui/sessions/revoke_others").by(&ada))
        .ok()
        .await;
}

#[tokio::test]
async fn two_people_at_once_are_refused() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let eve = deployment.person("eve@example.com").await;
    let browser = start(&deployment, &eve.bearer).await;
    let token = browser.csrf(&deployment).await;
    for (method, path) in [
        ("GET", "/ui/me"),
        ("POST", "/auth/refresh"),
        ("POST", "/auth/sign-out"),
        ("POST", "/ui/session/start"),
        ("POST", "/ui/sessions/revoke_others"),
    ] {
        let call = deployment.call(method, path).with_bearer(&ada);
        browser
            .call(call)
            .header("x-csrf-token", &token)
            .refused(403, "credentials-mismatch")
            .await;
    }
    let call = deployment
        .get("/ui/me")
        .header("authorization", "Bearer pct_nonsense");
    browser.call(call).refused(401, "unauthenticated").await;
    // The same person may be asking in both ways, and a cookie that opens nothing is nobody's.
    let me = browser
        .call(deployment.get("/ui/me").with_bearer(&eve))
        .ok()
        .await;
    assert_eq!(me["email"], "eve@example.com");
    let out = browser.call(deployment.post("/auth/sign-out"));
    out.header("x-csrf-token", &token).ok().await;
    let started = browser.call(deployment.post("/ui/session/start").with_bearer(&ada));
    assert!(started.ok().await["session_id"].is_string());
}

#[tokio::test]
async fn a_token_of_before_goes_on_beside_the_cookie_that_was_kept() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    let csrf = browser.csrf(&deployment).await;
    let refreshed = browser
        .call(deployment.post("/auth/refresh"))
        .header("x-csrf-token", &csrf)
        .ok()
        .await;
    let bearer = format!("Bearer {}", refreshed["access_token"].as_str().unwrap());
    browser
        .call(deployment.post("/ui/sessions/revoke_others"))
        .header("x-csrf-token", &csrf)
        .ok()
        .await;
    // Both on what takes a session and on what takes the first factor alone.
    for path in ["/ui/me", "/ui/mfa/recovery"] {
        let call = deployment.get(path).header("authorization", &bearer);
        browser.call(call).ok().await;
    }
    let call = deployment.post("/ui/session/start").json(json!({}));
    let call = call
        .header("authorization", &bearer)
        .header("x-csrf-token", &csrf);
    browser.call(call).ok().await;
}

#[tokio::test]
async fn signing_out_takes_the_cookie_whatever_became_of_the_token() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    let csrf = browser.csrf(&deployment).await;
    deployment.later(16 * 60);
    let call = deployment.post("/auth/sign-out").with_bearer(&ada);
    browser.call(call).header("x-csrf-token", &csrf).ok().await;
    browser
        .call(deployment.get("/ui/me"))
        .refused(401, "session-ended")
        .await;
}

#[tokio::test]
async fn of_several_cookies_the_first_live_one_counts() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    let name = "__Host-portcullis";
    let stale = format!("{name}=ses_01h2xcejqtf2nbrexx3vqjhp41.x");
    let good = &browser.cookie;
    for line in [
        format!("{name}=; {good}"),
        format!("{stale}; {good}"),
        format!("{good}; {stale}"),
        format!("{name}=nonsense; {good}; {name}="),
    ] {
        let me = deployment.get("/ui/me").header("cookie", &line).ok().await;
        assert_eq!(me["session_id"], browser.public_id.as_str(), "{line}");
    }
    let none = deployment.get("/ui/me").header("cookie", &format!("{name}="));
    none.refused(401, "unauthenticated").await;
    deployment
        .get("/ui/me")
        .header("cookie", &stale)
        .refused(401, "session-ended")
        .await;
}

#[tokio::test]
async fn signing_out_twice_clears_the_cookie_twice() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let browser = start(&deployment, &ada.bearer).await;
    let token = browser.csrf(&deployment).await;
    for _ in 0..2 {
        let out = browser.call(deployment.post("/auth/sign-out"));
        let answer = out.header("x-csrf-token", &token).send().await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
        assert!(answer.header("set-cookie").ends_with("Max-Age=0"));
    }
    // A live session is not ended without the token of its page.
    let eve = deployment.person("eve@example.com").await;
    let other = start(&deployment, &eve.bearer).await;
    other
        .call(deployment.post("/auth/sign-out"))
        .refused(403, "csrf")
        .await;
    for _ in 0..2 {
        deployment.post("/auth/sign-out").by(&eve).ok().await;
    }
    let guessed = deployment.post("/auth/sign-out").with_bearer(&eve);
    guessed
        .header("x-session-id", &format!("{}x", eve.session))
        .refused(401, "unauthenticated")
        .await;
    deployment
        .post("/auth/sign-out")
        .refused(401, "unauthenticated")
        .await;
}

#[tokio::test]
async fn an_ended_session_says_why_to_the_browser_that_holds_its_cookie() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (revoked, ended) = (
        start(&deployment, &ada.bearer).await,
        start(&deployment, &ada.bearer).await,
    );
    let why = async |browser: &Browser| {
        let refused = browser.call(deployment.get("/ui/me"));
        let problem = refused.refused(401, "session-ended").await;
        problem["reason"].clone()
    };
    let by_ada = |path: &str| deployment.post(path).by(&ada);
    by_ada("/ui/sessions/revoke")
        .json(json!({ "session_id": revoked.public_id }))
        .ok()
        .await;
    assert_eq!(why(&revoked).await, "revoked");
    by_ada("/ui/sessions/revoke_others").ok().await;
    assert_eq!(why(&ended).await, "others_ended");
    assert_eq!(why(&revoked).await, "revoked");
    // Several cookies: the first that is known says why.
    let unknown = "__Host-portcullis=ses_01h2xcejqtf2nbrexx3vqjhp41.x";
    let both = format!("{unknown}; {}", ended.cookie);
    let several = deployment.get("/ui/me").header("cookie", &both);
    let problem = several.refused(401, "session-ended").await;
    assert_eq!(problem["reason"], "others_ended");
    // A guessed secret learns nothing.
    let guessed = format!("{}x", ended.cookie);
    let guessed = deployment.get("/ui/me").header("cookie", &guessed);
    let problem = guessed.refused(401, "session-ended").await;
    assert_eq!(problem.get("reason"), None, "{problem}");
    // Signing out goes on to work, and clears the cookie.
    let answer = ended.call(deployment.post("/auth/sign-out")).send().await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
    assert!(answer.header("set-cookie").ends_with("Max-Age=0"));

    let eve = deployment.person("eve@example.com").await;
    let idle = start(&deployment, &eve.bearer).await;
    deployment.later(16 * 60);
    assert_eq!(why(&idle).await, "idle");
}
