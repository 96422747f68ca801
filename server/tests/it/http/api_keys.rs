//! API keys over HTTP: from the making of one to its end, and what each may and may not do.

use portcullis_core::operators::Role;
use serde_json::{Value, json};

use super::client::{Call, Person};
use super::deployment::Deployment;
use super::operators::{grant, with_factor};

const KEYS: &str = "/ui/api_keys";
const ENTITLEMENTS: &str = "/api/billing/entitlements";

async fn make(deployment: &Deployment, owner: &Person, body: Value) -> (String, String) {
    let made = deployment.post(KEYS).by(owner).json(body).ok().await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("key_id"), text("api_key"))
}

fn reading() -> Value {
    json!({ "label": "Back end", "scopes": ["entitlements:read"] })
}

async fn listed(deployment: &Deployment, owner: &Person) -> Value {
    deployment.get(KEYS).by(owner).ok().await["keys"].clone()
}

fn with<'a>(call: Call<'a>, key: &str) -> Call<'a> {
    call.header("x-api-key", key)
}

/// One answer for every key that is not valid.
async fn is_not_valid(call: Call<'_>) {
    let problem = call.refused(401, "unauthenticated").await;
    assert_eq!(
        problem["detail"],
        "The API key is not valid: it is wrong, or it has ended."
    );
}

#[tokio::test]
async fn a_key_reads_what_its_scope_allows_until_it_is_revoked() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (id, key) = make(&deployment, &ada, reading()).await;
    assert!(key.starts_with(&id) && key.len() == 68, "{key}");

    let own = deployment.get(ENTITLEMENTS).by(&ada).ok().await;
    let read = || deployment.get(ENTITLEMENTS);
    assert_eq!(with(read(), &key).ok().await, own);
    let bearer = format!("Bearer {key}");
    assert_eq!(read().header("authorization", &bearer).ok().await, own);

    let mut wrong = key.clone();
    let other = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(other);
    for other in [wrong.as_str(), &id, "", "pck_", &key.replace("pck", "pct")] {
        is_not_valid(with(read(), other)).await;
    }
    let refused = with(deployment.get("/api/billing/invoices"), &key);
    let problem = refused.refused(403, "api-key-scope").await;
    assert_eq!(problem["scope"], "invoices:read");
    // What takes no key takes none, whatever its scopes are.
    for path in [KEYS, "/ui/me", "/ui/sessions"] {
        with(deployment.get(path), &key)
            .refused(401, "unauthenticated")
            .await;
    }
    with(deployment.post(KEYS), &key)
        .json(reading())
        .refused(401, "unauthenticated")
        .await;

    let keys = listed(&deployment, &ada).await;
    assert_eq!(keys[0]["key_id"], id.as_str());
    assert!(!keys.to_string().contains(&key), "{keys}");
    let eve = deployment.person("eve@example.com").await;
    let revoke = |by: &Person| {
        let call = deployment.post("/ui/api_keys/revoke").by(by);
        call.json(json!({ "api_key_id": id }))
    };
    revoke(&eve).refused(404, "api-key-not-found").await;
    assert_eq!(revoke(&ada).ok().await, json!({ "ok": true }));
    is_not_valid(with(read(), &key)).await;
    assert_eq!(revoke(&ada).ok().await, json!({ "ok": true }));
    assert_eq!(listed(&deployment, &ada).await[0]["status"], "revoked");
}

#[tokio::test]
async fn beside_a_key_nothing_else_counts() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (_, key) = make(&deployment, &ada, reading()).await;
    let (_, other) = make(&deployment, &ada, reading()).await;
    let read = || deployment.get(ENTITLEMENTS);
    is_not_valid(with(read().by(&ada), "pck_wrong")).await;
    let both = with(read(), &key).header("authorization", &format!("Bearer {other}"));
    both.refused(401, "unauthenticated").await;
    with(with(read(), &key), &other)
        .refused(401, "unauthenticated")
        .await;
    let same = with(read(), &key).header("authorization", &format!("bearer  {key} "));
    same.ok().await;
    let token = with(read(), &key).header("authorization", &ada.bearer);
    token.ok().await;
}

