//! Applications behind a reverse proxy: who may pass, what the application is told, and the way back after signing in.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_ports::testkit::skipped;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::client::{Call, Person};
use super::deployment::Deployment;

const VERIFY: &str = "/api/auth/verify";

async fn key(deployment: &Deployment, owner: &Person, scope: &str) -> (String, String) {
    let body = json!({ "label": "Back end", "scopes": [scope] });
    let made = deployment.post("/ui/api_keys").by(owner).json(body).ok().await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("key_id"), text("api_key"))
}

/// What the application is told: user, e-mail address, method, credential.
async fn passes(call: Call<'_>) -> [String; 4] {
    let answer = call.send().await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    ["user", "email", "method", "credential"]
        .map(|name| answer.header(&format!("x-auth-request-{name}")).to_owned())
}

async fn user(deployment: &Deployment, person: &Person) -> String {
    let me = deployment.get("/ui/me").by(person).ok().await;
    me["user_sub"].as_str().unwrap().to_owned()
}

/// The session cookie of a browser that signed in.
async fn cookie(deployment: &Deployment, person: &Person) -> String {
    let started = deployment.post("/ui/session/start").with_bearer(person);
    let answer = started.json(json!({ "transport": "cookie" })).send().await;
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn sessions_and_keys_that_may_enter_pass_and_the_application_is_told_who_it_is() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let sub = user(&deployment, &ada).await;
    let verify = || deployment.get(VERIFY);
    let [who, email, method, session] = passes(verify().by(&ada)).await;
    assert_eq!(
        [who.as_str(), &email, &method],
        [&sub, "", "session"],
        "the address is not proven yet"
    );
    assert!(
        ada.session.starts_with(&session) && session.starts_with("ses_"),
        "{session}"
    );

    let code = deployment.post.code("ada@example.com");
    let proof = json!({ "email": "ada@example.com", "code": code });
    deployment.post("/auth/verify-email").json(proof).ok().await;
    deployment.later(2);
    let cookie = cookie(&deployment, &ada).await;
    let by_cookie = passes(verify().header("cookie", &cookie)).await;
    assert_eq!(by_cookie[..3], [sub.as_str(), "ada@example.com", "session"]);

    let (id, entering) = key(&deployment, &ada, "applications:enter").await;
    let told = passes(verify().header("x-api-key", &entering)).await;
    assert_eq!(told, [sub.as_str(), "ada@example.com", "api_key", &id]);
    let (_, reading) = key(&deployment, &ada, "entitlements:read").await;
    let refused = verify()
        .header("x-api-key", &reading)
        .refused(403, "api-key-scope")
        .await;
    assert_eq!(refused["scope"], "applications:enter");

    verify().refused(401, "unauthenticated").await;
    let options = || deployment.call("OPTIONS", VERIFY);
    passes(options().by(&ada)).await;
    options().refused(401, "unauthenticated").await;
    verify().with_bearer(&ada).refused(401, "unauthenticated").await;
    deployment.post("/auth/sign-out").by(&ada).ok().await;
    verify().by(&ada).refused(401, "unauthenticated").await;
    passes(verify().header("cookie", &cookie)).await;
}

#[tokio::test]
async fn browsers_are_sent_to_the_sign_in_page_and_back_to_listed_origins_alone() {
    let deployment = Deployment::with(|plan| {
        plan.settings.forward_auth.return_origins = vec!["https://shop.example.com".parse().unwrap()];
    })
    .await;
    let page = |query: &str, host: &str| {
        deployment
            .get(&format!("{VERIFY}{query}"))
            .header("accept", "text/html")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-host", host)
            .header("x-forwarded-uri", "/cart?a=b&c=d")
    };
    for (host, expected) in [
        (
            "shop.example.com",
            "https://gate.example.com/sign-in?return_to=https%3A%2F%2Fshop.example.com%2Fcart%3Fa%3Db%26c%3Dd",
        ),
        ("evil.example", "https://gate.example.com/sign-in"),
        (
            "shop.example.com@evil.example",
            "https://gate.example.com/sign-in",
        ),
    ] {
        let answer = page("?redirect=true", host).send().await;
        assert_eq!((answer.status, answer.header("location")), (302, expected));
    }
    for query in ["", "?redirect=false"] {
        page(query, "shop.example.com")
            .refused(401, "unauthenticated")
            .await;
    }
    let posts = page("?redirect=true", "shop.example.com").header("x-forwarded-method", "POST");
    posts.refused(401, "unauthenticated").await;

    let back = |to: &str| deployment.get(&format!("/auth/return?to={to}"));
    let sent = back("https%3A%2F%2Fshop.example.com%2Fcart%3Fa%3Db").send().await;
    assert_eq!(
        (sent.status, sent.header("location")),
        (303, "https://shop.example.com/cart?a=b")
    );
    for to in [
        "https://evil.example/",
        "//evil.example",
        "/ui/me",
        "javascript:alert(1)",
        "",
    ] {
        back(to).refused(400, "return-address-not-allowed").await;
    }
    let home = deployment.get("/auth/return").send().await;
    assert_eq!((home.status, home.header("location")), (303, "/"));
}

