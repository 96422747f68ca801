//! Factors over HTTP: enrolment, sign-in, step-up, recovery, removal.

use portcullis_core::factors::Requirement;
use serde_json::{Value, json};

use super::client::{Person, code};
use super::deployment::{Deployment, PASSWORD};

#[tokio::test]
async fn an_authenticator_app_is_enrolled_used_and_removed() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let begun = deployment.post("/ui/mfa/totp/devices/begin").by(&ada).ok().await;
    assert!(
        begun["otpauth_uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/")
    );
    assert!(begun["qr_svg"].as_str().unwrap().contains("<svg"));
    assert_eq!(begun["recovery_codes"], json!([]));
    let body = json!({ "device_id": begun["device_id"], "totp_code": "abcdef" });
    deployment
        .post("/ui/mfa/totp/devices/confirm")
        .by(&ada)
        .json(body)
        .refused(401, "wrong-code")
        .await;
    let (device, secret, codes) = ada.add_totp(&deployment).await;
    assert_eq!(codes.len(), 10);
    let list = deployment.get("/ui/mfa/totp/devices").by(&ada).ok().await;
    let devices = list["devices"].as_array().unwrap();
    let enabled: Vec<_> = devices
        .iter()
        .filter(|device| device["enabled"] == true)
        .map(|device| &device["label"])
        .collect();
    assert_eq!(
        (devices.len(), enabled),
        (2, vec![&json!("Phone")]),
        "another page may still confirm the other one: {list}"
    );
    deployment.later(30);
    let challenge = ada.challenge(&deployment).await;
    let verify = |code: &str| {
        let body = json!({ "challenge_id": challenge, "totp_code": code });
        deployment
            .post("/ui/mfa/totp/verify")
            .with_bearer(&ada)
            .json(body)
    };
    verify("000000").refused(401, "wrong-code").await;
    let shown = code(&deployment, &secret);
    verify(&shown).ok().await;
    verify(&shown).refused(401, "challenge-ended").await;
    let remove = format!("/ui/mfa/totp/devices/{device}/remove");
    deployment.later(30);
    let shown = code(&deployment, &secret);
    assert_eq!(
        deployment
            .post(&remove)
            .by(&ada)
            .json(json!({ "totp_code": shown }))
            .ok()
            .await,
        json!({ "ok": true })
    );
    deployment
        .post(&remove)
        .by(&ada)
        .refused(404, "device-not-found")
        .await;
    deployment
        .post("/ui/mfa/totp/devices/x/remove")
        .by(&ada)
        .refused(400, "invalid-request")
        .await;
    assert_eq!(deployment.get("/ui/me").by(&ada).ok().await["factors"], json!([]));
}

#[tokio::test]
async fn a_code_of_one_challenge_is_worthless_for_another() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let eve = deployment.person("eve@example.com").await;
    ada.add_totp(&deployment).await;
    let challenge = ada.challenge(&deployment).await;
    let body = json!({ "challenge_id": challenge, "totp_code": "000000" });
    deployment
        .post("/ui/mfa/totp/verify")
        .with_bearer(&eve)
        .json(body.clone())
        .refused(401, "challenge-ended")
        .await;
    let sms = json!({ "challenge_id": challenge });
    deployment
        .post("/ui/mfa/sms/begin")
        .with_bearer(&ada)
        .json(sms)
        .refused(409, "factor-not-required")
        .await;
    deployment.later(301);
    deployment
        .post("/ui/mfa/totp/verify")
        .with_bearer(&ada)
        .json(body)
        .refused(401, "challenge-ended")
        .await;
}