#[tokio::test]
async fn what_takes_no_key_refuses_one_beside_a_session_as_well() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (id, key) = make(&deployment, &ada, reading()).await;
    let bearer = format!("Bearer {key}");
    // A live session, its end, a session alone, and the first factor.
    for (method, path) in [
        ("GET", KEYS),
        ("GET", "/ui/me"),
        ("GET", "/ui/sessions"),
        ("POST", "/auth/refresh"),
        ("POST", "/ui/session/start"),
        ("POST", "/auth/sign-out"),
        ("GET", "/api/operator/me"),
    ] {
        let call = || deployment.call(method, path);
        for shown in [key.as_str(), "pck_wrong", "anything", ""] {
            with(call().by(&ada), shown).refused(401, "unauthenticated").await;
        }
        let as_bearer = call().header("authorization", &bearer);
        as_bearer
            .header("x-session-id", &ada.session)
            .refused(401, "unauthenticated")
            .await;
    }
    deployment.get(KEYS).by(&ada).ok().await;
    let revoke = deployment.post("/ui/api_keys/revoke").by(&ada);
    with(revoke.json(json!({ "key_id": id })), &key)
        .refused(401, "unauthenticated")
        .await;
    assert_eq!(listed(&deployment, &ada).await[0]["status"], "active");
}

#[tokio::test]
async fn two_headers_with_credentials_of_one_kind_are_refused_whatever_they_hold() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (_, key) = make(&deployment, &ada, reading()).await;
    let bearer = format!("Bearer {key}");
    for path in [ENTITLEMENTS, KEYS] {
        for [first, second] in [
            [&bearer, &bearer],
            [&bearer, &ada.bearer],
            [&ada.bearer, &bearer],
            [&ada.bearer, &ada.bearer],
        ] {
            let call = deployment.get(path).header("authorization", first);
            call.header("authorization", second)
                .header("x-session-id", &ada.session)
                .refused(401, "unauthenticated")
                .await;
        }
        with(with(deployment.get(path).by(&ada), &key), &key)
            .refused(401, "unauthenticated")
            .await;
    }
}

#[tokio::test]
async fn numbers_and_names_beyond_the_document_are_refused_and_named() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (id, key) = make(&deployment, &ada, reading()).await;
    let (grace, subject) = with_factor(&deployment, "grace@example.com").await;
    grant(&deployment, &subject, Role::Viewer).await;
    let verifying = json!({ "scopes": ["api_keys:verify"] });
    let (_, back_end) = make(&deployment, &grace, verifying).await;
    for field in ["rate_per_minute", "daily_quota"] {
        for wrong in [0, 1_000_000_001] {
            let mut made = reading();
            made[field] = json!(wrong);
            let call = deployment.post(KEYS).by(&ada).json(made);
            let problem = call.refused(400, "invalid-request").await;
            assert!(problem.to_string().contains(&format!("/{field}")), "{problem}");
            let mut rules = json!({ "key_id": id, "scopes": ["entitlements:read"] });
            rules[field] = json!(wrong);
            let call = deployment.post("/ui/api_keys/rules").by(&ada).json(rules);
            let problem = call.refused(400, "invalid-request").await;
            assert!(problem.to_string().contains(&format!("/{field}")), "{problem}");
        }
    }
    for wrong in ["x".repeat(1025), "curl\n8".to_owned()] {
        let call = with(deployment.post("/api/keys/verify"), &back_end);
        let call = call.json(json!({ "api_key": key, "client": wrong }));
        let problem = call.refused(400, "invalid-request").await;
        assert!(problem.to_string().contains("/client"), "{problem}");
    }
}

#[tokio::test]
async fn a_rotated_key_counts_beside_the_new_one_for_as_long_as_was_asked() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (id, first) = make(&deployment, &ada, reading()).await;
    let read = |key: &str| with(deployment.get(ENTITLEMENTS), key);
    let rotate = async |overlap: Value| {
        let body = json!({ "key_id": id, "overlap_seconds": overlap });
        let call = deployment.post("/ui/api_keys/rotate").by(&ada).json(body);
        let issued = call.ok().await;
        (issued["api_key"].as_str().unwrap().to_owned(), issued)
    };
    let (second, issued) = rotate(json!(60)).await;
    assert!(issued["overlap_until"].is_i64(), "{issued}");
    read(&first).ok().await;
    read(&second).ok().await;
    deployment.later(60);
    is_not_valid(read(&first)).await;
    read(&second).ok().await;
    let (third, issued) = rotate(json!(0)).await;
    assert_eq!(issued["overlap_until"], Value::Null);
    is_not_valid(read(&second)).await;
    read(&third).ok().await;
    let too_long = json!({ "key_id": id, "overlap_seconds": 8 * 86_400 });
    let call = deployment.post("/ui/api_keys/rotate").by(&ada).json(too_long);
    call.refused(400, "invalid-request").await;
}