#[tokio::test]
async fn envoy_asks_with_any_method_and_path_and_is_answered_with_200() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let sub = user(&deployment, &ada).await;
    for (method, path) in [
        ("GET", "/"),
        ("POST", "/cart/items?redirect=true"),
        ("DELETE", "/a/b/c"),
        ("OPTIONS", "/x"),
    ] {
        let call = || deployment.call(method, &format!("{VERIFY}{path}"));
        let answer = call().by(&ada).send().await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
        assert_eq!(answer.header("x-auth-request-user"), sub);
        let nobody = call().header("accept", "text/html").send().await;
        assert_eq!(nobody.status, 401, "{method} {path}: {}", nobody.text);
    }
}

/// An application that takes down the head of every request.
struct Application {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Application {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                let head = String::from_utf8_lossy(&head).to_lowercase();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
                stream.read_exact(&mut body).await.ok();
                kept.lock().unwrap().push(head);
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
                stream.write_all(answer.as_bytes()).await.ok();
            }
        });
        Self { port, heads }
    }

    fn head(&self) -> String {
        self.heads.lock().unwrap().pop().unwrap()
    }
}

/// nginx with the configuration that the manual shows; it does not outlive the test.
struct Nginx {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).ok();
        self.child.wait().ok();
    }
}

const MANUAL: &str = include_str!("../../../../docs/applications.md");

/// What the manual has nginx's configuration be, with these addresses in it.
fn manual(gate: u16, application: u16, listen: u16) -> String {
    let server = MANUAL
        .split("```nginx\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    server
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{gate}"))
        .replace("127.0.0.1:3000", &format!("127.0.0.1:{application}"))
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{listen};"))
}

impl Nginx {
    /// Nothing where there is no nginx.
    async fn start(deployment: &Deployment, application: &Application) -> Option<Self> {
        let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/nginx/usr/sbin/nginx");
        let installed = [
            "/usr/sbin/nginx",
            "/usr/local/bin/nginx",
            "/opt/homebrew/bin/nginx",
        ];
        let mut all = [unpacked].into_iter().chain(installed.map(PathBuf::from));
        let Some(program) = all.find(|path| path.exists()) else {
            skipped(
                "an application behind nginx",
                "there is no nginx: `.ci/test step tools` unpacks one on Debian",
            );
            return None;
        };
        let folder = TempDir::new().unwrap();
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = manual(deployment.address.port(), application.port, free);
        let text = format!(
            "daemon off; pid nginx.pid; error_log stderr warn; events {{}} http {{ access_log off; client_body_temp_path body; \
             proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n{server}\n}}"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, text).unwrap();
        let child = Command::new(program)
            .args([
                "-p".as_ref(),
                folder.path().as_os_str(),
                "-c".as_ref(),
                file.as_os_str(),
            ])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Self {
            child,
            url: format!("http://127.0.0.1:{free}"),
            _folder: folder,
        };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", free)).await.is_ok() {
                return Some(nginx);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nginx does not listen");
    }
}

/// An application behind nginx.
struct Shop {
    deployment: Deployment,
    application: Application,
    nginx: Nginx,
}

impl Shop {
    /// Nothing where there is no nginx.
    async fn open() -> Option<Self> {
        let deployment = Deployment::with(|plan| {
            plan.settings.forward_auth.return_origins = vec!["http://shop.example.com".parse().unwrap()];
        })
        .await;
        let application = Application::start().await;
        let nginx = Nginx::start(&deployment, &application).await?;
        Some(Self {
            deployment,
            application,
            nginx,
        })
    }

    /// What a client says of itself counts for nothing.
    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let request = self.deployment.client.get(format!("{}{path}", self.nginx.url));
        request
            .header("host", "shop.example.com")
            .header("x-auth-request-user", "usr_admin")
            .header("x-auth-request-email", "boss@example.com")
    }
}

