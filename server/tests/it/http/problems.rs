//! Problems: whatever goes wrong looks the same, in handlers and in the framework around them.

use serde_json::json;

use super::deployment::Deployment;
use super::hasher::BREAKS;

#[tokio::test]
async fn what_is_not_served_is_a_problem_too() {
    let deployment = Deployment::start().await;
    for path in [
        "/ui/nothing",
        "/auth",
        "/api/v9",
        "/dev/mailbox",
        "/openapi",
        "/problems/nonsense",
        "/ui/mex",
    ] {
        deployment
            .get(path)
            .header("accept", "text/html")
            .refused(404, "not-found")
            .await;
    }
    deployment.post("/anything").refused(404, "not-found").await;
    deployment.get("/ui/sessions/").refused(404, "not-found").await;
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let deployment = Deployment::start().await;
    for (method, path, allow) in [
        ("GET", "/auth/sign-in", "POST, OPTIONS"),
        ("DELETE", "/ui/me", "GET, HEAD, OPTIONS"),
        ("BREW", "/ui/me", "GET, HEAD, OPTIONS"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
    ] {
        deployment
            .call(method, path)
            .refused(405, "method-not-allowed")
            .await;
        assert_eq!(
            deployment.call(method, path).send().await.header("allow"),
            allow,
            "{method} {path}"
        );
    }
    let answer = deployment.call("OPTIONS", "/auth/sign-in").send().await;
    assert_eq!((answer.status, answer.header("allow")), (204, "POST, OPTIONS"));
}

#[tokio::test]
async fn a_head_request_gets_the_head_alone() {
    let deployment = Deployment::start().await;
    let whole = deployment.get("/api/ping").send().await;
    let head = deployment.call("HEAD", "/api/ping").send().await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), whole.header("content-length"));
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_each_in_its_way() {
    let deployment = Deployment::start().await;
    let post = || deployment.post("/auth/sign-in");
    post()
        .body("application/json", "{")
        .refused(400, "invalid-request")
        .await;
    post()
        .body("application/json", "[]")
        .refused(400, "invalid-request")
        .await;
    post()
        .body("application/json", "\u{fffd}")
        .refused(400, "invalid-request")
        .await;
    post()
        .body("text/plain", "{}")
        .refused(415, "unsupported-media-type")
        .await;
    post()
        .body("application/x-www-form-urlencoded", "email=a")
        .refused(415, "unsupported-media-type")
        .await;
    let missing = post().refused(400, "invalid-request").await;
    assert_eq!(
        missing["errors"],
        json!([{ "pointer": "/email", "detail": "This field is required." }])
    );
    assert_eq!(missing["type"], "/problems/invalid-request");
    let wrong = post()
        .json(json!({ "email": "ada@example.com", "password": 5 }))
        .refused(400, "invalid-request")
        .await;
    assert_eq!(wrong["errors"][0]["pointer"], "/password");
}

#[tokio::test]
async fn a_byte_order_mark_before_a_body_is_skipped() {
    let deployment = Deployment::start().await;
    let body = "\u{feff}{\"email\":\"ada@example.com\",\"password\":\"plum-kettle-orbit\"}";
    let post = |body: &'static str| deployment.post("/auth/sign-in").body("application/json", body);
    post(body).refused(401, "wrong-credentials").await;
    post("\u{feff}\u{feff}{}").refused(400, "invalid-request").await;
}

#[tokio::test]
async fn a_compressed_body_is_refused_with_what_would_be_accepted() {
    let deployment = Deployment::start().await;
    let post = |encoding: &str| {
        deployment
            .post("/auth/sign-in")
            .header("content-encoding", encoding)
            .json(json!({ "email": "ada@example.com", "password": "plum-kettle-orbit" }))
    };
    for encoding in ["gzip", "br", "identity, gzip", "x"] {
        post(encoding).refused(415, "unsupported-encoding").await;
        assert_eq!(post(encoding).send().await.header("accept-encoding"), "identity");
    }
    post("Identity").refused(401, "wrong-credentials").await;
}

#[tokio::test]
async fn a_body_has_the_shape_that_the_document_says() {
    let deployment = Deployment::start().await;
    // Each would be taken by a lenient parser.
    for (path, body, pointer) in [
        (
            "/auth/sign-in",
            json!(["ada@example.com", "plum-kettle-orbit"]),
            "",
        ),
        (
            "/auth/sign-up",
            json!(["ada@example.com", "plum-kettle-orbit", null]),
            "",
        ),
        ("/auth/verify-email/resend", json!(["ada@example.com"]), ""),
        ("/auth/sign-in", json!("ada@example.com"), ""),
    ] {
        let refused = deployment
            .post(path)
            .json(body)
            .refused(400, "invalid-request")
            .await;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{path}");
    }
    let ada = deployment.person("ada@example.com").await;
    for body in [json!({ "transport": { "cookie": null } }), json!(["cookie"])] {
        deployment
            .post("/ui/session/start")
            .with_bearer(&ada)
            .json(body)
            .refused(400, "invalid-request")
            .await;
    }
}

#[tokio::test]
async fn a_large_body_is_refused_whether_or_not_it_says_so() {
    let deployment = Deployment::with(|plan| plan.server.body_limit = "1KiB".parse().unwrap()).await;
    let large = format!("{{\"email\":\"{}\"}}", "a".repeat(2000));
    deployment
        .post("/auth/sign-in")
        .body("application/json", large.clone())
        .refused(413, "body-too-large")
        .await;
    let chunks = large
        .into_bytes()
        .chunks(100)
        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
        .collect::<Vec<_>>();
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    deployment
        .post("/auth/sign-in")
        .body("application/json", stream)
        .refused(413, "body-too-large")
        .await;
    let fits = json!({ "email": "ada@example.com", "password": "wrong" });
    deployment
        .post("/auth/sign-in")
        .json(fits)
        .refused(401, "wrong-credentials")
        .await;
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_no_fault_of_the_caller() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    deployment.store.fail_next(50);
    let answer = deployment.get("/ui/me").by(&ada).send().await;
    deployment.store.fail_next(0);
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (503, &json!("store-unavailable")),
        "{}",
        answer.text
    );
    assert_eq!(
        answer.header("retry-after"),
        answer.json()["retry_after"].to_string()
    );
    assert!(
        !answer.text.contains("the test told it"),
        "causes are for the log: {}",
        answer.text
    );
    deployment.get("/ui/me").by(&ada).ok().await;
}

#[tokio::test]
async fn a_defect_tells_nothing_and_harms_nobody_else() {
    let deployment = Deployment::start().await;
    let body = json!({ "email": "ada@example.com", "password": format!("{BREAKS}-9") });
    let problem = deployment
        .post("/auth/sign-up")
        .json(body)
        .refused(500, "internal")
        .await;
    assert_eq!(problem["detail"], "Something went wrong on our side.");
    deployment.get("/api/ping").ok().await;
}

#[tokio::test]
async fn every_problem_is_explained_to_people_and_programs() {
    let deployment = Deployment::start().await;
    for code in portcullis_openapi::codes() {
        let path = format!("/problems/{}", code.name());
        let facts = deployment.get(&path).ok().await;
        assert_eq!(
            (&facts["code"], &facts["type"]),
            (&json!(code.name()), &json!(path))
        );
        let page = deployment
            .get(&path)
            .header("accept", "text/html,*/*")
            .send()
            .await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.text.contains(code.name()), "{}", page.text);
    }
}