#[tokio::test]
async fn a_key_is_used_from_where_and_as_often_as_its_rules_say() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let body =
        json!({ "scopes": ["entitlements:read"], "allow_cidrs": ["203.0.113.9/24"], "rate_per_minute": 3 });
    let (id, key) = make(&deployment, &ada, body).await;
    let read = || with(deployment.get(ENTITLEMENTS), &key);
    read().refused(403, "api-key-network").await;
    let rules = json!({ "key_id": id, "allow_cidrs": ["127.0.0.0/8"], "deny_cidrs": ["127.1.0.0/16"] });
    let set = deployment.post("/ui/api_keys/ip_rules").by(&ada).json(rules);
    assert_eq!(
        set.ok().await,
        json!({ "ok": true, "allow_cidrs": ["127.0.0.0/8"], "deny_cidrs": ["127.1.0.0/16"] })
    );
    for _ in 0..3 {
        read().ok().await;
    }
    let problem = read().refused(429, "api-key-limit").await;
    assert_eq!(problem["limit"], "rate_per_minute");
    deployment.later(60);
    read().ok().await;
    let wrong = json!({ "key_id": id, "allow_cidrs": ["everywhere"] });
    let set = deployment.post("/ui/api_keys/ip_rules").by(&ada).json(wrong);
    set.refused(400, "invalid-request").await;

    deployment.app.api_keys.write_down().await.unwrap();
    let path = format!("/ui/api_keys/{id}/usage");
    let usage = deployment.get(&format!("{path}?days=1")).by(&ada).ok().await;
    let day = &usage["days"][0];
    assert_eq!(
        (&day["accepted"], &day["refused"]),
        (&json!(4), &json!(2)),
        "{usage}"
    );
    let keys = listed(&deployment, &ada).await;
    assert_eq!(keys[0]["last_used_ip"], "127.0.0.1", "{keys}");
    let eve = deployment.person("eve@example.com").await;
    deployment
        .get(&path)
        .by(&eve)
        .refused(404, "api-key-not-found")
        .await;
}

#[tokio::test]
async fn what_widens_a_key_needs_a_fresh_proof_and_what_narrows_it_does_not() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    ada.add_totp(&deployment).await;
    let (id, _) = make(&deployment, &ada, reading()).await;
    deployment.later(660);
    let post = |path: &str, body: Value| {
        let call = deployment.post(&format!("{KEYS}{path}")).by(&ada);
        call.json(body)
    };
    let rules = |scopes: &[&str], rate: Value| {
        let body = json!({ "key_id": id, "scopes": scopes, "rate_per_minute": rate, "daily_quota": null });
        post("/rules", body)
    };
    post("", reading()).refused(403, "step-up-required").await;
    post("/rotate", json!({ "key_id": id }))
        .refused(403, "step-up-required")
        .await;
    rules(&["entitlements:read", "invoices:read"], Value::Null)
        .refused(403, "step-up-required")
        .await;
    rules(&["entitlements:read"], json!(10)).ok().await;
    rules(&["entitlements:read"], json!(11))
        .refused(403, "step-up-required")
        .await;
    let networks = |allow: &str| post("/ip_rules", json!({ "key_id": id, "allow_cidrs": [allow] }));
    networks("203.0.113.0/24").ok().await;
    networks("203.0.112.0/23").refused(403, "step-up-required").await;
    networks("203.0.113.0/25").ok().await;
    post("/rename", json!({ "key_id": id, "label": "Reports" }))
        .ok()
        .await;
    post("/revoke", json!({ "key_id": id })).ok().await;
}

#[tokio::test]
async fn the_back_end_of_the_application_has_keys_verified() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let verifying = json!({ "scopes": ["api_keys:verify"] });
    let call = deployment.post(KEYS).by(&ada).json(verifying.clone());
    call.refused(403, "scope-for-operators").await;
    let (grace, subject) = with_factor(&deployment, "grace@example.com").await;
    grant(&deployment, &subject, Role::Viewer).await;
    let (_, back_end) = make(&deployment, &grace, verifying).await;
    let body =
        json!({ "scopes": ["entitlements:read"], "allow_cidrs": ["203.0.113.0/24"], "daily_quota": 2 });
    let (id, key) = make(&deployment, &ada, body).await;

    let verify = |body: Value| with(deployment.post("/api/keys/verify"), &back_end).json(body);
    let asked = |ip: &str| json!({ "api_key": key, "scope": "entitlements:read", "ip": ip });
    let valid = verify(asked("203.0.113.7")).ok().await;
    let me = deployment.get("/ui/me").by(&ada).ok().await;
    assert_eq!(
        (&valid["valid"], &valid["key_id"], &valid["user_sub"]),
        (&json!(true), &json!(id), &me["user_sub"])
    );
    let refused = verify(asked("198.51.100.1")).ok().await;
    assert_eq!(
        (&refused["valid"], &refused["refusal"]),
        (&json!(false), &json!("network"))
    );
    let nowhere = verify(json!({ "api_key": key })).ok().await;
    assert_eq!(nowhere["refusal"], "network");
    verify(asked("203.0.113.7")).ok().await;
    let limited = verify(asked("203.0.113.7")).ok().await;
    assert_eq!(limited["refusal"], "limit", "{limited}");
    assert!(limited["retry_after"].as_u64() > Some(1));

    let revoke = deployment.post("/ui/api_keys/revoke").by(&ada);
    revoke.json(json!({ "key_id": id })).ok().await;
    let unknown = verify(json!({ "api_key": "pck_nothing" })).ok().await;
    assert_eq!(unknown["valid"], false);
    assert_eq!(
        verify(asked("203.0.113.7")).ok().await,
        unknown,
        "nothing is told of it"
    );
    with(deployment.post("/api/keys/verify"), &key)
        .json(asked("203.0.113.7"))
        .refused(401, "unauthenticated")
        .await;
    verify(json!({ "api_key": key, "ip": "here" }))
        .refused(400, "invalid-request")
        .await;
}

