//! Known devices: the cookie that tells a browser from strangers, trust, and the list of both.

use serde_json::{Value, json};

use super::client::{Answer, Person, code};
use super::deployment::{Deployment, PASSWORD};

/// What a browser keeps: its cookies by their names.
#[derive(Default)]
struct Browser(Vec<(String, String)>);

impl Browser {
    /// Takes over what an answer sets.
    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn device(&self) -> String {
        format!(
            "__Host-portcullis-device={}",
            self.get("__Host-portcullis-device")
        )
    }

    fn session(&self) -> String {
        format!("__Host-portcullis={}", self.get("__Host-portcullis"))
    }

    /// The password and the start of a session, with the device cookie alone.
    async fn enter(&mut self, deployment: &Deployment, person: &mut Person) -> Value {
        let body = json!({ "email": person.email, "password": PASSWORD });
        let signed_in = deployment
            .post("/auth/sign-in")
            .header("cookie", &self.device())
            .json(body)
            .ok()
            .await;
        person.bearer = format!("Bearer {}", signed_in["access_token"].as_str().unwrap());
        let answer = deployment
            .post("/ui/session/start")
            .with_bearer(person)
            .header("cookie", &self.device())
            .json(json!({ "transport": "cookie" }))
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.keep(&answer);
        answer.json()
    }

    /// Proves the app and wants the browser to be trusted.
    async fn prove(
        &mut self,
        deployment: &Deployment,
        person: &Person,
        started: &Value,
        secret: &str,
    ) -> Value {
        let answer = deployment
            .post("/ui/mfa/totp/verify")
            .with_bearer(person)
            .header("cookie", &self.device())
            .json(json!({
                "challenge_id": started["challenge_id"],
                "totp_code": code(deployment, secret),
                "trust_device": true,
            }))
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.keep(&answer);
        answer.json()
    }
}

#[tokio::test]
async fn a_browser_that_is_trusted_skips_the_second_factor_until_it_is_forgotten() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let (_, secret, _) = ada.add_totp(&deployment).await;
    deployment.later(30);
    let mut browser = Browser::default();
    let started = browser.enter(&deployment, &mut ada).await;
    assert_eq!(started["auth_required"], true);
    let proven = browser.prove(&deployment, &ada, &started, &secret).await;
    assert_eq!(proven["device_token"], Value::Null, "out of reach of scripts");
    assert!(proven["device_trusted_until"].is_i64());

    let first = browser.device();
    let me = deployment
        .get("/ui/me")
        .header("cookie", &browser.session())
        .ok()
        .await;
    let out = deployment
        .post("/auth/sign-out")
        .header("cookie", &browser.session())
        .header("x-csrf-token", me["csrf_token"].as_str().unwrap())
        .send()
        .await;
    browser.keep(&out);
    assert_eq!(browser.session(), "__Host-portcullis=");
    assert_eq!(browser.device(), first, "signing out leaves the device known");

    assert_eq!(browser.enter(&deployment, &mut ada).await["auth_required"], false);
    assert_ne!(browser.device(), first, "the token changes with every sign-in");
    let me = deployment
        .get("/ui/me")
        .header("cookie", &browser.session())
        .ok()
        .await;
    assert_eq!(
        me["step_up_until"], 600,
        "long ago: sensitive actions ask for the factor"
    );
    let csrf = me["csrf_token"].as_str().unwrap();
    let by_cookie = format!("{}; {}", browser.session(), browser.device());
    deployment
        .post("/ui/mfa/totp/devices/begin")
        .header("cookie", &by_cookie)
        .header("x-csrf-token", csrf)
        .refused(403, "step-up-required")
        .await;

    let mut eve = deployment.person("eve@example.com").await;
    let refused = deployment
        .post("/ui/known-devices/revoke")
        .by(&eve)
        .json(json!({ "known_device_id": "kdev_01h2xcejqtf2nbrexx3vqjhp41" }));
    refused.refused(404, "device-not-found").await;
    let listed = deployment
        .get("/ui/known-devices")
        .header("cookie", &by_cookie)
        .ok()
        .await;
    let device = &listed["devices"][0];
    assert_eq!(device["is_current"], true);
    assert!(device["trusted_until"].is_i64());
    let revoke = json!({ "known_device_id": device["known_device_id"] });
    deployment
        .post("/ui/known-devices/revoke")
        .by(&eve)
        .json(revoke.clone())
        .refused(404, "device-not-found")
        .await;
    let call = || {
        deployment
            .post("/ui/known-devices/revoke")
            .header("cookie", &by_cookie)
            .json(revoke.clone())
    };
    call().refused(403, "csrf").await;
    call().header("x-csrf-token", csrf).ok().await;
    assert_eq!(browser.enter(&deployment, &mut ada).await["auth_required"], true);

    // Eve shares the browser: each has a token of her own in it.
    let started = browser.enter(&deployment, &mut eve).await;
    assert_eq!(started["auth_required"], false);
    assert_eq!(browser.device().matches("kdev_").count(), 2);
}

