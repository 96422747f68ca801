//! The whole product as its users meet it: the real program, its mailbox, a crash, a stop.

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use portcullis_ports::Clock as _;
use portcullis_server::system::SystemClock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::authenticator;
use crate::program::{Program, Store};

pub(crate) const PASSWORD: &str = "plum-kettle-orbit";
pub(crate) const EMAIL: &str = "ada@example.com";
const PHONE: &str = "+15005550006";
const PRIVATE: &str = "private@example.com";

/// What the authenticator app shows, showed a step ago, or will show a step later.
pub(crate) fn totp(secret: &str, steps: i64) -> String {
    let seconds = SystemClock.now().seconds() + 30 * steps;
    authenticator::code(secret, u64::try_from(seconds).unwrap())
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("text instead of {value}"))
        .to_owned()
}

/// Ada, and what she holds.
struct Ada {
    bearer: String,
    session: String,
    totp_secret: String,
}

impl Ada {
    fn signed_in(&self) -> [(&str, &str); 2] {
        [("authorization", &self.bearer), ("x-session-id", &self.session)]
    }

    fn first_factor(&self) -> [(&str, &str); 1] {
        [("authorization", &self.bearer)]
    }

    async fn sign_up(program: &Program) -> Self {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "display_name": "Ada" });
        let token = program.post("/auth/sign-up", &[], body).await;
        let bearer = format!("Bearer {}", text(&token["access_token"]));
        let code = program.code(EMAIL, 0).await;
        program
            .post("/auth/verify-email", &[], json!({ "email": EMAIL, "code": code }))
            .await;
        let headers = [("authorization", bearer.as_str())];
        let started = program.post("/ui/session/start", &headers, Value::Null).await;
        assert_eq!(started["auth_required"], false, "{started}");
        Self {
            session: text(&started["session_id"]),
            bearer,
            totp_secret: String::new(),
        }
    }

    /// Enrols all three kinds of factors; gives the recovery codes of each.
    async fn enrol(&mut self, program: &Program) -> [Vec<String>; 3] {
        let codes = |answer: &Value| {
            answer["recovery_codes"]
                .as_array()
                .unwrap()
                .iter()
                .map(text)
                .collect::<Vec<_>>()
        };
        let begun = program
            .post(
                "/ui/mfa/totp/devices/begin",
                &self.signed_in(),
                json!({ "label": "Phone" }),
            )
            .await;
        self.totp_secret = text(&begun["secret"]);
        // The step before this one: the ones to come are needed later. A step may just end, so there are two tries.
        let confirm = || json!({ "device_id": begun["device_id"], "totp_code": totp(&self.totp_secret, -1) });
        let path = "/ui/mfa/totp/devices/confirm";
        let (status, mut confirmed) = program
            .call(Method::POST, path, &self.signed_in(), confirm())
            .await;
        if status != StatusCode::OK {
            confirmed = program.post(path, &self.signed_in(), confirm()).await;
        }
        let mut sets = vec![codes(&confirmed)];
        for (kind, field, address) in [("sms", "phone_e164", PHONE), ("email", "email", PRIVATE)] {
            let path = |step: &str| format!("/ui/mfa/{kind}/devices/{step}");
            let known = program.messages(address).await.len();
            let begun = program
                .post(&path("begin"), &self.signed_in(), json!({ field: address }))
                .await;
            let code = program.code(address, known).await;
            let body = json!({ "challenge_id": begun["challenge_id"], "code": code });
            sets.push(codes(
                &program.post(&path("confirm"), &self.signed_in(), body).await,
            ));
        }
        sets.try_into().unwrap()
    }

    /// The password again, and the challenge that follows.
    async fn sign_in(&mut self, program: &Program, transport: &str) -> String {
        let token = program
            .post(
                "/auth/sign-in",
                &[],
                json!({ "email": EMAIL, "password": PASSWORD }),
            )
            .await;
        self.bearer = format!("Bearer {}", text(&token["access_token"]));
        let body = json!({ "transport": transport });
        let started = program
            .post("/ui/session/start", &self.first_factor(), body)
            .await;
        assert_eq!(
            started["required_factors"],
            json!(["totp", "sms", "email"]),
            "{started}"
        );
        text(&started["challenge_id"])
    }

    /// Proves all three factors with their devices.
    async fn prove(&mut self, program: &Program, challenge: &str) {
        let verify = || json!({ "challenge_id": challenge, "totp_code": totp(&self.totp_secret, 0) });
        let path = "/ui/mfa/totp/verify";
        let (status, _) = program
            .call(Method::POST, path, &self.first_factor(), verify())
            .await;
        if status != StatusCode::OK {
            program.post(path, &self.first_factor(), verify()).await;
        }
        let mut session = Value::Null;
        for (kind, address) in [("sms", PHONE), ("email", PRIVATE)] {
            assert_eq!(session, Value::Null, "a session before everything is proven");
            let known = program.messages(address).await.len();
            let path = format!("/ui/mfa/{kind}/begin");
            program
                .post(&path, &self.first_factor(), json!({ "challenge_id": challenge }))
                .await;
            let body = json!({ "challenge_id": challenge, "code": program.code(address, known).await });
            let passed = program
                .post(&format!("/ui/mfa/{kind}/verify"), &self.first_factor(), body)
                .await;
            session = passed["session_id"].clone();
        }
        self.session = text(&session);
    }
}