/// Every operation of the document: method, path with examples, the scope that it takes, and whether it asks for anybody.
fn operations() -> Vec<(String, String, Option<String>, bool)> {
    let document = portcullis_openapi::document();
    let mut all = Vec::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let part = |part: &str| match part.strip_prefix('{') {
                None => part.to_owned(),
                Some(name) => {
                    let name = name.trim_end_matches('}');
                    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
                    let declared = parameters.find(|parameter| parameter["name"] == name);
                    let example = declared.and_then(|one| one["schema"]["example"].as_str());
                    example.unwrap_or("totp").to_owned()
                }
            };
            let path: Vec<String> = template.split('/').map(part).collect();
            let scope = operation["x-api-key-scope"].as_str().map(str::to_owned);
            let asks = operation["security"] != json!([]);
            all.push((method.to_uppercase(), path.join("/"), scope, asks));
        }
    }
    all
}

#[tokio::test]
async fn every_operation_refuses_a_key_that_may_not_use_it() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (_, without_scope) = make(&deployment, &ada, json!({})).await;
    let (id, revoked) = make(&deployment, &ada, reading()).await;
    let revoke = deployment.post("/ui/api_keys/revoke").by(&ada);
    revoke.json(json!({ "key_id": id })).ok().await;
    let eve = deployment.person("eve@example.com").await;
    let (_, closed) = make(&deployment, &eve, reading()).await;
    let close = deployment.post("/ui/account/closure/finalize").by(&eve);
    close.json(json!({})).ok().await;
    let mallory = deployment.person("mallory@example.com").await;
    let (_, frozen) = make(&deployment, &mallory, reading()).await;
    let me = deployment.get("/ui/me").by(&mallory).ok().await;
    let (grace, subject) = with_factor(&deployment, "grace@example.com").await;
    grant(&deployment, &subject, Role::Admin).await;
    let freeze = format!(
        "/api/operator/billing/customers/{}/freeze",
        me["user_sub"].as_str().unwrap()
    );
    let freeze = deployment.post(&freeze).by(&grace);
    freeze.json(json!({ "reason": "Stolen cards" })).ok().await;

    let mut scoped = 0;
    for (method, path, scope, asks) in operations() {
        if !asks {
            continue;
        }
        scoped += usize::from(scope.is_some());
        let call = || deployment.call(&method, &path);
        let refused = async |key: &str, status: u16, code: &str| {
            let problem = with(call(), key).refused(status, code).await;
            assert_eq!(problem["code"], code, "{method} {path}");
        };
        call().refused(401, "unauthenticated").await;
        refused(&revoked, 401, "unauthenticated").await;
        refused(&closed, 401, "unauthenticated").await;
        let [missing, halted] = match scope {
            Some(_) => [(403, "api-key-scope"), (403, "api-key-frozen")],
            None => [(401, "unauthenticated"); 2],
        };
        refused(&without_scope, missing.0, missing.1).await;
        refused(&frozen, halted.0, halted.1).await;
    }
    assert!(scoped > 25, "{scoped}");
}

#[tokio::test]
async fn every_scope_opens_its_operations_and_no_others() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let scopes = deployment.get("/ui/api_keys/scopes").by(&ada).ok().await;
    let operations = operations();
    for scope in scopes["scopes"].as_array().unwrap() {
        let name = scope["name"].as_str().unwrap();
        let (id, key) = make(&deployment, &ada, json!({ "scopes": [name] })).await;
        let mut opened = 0;
        for (method, path, needed, _) in operations.iter().filter(|one| one.2.is_some()) {
            let answer = with(deployment.call(method, path), &key).send().await;
            let refused = [401, 403].contains(&answer.status);
            let may = needed.as_deref() == Some(name);
            opened += usize::from(may);
            assert_eq!(refused, !may, "{name}: {method} {path}: {}", answer.text);
        }
        assert!(opened > 0, "{name} opens nothing");
        let revoke = deployment.post("/ui/api_keys/revoke").by(&ada);
        revoke.json(json!({ "key_id": id })).ok().await;
    }
}