/// What differs between phone numbers and e-mail addresses.
struct Kind {
    word: &'static str,
    field: &'static str,
    device: &'static str,
    addresses: [&'static str; 2],
    masked: &'static str,
}

const PHONES: Kind = Kind {
    word: "sms",
    field: "phone_e164",
    device: "sms_device_id",
    addresses: ["+15005550006", "+15005550007"],
    masked: "+*********06",
};

const EMAILS: Kind = Kind {
    word: "email",
    field: "email",
    device: "email_device_id",
    addresses: ["private@example.com", "office@example.com"],
    masked: "p***@example.com",
};

async fn enrol(deployment: &Deployment, kind: &Kind, person: &Person, address: &str) -> Value {
    let devices = format!("/ui/mfa/{}/devices", kind.word);
    let begun = deployment
        .post(&format!("{devices}/begin"))
        .by(person)
        .json(json!({ kind.field: address, "label": "Mine" }))
        .ok()
        .await;
    let body = json!({ "challenge_id": begun["challenge_id"], "code": deployment.post.code(address) });
    let confirmed = deployment
        .post(&format!("{devices}/confirm"))
        .by(person)
        .json(body)
        .ok()
        .await;
    assert_eq!(
        (&confirmed["ok"], &confirmed[kind.device]),
        (&json!(true), &begun[kind.device])
    );
    deployment.later(31);
    confirmed
}

async fn an_address_is_enrolled_used_and_removed(kind: &Kind) {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let [first, second] = kind.addresses;
    let enrolled = enrol(&deployment, kind, &ada, first).await;
    assert_eq!(enrolled["recovery_codes"].as_array().unwrap().len(), 10);
    let list = format!("/ui/mfa/{}/devices", kind.word);
    let listed = deployment.get(&list).by(&ada).ok().await;
    assert_eq!(listed["devices"][0][kind.field], kind.masked, "{listed}");
    for (address, status, code) in [(first, 409, "device-exists"), ("?", 400, "invalid-request")] {
        let call = deployment
            .post(&format!("{list}/begin"))
            .by(&ada)
            .json(json!({ kind.field: address }));
        call.refused(status, code).await;
    }

    let challenge = ada.challenge(&deployment).await;
    let verify = |code: &str| {
        let body = json!({ "challenge_id": challenge, "code": code });
        deployment
            .post(&format!("/ui/mfa/{}/verify", kind.word))
            .with_bearer(&ada)
            .json(body)
    };
    verify("123456").refused(409, "nothing-sent").await;
    let send = || {
        let path = format!("/ui/mfa/{}/begin", kind.word);
        deployment
            .post(&path)
            .with_bearer(&ada)
            .json(json!({ "challenge_id": challenge }))
    };
    let answer = send().ok().await;
    assert_eq!(
        (&answer["status"], &answer["sent_to"], &answer["retry_after"]),
        (&json!("sent"), &json!([kind.masked]), &json!(30))
    );
    send().refused(429, "too-many-sends").await;
    let code = deployment.post.code(first);
    verify(if code == "123456" { "654321" } else { "123456" })
        .refused(401, "wrong-code")
        .await;
    let passed = verify(&code).ok().await;
    ada.session = passed["session_id"].as_str().unwrap().to_owned();

    deployment.later(31);
    enrol(&deployment, kind, &ada, second).await;
    let removal = format!("{list}/{}/remove/begin", enrolled[kind.device].as_str().unwrap());
    let removing = deployment.post(&removal).by(&ada).ok().await;
    assert_eq!(removing["accepts"], json!([kind.word, "recovery"]), "{removing}");
    let confirm = |code: &str| {
        let body = json!({ "challenge_id": removing["challenge_id"], "code": code });
        deployment
            .post(&format!("{list}/remove/confirm"))
            .by(&ada)
            .json(body)
    };
    let code = deployment.post.code(second);
    confirm(if code == "123456" { "654321" } else { "123456" })
        .refused(401, "wrong-code")
        .await;
    assert_eq!(confirm(&code).ok().await, json!({ "ok": true }));
    let listed = deployment.get(&list).by(&ada).ok().await;
    assert_eq!(listed["devices"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_phone_number_is_enrolled_used_and_removed() {
    an_address_is_enrolled_used_and_removed(&PHONES).await;
}

#[tokio::test]
async fn an_email_address_is_enrolled_used_and_removed() {
    an_address_is_enrolled_used_and_removed(&EMAILS).await;
}

#[tokio::test]
async fn with_every_factor_required_any_order_will_do() {
    let deployment = Deployment::with(|plan| plan.settings.factors.require = Requirement::All).await;
    let mut ada = deployment.person("ada@example.com").await;
    let (_, secret, _) = ada.add_totp(&deployment).await;
    enrol(&deployment, &PHONES, &ada, PHONES.addresses[0]).await;
    let challenge = ada.challenge(&deployment).await;
    let send = json!({ "challenge_id": challenge });
    deployment
        .post("/ui/mfa/sms/begin")
        .with_bearer(&ada)
        .json(send)
        .ok()
        .await;
    let body = json!({ "challenge_id": challenge, "code": deployment.post.code(PHONES.addresses[0]) });
    let half = deployment
        .post("/ui/mfa/sms/verify")
        .with_bearer(&ada)
        .json(body)
        .ok()
        .await;
    assert_eq!(
        (&half["session_id"], &half["remaining_factors"]),
        (&json!(null), &json!(["totp"])),
        "{half}"
    );
    let body = json!({ "challenge_id": challenge, "totp_code": code(&deployment, &secret) });
    let whole = deployment
        .post("/ui/mfa/totp/verify")
        .with_bearer(&ada)
        .json(body)
        .ok()
        .await;
    assert!(whole["session_id"].is_string(), "{whole}");
    assert_eq!(whole["passed"], json!({ "sms": true, "totp": true }));
}

#[tokio::test]
async fn one_of_several_factors_is_enough_unless_the_operator_says_otherwise() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let (_, secret, _) = ada.add_totp(&deployment).await;
    enrol(&deployment, &PHONES, &ada, PHONES.addresses[0]).await;
    deployment.later(30);
    let challenge = ada.challenge(&deployment).await;
    let body = json!({ "challenge_id": challenge, "totp_code": code(&deployment, &secret) });
    let proven = deployment
        .post("/ui/mfa/totp/verify")
        .with_bearer(&ada)
        .json(body)
        .ok()
        .await;
    assert!(proven["session_id"].is_string(), "{proven}");
    assert_eq!(
        (&proven["required_factors"], &proven["remaining_factors"]),
        (&json!(["totp", "sms"]), &json!([]))
    );
}

#[tokio::test]
async fn both_addresses_of_recovery_codes_hand_over_the_token_of_the_device() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let (_, _, codes) = ada.add_totp(&deployment).await;
    for (path, code) in [
        ("/ui/mfa/recovery/totp", &codes[0]),
        ("/ui/recovery/totp", &codes[1]),
    ] {
        ada.sign_in(&deployment).await;
        let started = deployment
            .post("/ui/session/start")
            .with_bearer(&ada)
            .json(json!({ "remember_device": true }))
            .ok()
            .await;
        let body = json!({ "challenge_id": started["challenge_id"], "recovery_code": code });
        let proven = deployment.post(path).with_bearer(&ada).json(body).ok().await;
        let token = proven["device_token"].as_str().unwrap_or_default();
        assert!(token.starts_with("kdev_"), "{path}: {proven}");
    }
}

#[tokio::test]
async fn a_recovery_code_works_once_and_new_ones_replace_the_old() {
    let deployment = Deployment::start().await;
    let mut ada = deployment.person("ada@example.com").await;
    let (_, _, codes) = ada.add_totp(&deployment).await;
    let challenge = ada.challenge(&deployment).await;
    let recover = |path: &str, challenge: &str, code: &str| {
        let body = json!({ "challenge_id": challenge, "recovery_code": code });
        deployment.post(path).with_bearer(&ada).json(body)
    };
    recover("/ui/mfa/recovery/fax", &challenge, &codes[0])
        .refused(400, "invalid-request")
        .await;
    recover("/ui/mfa/recovery/sms", &challenge, &codes[0])
        .refused(409, "factor-not-required")
        .await;
    let passed = recover("/ui/mfa/recovery/totp", &challenge, &codes[0].to_uppercase())
        .ok()
        .await;
    assert!(passed["session_id"].is_string());
    let challenge = ada.challenge(&deployment).await;
    let recover = |code: &str| {
        let body = json!({ "challenge_id": challenge, "code": code });
        deployment.post("/ui/recovery/totp").with_bearer(&ada).json(body)
    };
    recover(&codes[0]).refused(401, "wrong-code").await;
    let passed = recover(&codes[1]).ok().await;
    assert_eq!(passed["ok"], true);
    ada.session = passed["session_id"].as_str().unwrap().to_owned();
    let counted = deployment.get("/ui/mfa/recovery").by(&ada).ok().await;
    assert_eq!(
        (
            &counted["factors"][0]["total"],
            &counted["factors"][0]["remaining"]
        ),
        (&json!(10), &json!(8)),
        "{counted}"
    );
    let fresh = deployment
        .post("/ui/mfa/recovery/totp/regenerate")
        .by(&ada)
        .ok()
        .await;
    assert_eq!(fresh["recovery_codes"].as_array().unwrap().len(), 10);
    deployment
        .post("/ui/mfa/recovery/sms/regenerate")
        .by(&ada)
        .refused(409, "no-device")
        .await;
}

#[tokio::test]
async fn what_is_sensitive_asks_for_a_fresh_proof() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    deployment.later(601);
    let begin = || deployment.post("/ui/mfa/totp/devices/begin").by(&ada);
    begin().refused(403, "step-up-required").await;
    let started = deployment.post("/ui/step-up/start").by(&ada).ok().await;
    let expected = json!({
        "auth_required": false, "challenge_id": null, "required_factors": [], "require": "any",
        "factors_needed": 0, "methods": [], "password": true,
    });
    assert_eq!(started, expected);
    let password = |text: &str| {
        deployment
            .post("/ui/step-up/password")
            .by(&ada)
            .json(json!({ "password": text }))
    };
    password("wrong").refused(401, "wrong-credentials").await;
    let stepped_up = password(PASSWORD).ok().await;
    assert_eq!(
        deployment.get("/ui/me").by(&ada).ok().await["step_up_until"],
        stepped_up["step_up_until"]
    );
    let (_, secret, _) = ada.add_totp(&deployment).await;

    deployment.later(601);
    let mut ada = ada;
    let refreshed = deployment
        .post("/auth/refresh")
        .header("x-session-id", &ada.session)
        .ok()
        .await;
    ada.bearer = format!("Bearer {}", refreshed["access_token"].as_str().unwrap());
    deployment
        .post("/ui/mfa/totp/devices/begin")
        .by(&ada)
        .refused(403, "step-up-required")
        .await;
    deployment
        .post("/ui/step-up/password")
        .by(&ada)
        .json(json!({ "password": PASSWORD }))
        .refused(403, "step-up-required")
        .await;
    let started = deployment.post("/ui/step-up/start").by(&ada).ok().await;
    assert_eq!(started["required_factors"], json!(["totp"]));
    let body = json!({ "challenge_id": started["challenge_id"], "totp_code": code(&deployment, &secret) });
    let passed = deployment
        .post("/ui/mfa/totp/verify")
        .with_bearer(&ada)
        .json(body)
        .ok()
        .await;
    assert_eq!(
        (&passed["session_id"], &passed["remaining_factors"]),
        (&json!(null), &json!([]))
    );
    assert!(passed["step_up_until"].is_i64(), "{passed}");
    deployment.post("/ui/mfa/totp/devices/begin").by(&ada).ok().await;
}