#[tokio::test]
async fn nginx_lets_through_whoever_may_pass_and_tells_the_application_who_it_is() {
    let Some(shop) = Shop::open().await else { return };
    let (deployment, application) = (&shop.deployment, &shop.application);
    let get = |path: &str| shop.get(path);
    let ada = deployment.person("ada@example.com").await;
    let sub = user(deployment, &ada).await;
    let cookie = cookie(deployment, &ada).await;
    let let_in = get("/cart?a=b").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(let_in.status(), 200);
    assert_eq!(let_in.text().await.unwrap(), "hello");
    let head = application.head();
    assert!(head.starts_with("get /cart?a=b "), "{head}");
    assert!(
        head.contains(&format!("x-auth-request-user: {sub}\r\n")),
        "{head}"
    );
    assert!(head.contains("x-auth-request-method: session\r\n"), "{head}");
    assert!(
        !head.contains("usr_admin") && !head.contains("boss@example.com"),
        "{head}"
    );
    assert!(
        !head.contains("__host-portcullis"),
        "the application is not given the session: {head}"
    );

    let (_, entering) = key(deployment, &ada, "applications:enter").await;
    let program = get("/").header("x-api-key", &entering).send().await.unwrap();
    assert_eq!(program.status(), 200);
    let head = application.head();
    assert!(
        head.contains("x-auth-request-method: api_key\r\n") && !head.contains(&entering.to_lowercase()),
        "{head}"
    );

    for stranger in [
        get("/cart?a=b"),
        get("/cart?a=b").header("cookie", "__Host-portcullis=ses_x"),
    ] {
        let refused = stranger.header("accept", "text/html").send().await.unwrap();
        assert_eq!(refused.status(), 302);
        let page = "https://gate.example.com/sign-in?return_to=http%3A%2F%2Fshop.example.com%2Fcart%3Fa%3Db";
        assert_eq!(refused.headers()["location"], page);
    }
    let program = get("/cart")
        .header("accept", "application/json")
        .send()
        .await
        .unwrap();
    assert_eq!(program.status(), 401);
    let (_, reading) = key(deployment, &ada, "entitlements:read").await;
    let refused = get("/").header("x-api-key", &reading).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let posted = deployment
        .client
        .post(format!("{}/cart", shop.nginx.url))
        .header("cookie", &cookie)
        .body("x".repeat(10_000));
    assert_eq!(
        posted.send().await.unwrap().status(),
        200,
        "a body goes to the application and not to the gate"
    );
    assert!(application.head().starts_with("post /cart "));
    deployment.post("/ui/sessions/revoke_others").by(&ada).ok().await;
    let ended = get("/cart").header("cookie", &cookie).send().await.unwrap();
    assert_ne!(ended.status(), 200, "at once");
    assert!(application.heads.lock().unwrap().is_empty());
}

/// Whatever other cookies there are, of the application's or planted by a page of a neighbour.
#[tokio::test]
async fn nginx_gives_no_application_the_cookies_of_the_gate() {
    let Some(shop) = Shop::open().await else { return };
    let ada = shop.deployment.person("ada@example.com").await;
    let cookie = cookie(&shop.deployment, &ada).await;
    let secret = cookie.split('=').nth(1).unwrap().to_lowercase();
    for (cookies, left) in [
        (format!("cart=1; {cookie}; theme=\u{e9}"), Some("cart=1; theme=")),
        (format!("{cookie};cart=1"), Some("cart=1")),
        (
            format!("__Host-portcullis-device=d; cart=1; {cookie}"),
            Some("cart=1;"),
        ),
        (
            format!("{cookie}; __Host-portcullis-device=d; cart=1"),
            Some("cart=1"),
        ),
        (format!("{cookie}; zz__Host-portcullis=1"), None),
        (format!("{cookie}; f=__Host-portcullis=1"), None),
        (format!("{cookie}; __Host-portcullis="), Some("")),
        (format!("{cookie}; {cookie}; {cookie}"), None),
    ] {
        let answer = shop
            .get("/")
            .header("cookie", cookies.as_bytes())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{cookies}");
        let head = shop.application.head();
        assert!(
            !head.contains(&secret) && !head.contains("__host-portcullis"),
            "{cookies}: {head}"
        );
        match left {
            Some(left) => assert!(
                left.is_empty() || head.contains(&format!("cookie: {left}")),
                "{cookies}: {head}"
            ),
            None => assert!(!head.contains("\r\ncookie:"), "{cookies}: {head}"),
        }
    }
}