#[tokio::test]
async fn from_sign_up_through_a_crash_to_an_orderly_stop() {
    walk(Store::Embedded).await;
}

#[tokio::test]
async fn the_same_on_a_cloud_table() {
    if let Some(emulator) = Emulator::start(Kind::DynamodbLocal) {
        walk(Store::DynamoDb(emulator.endpoint())).await;
    }
}

async fn walk(store: Store<'_>) {
    let data = TempDir::new().unwrap();
    let settings = "[factors]\nrequire = \"all\"\n";
    std::fs::write(data.path().join("portcullis.toml"), settings).unwrap();
    let program = Program::start(data.path(), store);
    let mut ada = Ada::sign_up(&program).await;
    let me = program.get("/ui/me", &ada.signed_in()).await;
    assert_eq!(
        (&me["email"], &me["email_verified"]),
        (&json!(EMAIL), &json!(true))
    );
    let [totp_codes, sms_codes, email_codes] = ada.enrol(&program).await;

    let first = ada.session.clone();
    let challenge = ada.sign_in(&program, "header").await;
    ada.prove(&program, &challenge).await;
    let listed = program.get("/ui/sessions", &ada.signed_in()).await;
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{listed}");
    let other = sessions
        .iter()
        .find(|session| session["is_current"] == false)
        .unwrap();
    program
        .post(
            "/ui/sessions/revoke",
            &ada.signed_in(),
            json!({ "session_id": other["session_id"] }),
        )
        .await;
    let headers = [
        ("authorization", ada.bearer.as_str()),
        ("x-session-id", first.as_str()),
    ];
    assert_eq!(
        program
            .refused("/ui/sessions/revoke_others", &headers, json!({}))
            .await,
        "session-ended"
    );

    let started = program
        .post("/ui/step-up/start", &ada.signed_in(), json!({}))
        .await;
    let body = json!({ "challenge_id": started["challenge_id"], "totp_code": totp(&ada.totp_secret, 1) });
    let passed = program.post("/ui/mfa/totp/verify", &ada.signed_in(), body).await;
    assert!(passed["step_up_until"].is_i64(), "{passed}");

    program.kill();
    let program = Program::start(data.path(), store);
    let me = program.get("/ui/me", &ada.signed_in()).await;
    assert_eq!(
        me["factors"],
        json!(["totp", "sms", "email"]),
        "what was acknowledged survived: {me}"
    );
    assert_eq!(
        program
            .refused("/ui/sessions/revoke_others", &headers, json!({}))
            .await,
        "session-ended"
    );

    let challenge = ada.sign_in(&program, "cookie").await;
    let recover = |factor: &str, code: &str| {
        (
            format!("/ui/mfa/recovery/{factor}"),
            json!({ "challenge_id": challenge, "recovery_code": code }),
        )
    };
    for (factor, codes) in [
        ("totp", &totp_codes),
        ("sms", &sms_codes),
        ("email", &email_codes),
    ] {
        let (path, body) = recover(factor, &codes[0]);
        let passed = program.post(&path, &ada.first_factor(), body).await;
        assert_eq!(passed["session_id"].is_string(), factor == "email", "{passed}");
    }
    let challenge = ada.sign_in(&program, "header").await;
    let body = json!({ "challenge_id": challenge, "recovery_code": totp_codes[0] });
    assert_eq!(
        program
            .refused("/ui/mfa/recovery/totp", &ada.first_factor(), body)
            .await,
        "wrong-code"
    );

    let status = program.terminate();
    assert!(status.success(), "{status}");
}