#[tokio::test]
async fn the_cookie_of_a_device_is_out_of_reach_of_scripts_and_other_sites() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let answer = deployment
        .post("/ui/session/start")
        .with_bearer(&ada)
        .json(json!({ "transport": "cookie" }))
        .send()
        .await;
    let lines: Vec<_> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap().to_owned())
        .collect();
    assert_eq!(lines.len(), 2);
    let device = lines
        .iter()
        .find(|line| line.starts_with("__Host-portcullis-device=kdev_"))
        .unwrap();
    let attributes: Vec<&str> = device.split("; ").skip(1).collect();
    assert_eq!(
        attributes,
        [
            "Path=/",
            "Secure",
            "HttpOnly",
            "SameSite=Strict",
            "Max-Age=7776000"
        ]
    );
}

#[tokio::test]
async fn a_program_keeps_its_token_itself_if_it_asks_for_one() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let start = async |body: Value| {
        let call = deployment.post("/ui/session/start").with_bearer(&ada).json(body);
        call.ok().await["device_token"].clone()
    };
    assert_eq!(start(json!({})).await, Value::Null);
    let token = start(json!({ "remember_device": true })).await;
    let token = token.as_str().unwrap();
    for _ in 0..8 {
        deployment
            .post("/auth/sign-in")
            .json(json!({ "email": ada.email, "password": "not the password" }))
            .refused(401, "wrong-credentials")
            .await;
    }
    let body = json!({ "email": ada.email, "password": PASSWORD });
    let shut_out = deployment.post("/auth/sign-in").json(body.clone());
    shut_out.refused(429, "too-many-attempts").await;
    let known = deployment.post("/auth/sign-in").header("x-device-token", token);
    let signed_in = known.json(body).ok().await;
    ada.bearer = format!("Bearer {}", signed_in["access_token"].as_str().unwrap());
}

#[tokio::test]
async fn a_code_from_a_mail_makes_a_browser_known_that_strangers_shut_out() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    for _ in 0..8 {
        deployment
            .post("/auth/sign-in")
            .json(json!({ "email": ada.email, "password": "not the password" }))
            .refused(401, "wrong-credentials")
            .await;
    }
    let body = json!({ "email": ada.email, "password": PASSWORD });
    let refused = deployment.post("/auth/sign-in").json(body.clone());
    let problem = refused.refused(429, "too-many-attempts").await;
    assert!(
        problem["detail"].as_str().unwrap().contains("code from the mail"),
        "{problem}"
    );
    let started = deployment
        .post("/ui/password-recovery/start")
        .json(json!({ "username": ada.email }))
        .ok()
        .await;
    let mut browser = Browser::default();
    let answer = deployment
        .post("/ui/password-recovery/verify")
        .json(json!({
            "challenge_id": started["challenge_id"],
            "confirmation_code": deployment.post.code(&ada.email),
            "transport": "cookie",
        }))
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    browser.keep(&answer);
    let known = deployment
        .post("/auth/sign-in")
        .header("cookie", &browser.device());
    known.json(body).ok().await;
}
