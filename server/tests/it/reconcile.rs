//! `portcullis reconcile` as an operator runs it, beside a simulated vendor.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portcullis_ports::http::{HttpMethod, HttpRequest, HttpResponse};
use portcullis_ports::simulation::Vendor as _;
use portcullis_ports::testkit::FakeClock;

use portcullis_provider_stripe::simulator::{SECRET_KEY, Simulator};
use portcullis_server::system::runtime;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::ends;
use crate::setup::says;

/// A vendor at an address of this machine, an hour behind: what happens there is old enough for its report.
struct Served {
    stripe: Arc<Simulator>,
    address: String,
    /// Whether it answers nobody any more.
    gone: Arc<AtomicBool>,
}

impl Served {
    fn start() -> Self {
        let now = runtime().unwrap().clock.now();
        let clock = Arc::new(FakeClock::at(now - Duration::from_hours(1)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let stripe = Arc::new(Simulator::at(clock, address.clone()));
        let gone = Arc::new(AtomicBool::new(false));
        let (vendor, hidden, origin) = (Arc::clone(&stripe), Arc::clone(&gone), address.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if !hidden.load(Ordering::SeqCst) {
                    converse(&stream, &vendor, &origin);
                }
            }
        });
        Self {
            stripe,
            address,
            gone,
        }
    }

    /// Somebody else takes money with the same account.
    fn charge(&self) {
        let mut order = HttpRequest::new(HttpMethod::Post, format!("{}/v1/payment_intents", self.address))
            .header("authorization", format!("Bearer {SECRET_KEY}"))
            .header("content-type", "application/x-www-form-urlencoded");
        order.body = b"amount=500&currency=usd&confirm=true&payment_method=pm_card_visa".to_vec();
        let answer = self.stripe.answer(&order);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["status"], "succeeded", "{body}");
    }
}

/// Answers one request.
fn converse(stream: &TcpStream, vendor: &Simulator, origin: &str) {
    let mut lines = BufReader::new(stream);
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let mut words = first.split_whitespace();
    let method = match words.next() {
        Some("GET") => HttpMethod::Get,
        _ => HttpMethod::Post,
    };
    let mut asked = HttpRequest::new(method, format!("{origin}{}", words.next().unwrap_or("/")));
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        let name = name.to_lowercase();
        if name == "content-length" {
            length = value.parse().unwrap();
        }
        asked = asked.header(name, value);
    }
    asked.body = vec![0; length];
    lines.read_exact(&mut asked.body).unwrap();
    let HttpResponse { status, body, .. } = vendor.answer(&asked);
    let head = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
}

/// Keys, and settings of a deployment that takes payments there.
fn deployment(folder: &TempDir, address: &str) -> String {
    let data = folder.path().join("data");
    let keys = data.join("secrets/keys.toml");
    fs::create_dir_all(keys.parent().unwrap_or_else(|| Path::new("/"))).unwrap();
    let settings = format!(
        "[payments]\nuse = [\"main\"]\n[payments.main.stripe]\nsecret_key = \"{SECRET_KEY}\"\n\
         publishable_key = \"pk_test_simulated\"\nwebhook_secret = \"whsec_simulated\"\n\
         account = \"acct_1Simulated\"\nendpoint = \"{address}\"\n"
    );
    fs::write(folder.path().join("portcullis.toml"), settings).unwrap();
    ends(folder, &["keys", "create", "--file", keys.to_str().unwrap()], 0);
    data.to_str().unwrap().to_owned()
}

#[test]
fn exit_codes_tell_what_agrees_what_is_open_and_what_could_not_be_read() {
    let (vendor, folder) = (Served::start(), TempDir::new().unwrap());
    let data = deployment(&folder, &vendor.address);
    let reconcile = |arguments: &[&str], code: i32| {
        let all = [&["reconcile"], arguments, &["--data", &data]].concat();
        ends(&folder, &all, code)
    };
    says(
        &reconcile(&["run"], 0).0,
        &["main", "complete: 0 lines", "Nothing is open."],
    );

    says(
        &reconcile(&["show"], 0).0,
        &["complete: 0 lines", "Nothing is open."],
    );

    vendor.charge();
    let found = reconcile(&["run", "--json"], 1).0;
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["open"][0]["kind"], "missing_here");
    assert_eq!(found["open"][0]["reported"]["amount"], 500);
    says(
        &reconcile(&["show"], 1).0,
        &[
            "missing_here",
            "reported 5.00 USD",
            "1 difference is open.",
            "nothing explains 0.00 USD",
        ],
    );
    let (_, refused) = reconcile(&["run", "--vendor", "other"], 1);
    says(&refused, &["No payment vendor `other` is connected"]);
    says(&reconcile(&["run", "--from", "yesterday"], 64).1, &["--from"]);

    vendor.gone.store(true, Ordering::SeqCst);
    says(
        &reconcile(&["run"], 2).0,
        &["incomplete", "the report could not be read"],
    );
    says(
        &reconcile(&["show", "--vendor", "main"], 2).0,
        &["incomplete", "1 difference is open."],
    );
}
