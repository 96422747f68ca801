//! Forgotten passwords over HTTP: the order of the replaced service, the order that names a factor, and the links.

use serde_json::{Value, json};

use super::client::code;
use super::deployment::{Deployment, PASSWORD};

const ADA: &str = "ada@example.com";
const NEW: &str = "harbour-lamp-thistle";
const ROUTES: &str = "/ui/password-recovery";

impl Deployment {
    async fn recover(&self, step: &str, body: Value) -> Value {
        self.post(&format!("{ROUTES}/{step}")).json(body).ok().await
    }

    async fn refused(&self, step: &str, body: Value, status: u16, code: &str) -> Value {
        self.post(&format!("{ROUTES}/{step}"))
            .json(body)
            .refused(status, code)
            .await
    }

    async fn started(&self, email: &str) -> Value {
        self.recover("start", json!({ "username": email })).await
    }

    async fn prove_address(&self, email: &str) {
        self.deliver().await;
        let body = json!({ "email": email, "code": self.post.code(email) });
        self.post("/auth/verify-email").json(body).ok().await;
        self.later(31);
    }
}

fn id(started: &Value) -> &str {
    started["challenge_id"].as_str().unwrap()
}

#[tokio::test]
async fn the_order_of_the_replaced_service_leads_back_in() {
    let deployment = Deployment::start().await;
    let ada = deployment.person(ADA).await;
    deployment.prove_address(ADA).await;
    let started = deployment.started("ADA@example.com").await;
    assert_eq!(
        (
            &started["status"],
            &started["delivery_medium"],
            &started["delivery_destination"]
        ),
        (&json!("ok"), &json!("EMAIL"), &json!("a***@example.com"))
    );
    assert_eq!(started["required_factors"], json!([]));
    let body = json!({
        "username": ADA, "confirmation_code": deployment.post.code(ADA),
        "new_password": NEW, "challenge_id": id(&started),
    });
    deployment.later(1);
    assert_eq!(deployment.recover("confirm", body.clone()).await["status"], "ok");
    deployment.refused("confirm", body, 401, "challenge-ended").await;
    for path in ["/ui/me", "/ui/sessions"] {
        let answer = deployment.get(path).by(&ada).send().await;
        assert_eq!(answer.status, 401, "{path}: {}", answer.text);
    }
    let sign_in = |password: &str| {
        deployment
            .post("/auth/sign-in")
            .json(json!({ "email": ADA, "password": password }))
    };
    sign_in(PASSWORD).refused(401, "wrong-credentials").await;
    sign_in(NEW).ok().await;
}

#[tokio::test]
async fn an_unknown_address_is_answered_like_a_known_one_to_the_end() {
    let deployment = Deployment::start().await;
    deployment.person(ADA).await;
    let mut answers = Vec::new();
    for email in [ADA, "a.nother@example.com"] {
        let mut started = deployment.started(email).await;
        let handle = id(&started).to_owned();
        started.as_object_mut().unwrap().remove("challenge_id");
        let mut seen = vec![started];
        let answer = |confirmation: &str| json!({ "username": email, "challenge_id": handle, "confirmation_code": confirmation, "new_password": NEW });
        for (step, status, code) in [
            ("verify", 401, "wrong-code"),
            ("confirm", 401, "wrong-code"),
            ("challenge/totp/verify", 409, "recovery-code-first"),
            ("challenge/sms/begin", 409, "recovery-code-first"),
            ("challenge/sms/verify", 409, "recovery-code-first"),
            ("challenge/email/begin", 409, "recovery-code-first"),
            ("challenge/email/verify", 409, "recovery-code-first"),
            ("challenge/recovery", 409, "recovery-code-first"),
            ("verify", 401, "wrong-code"),
            ("verify", 401, "wrong-code"),
            ("verify", 401, "wrong-code"),
            ("verify", 401, "challenge-ended"),
        ] {
            let mut body = answer("no code");
            for (name, value) in [
                ("totp_code", "1"),
                ("code", "1"),
                ("factor", "totp"),
                ("recovery_code", "1"),
            ] {
                if step.starts_with("challenge")
                    && (name != "code" || step.ends_with("s/verify") || step.ends_with("l/verify"))
                {
                    body[name] = json!(value);
                }
            }
            if step.ends_with("sms/verify") || step.ends_with("email/verify") {
                body.as_object_mut()
                    .unwrap()
                    .retain(|name, _| name != "totp_code" && name != "recovery_code");
            }
            let mut problem = deployment.refused(step, body, status, code).await;
            problem.as_object_mut().unwrap().remove("instance");
            seen.push(problem);
        }
        answers.push(seen);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_factor_is_named_after_the_code_and_proven_in_between() {
    let deployment = Deployment::start().await;
    let ada = deployment.person(ADA).await;
    deployment.prove_address(ADA).await;
    let (_, secret, _) = ada.add_totp(&deployment).await;
    deployment.later(31);
    let started = deployment.started(ADA).await;
    let confirm = json!({
        "username": ADA, "code": deployment.post.code(ADA), "new_password": NEW, "challenge_id": id(&started),
    });
    deployment
        .refused("confirm", confirm.clone(), 401, "recovery-factor-required")
        .await;
    let verify = json!({ "challenge_id": id(&started), "code": confirm["code"] });
    let standing = deployment.recover("verify", verify).await;
    assert_eq!(
        (&standing["complete"], &standing["remaining_factors"]),
        (&json!(false), &json!(["totp"]))
    );
    let totp =
        json!({ "username": ADA, "challenge_id": id(&started), "totp_code": code(&deployment, &secret) });
    let standing = deployment.recover("challenge/totp/verify", totp).await;
    assert_eq!(
        (&standing["complete"], &standing["passed"]),
        (&json!(true), &json!({ "totp": true }))
    );
    let mut weak = confirm.clone();
    weak["new_password"] = json!("password12");
    let weak = deployment.refused("confirm", weak, 400, "weak-password").await;
    assert_eq!(weak["errors"][0]["pointer"], "/new_password");
    deployment.recover("confirm", confirm).await;
}

#[cfg(feature = "panel")]
#[tokio::test]
async fn the_link_in_the_mail_opens_a_page_of_the_panel() {
    let deployment = Deployment::start().await;
    deployment.person(ADA).await;
    deployment.started(ADA).await;
    let text = deployment.post.newest(ADA).text;
    let link = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix("https://gate.example.com"))
        .unwrap();
    let (path, fragment) = link.split_once('#').unwrap();
    let page = deployment.get(path).header("accept", "text/html").send().await;
    assert_eq!(page.status, 200);
    let (handle, code) = fragment
        .strip_prefix("challenge_id=")
        .unwrap()
        .split_once("&code=")
        .unwrap();
    let body = json!({ "challenge_id": handle, "confirmation_code": code, "new_password": NEW });
    deployment.recover("confirm", body).await;
}

#[cfg(feature = "panel")]
#[tokio::test]
async fn password_managers_are_led_to_the_page_that_changes_the_password() {
    let deployment = Deployment::start().await;
    let answer = deployment.get("/.well-known/change-password").send().await;
    assert_eq!((answer.status, answer.header("location")), (302, "/password"));
    let other = deployment
        .get("/.well-known/nothing")
        .header("accept", "text/html");
    other.refused(404, "not-found").await;
    assert_eq!(
        deployment.get("/ui/options").ok().await["password_recovery"],
        true
    );
}
