//! Pages and files: the panel, Swagger UI, the API document, the mailbox of a developer's machine.

use serde_json::{Value, json};

use super::deployment::Deployment;

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

#[cfg(feature = "panel")]
#[tokio::test]
async fn the_panel_is_the_page_of_every_address_of_its_own() {
    let deployment = Deployment::start().await;
    for path in ["/", "/sign-in", "/recovery-codes", "/a/b/c"] {
        let page = deployment.get(path).header("accept", HTML).send().await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(page.text.contains("<div id=\"app\">"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(
            (page.header("x-frame-options"), page.header("referrer-policy")),
            ("DENY", "same-origin")
        );
    }
    deployment
        .get("/sign-in")
        .header("accept", "application/json")
        .refused(404, "not-found")
        .await;
    deployment
        .get("/assets/nothing.js")
        .header("accept", HTML)
        .refused(404, "not-found")
        .await;
}

#[cfg(feature = "panel")]
#[tokio::test]
async fn only_the_pages_that_need_it_run_scripts_of_payment_vendors() {
    let deployment = Deployment::start().await;
    let config = deployment.get("/api/billing/config").ok().await;
    let origin = config["vendors"][0]["origins"][0].as_str().unwrap().to_owned();
    let own = async |path: &str| {
        let page = deployment.get(path).header("accept", HTML).send().await;
        let header = |name| page.header(name).to_owned();
        (header("content-security-policy"), header("permissions-policy"))
    };
    for path in ["/billing/pay", "/billing/add-method"] {
        let (policy, permissions) = own(path).await;
        for part in [
            format!("script-src 'self' {origin}"),
            format!("connect-src 'self' {origin}"),
            format!("frame-src {origin}"),
            "frame-ancestors 'none'".to_owned(),
        ] {
            assert!(policy.contains(&part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(
            permissions.contains(&format!("payment=(self \"{origin}\"")),
            "{permissions}"
        );
    }
    for path in ["/", "/billing", "/billing/pay/", "/payments"] {
        let (policy, permissions) = own(path).await;
        assert!(
            !policy.contains(&origin) && !policy.contains("frame-src"),
            "{path} {policy}"
        );
        assert!(permissions.contains("payment=()"), "{permissions}");
    }
}

#[cfg(feature = "panel")]
#[tokio::test]
async fn hashed_files_are_kept_for_good_and_sent_compressed() {
    let deployment = Deployment::start().await;
    let script = portcullis_ui::paths()
        .find(|path| path.starts_with("assets/") && path.ends_with("js"))
        .unwrap();
    let get = || deployment.get(&format!("/{script}"));
    let file = get().send().await;
    assert_eq!(
        file.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(file.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(file.header("vary"), "accept-encoding");
    let length = |header: &str| header.parse::<usize>().unwrap();
    let small = deployment
        .call("HEAD", &format!("/{script}"))
        .header("accept-encoding", "br, gzip")
        .send()
        .await;
    assert_eq!(small.header("content-encoding"), "gzip");
    assert!(length(small.header("content-length")) < length(file.header("content-length")) / 2);
    for tag in [file.header("etag"), small.header("etag")] {
        assert_eq!(
            get().header("if-none-match", tag).send().await.status,
            304,
            "{tag}"
        );
    }
}

#[tokio::test]
async fn swagger_ui_is_a_page_without_inline_scripts() {
    let deployment = Deployment::start().await;
    let page = deployment.get("/docs").send().await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self';") && !policy.contains("unsafe"),
        "{policy}"
    );
    for path in [
        "/docs/swagger-ui.js",
        "/docs/swagger-ui.css",
        "/docs/start.js",
        "/docs/page.css",
    ] {
        assert!(page.text.contains(path), "{path}");
        let file = deployment.get(path).send().await;
        assert_eq!(
            (file.status, file.header("cache-control")),
            (200, "no-cache"),
            "{path}"
        );
        assert!(!file.text.is_empty());
    }
    let without = Deployment::with(|plan| plan.server.docs = false).await;
    without
        .get("/docs")
        .header("accept", HTML)
        .refused(404, "not-found")
        .await;
    without.get("/openapi.json").ok().await;
}

#[tokio::test]
async fn the_document_is_served_in_both_forms() {
    let deployment = Deployment::start().await;
    assert_eq!(
        deployment.get("/openapi.json").ok().await,
        portcullis_openapi::document()
    );
    let yaml = deployment.get("/openapi.yaml").send().await;
    assert_eq!(yaml.header("content-type"), "application/yaml");
    let yaml: Value = serde_json::from_str(&yaml.text).unwrap();
    assert_eq!(yaml, portcullis_openapi::document(), "JSON is YAML");
}

#[tokio::test]
async fn the_mailbox_shows_what_was_sent_on_a_developers_machine_only() {
    let deployment = Deployment::with(|plan| plan.development = true).await;
    deployment.person("ada@example.com").await;
    deployment.person("grace@example.com").await;
    let all = deployment.get("/dev/mailbox").ok().await;
    assert_eq!(all["messages"].as_array().unwrap().len(), 2, "{all}");
    let hers = deployment.get("/dev/mailbox?to=ada@example.com").ok().await;
    assert_eq!(hers["messages"].as_array().unwrap().len(), 1);
    let message = &hers["messages"][0];
    assert_eq!(
        (&message["channel"], &message["to"], &message["sent_at"]),
        (&json!("email"), &json!("ada@example.com"), &json!(1_790_000_000))
    );
    let page = deployment.get("/dev/inbox").send().await;
    assert!(page.status == 200 && page.text.contains("/dev/inbox.js"));
    assert_eq!(deployment.get("/dev/inbox.js").send().await.status, 200);
    let options = deployment.get("/ui/options").ok().await;
    assert_eq!(
        (&options["development"], &options["mailbox_url"]),
        (&json!(true), &json!("/dev/inbox"))
    );
    assert_eq!(options["channels"], json!({ "email": true, "sms": true }));
    assert_eq!(
        options["password"],
        json!({ "min_length": 10, "max_length": 256 })
    );

    let production = Deployment::start().await;
    for path in ["/dev/mailbox", "/dev/inbox", "/dev/inbox.js"] {
        production
            .get(path)
            .header("accept", HTML)
            .refused(404, "not-found")
            .await;
    }
    assert_eq!(
        production.get("/ui/options").ok().await["mailbox_url"],
        json!(null)
    );
}
