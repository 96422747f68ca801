//! Simulated vendors of `portcullis dev`: named on its first screen, answering, used where somebody asks for it.

use portcullis_ports::notification::Senders;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Program, Store, ends};
use crate::setup::says;

#[tokio::test]
async fn every_simulated_vendor_is_named_with_its_address_and_answers() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start_with(folder.path(), Store::Embedded, &["--simulate", "ses,twilio"]);
    let screen = program.screen();
    says(
        &screen,
        &[
            "Simulated Stripe",
            "Simulated Twilio",
            "Simulated Amazon SES",
            "(senders.ses)",
            "(senders.twilio)",
        ],
    );
    let stripe = screen
        .lines()
        .find(|line| line.contains("Simulated Stripe"))
        .unwrap();
    let address = stripe
        .split_whitespace()
        .find(|word| word.starts_with("http://127.0.0.1:"))
        .unwrap();
    let client = &program.client;
    let balance = client
        .get(format!("{address}v1/balance"))
        .bearer_auth("sk_test_simulated");
    let answer = balance.send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&body["object"], &body["livemode"]),
        (&"balance".into(), &false.into())
    );
    let wrong = client
        .get(format!("{address}v1/balance"))
        .bearer_auth("sk_test_of_nobody");
    assert_eq!(wrong.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for page in ["", "v3/", "simulated/frame"] {
        let answer = client.get(format!("{address}{page}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
    }
}

#[test]
fn a_vendor_that_cannot_be_simulated_is_refused() {
    let folder = TempDir::new().unwrap();
    let (_, said) = ends(&folder, &["dev", "--simulate", "smoke-signals"], 64);
    says(
        &said,
        &["`smoke-signals` cannot be simulated", "stripe", "twilio"],
    );
}

#[test]
fn a_simulated_sender_goes_before_the_mailbox_which_stays() {
    let setup = crate::setup::with_file("");
    let setup = setup.simulating(
        "twilio",
        serde_json::json!({
            "account_sid": "AC00000000000000000000000000000001",
            "auth_token": "token",
            "from": "+15005550006",
            "endpoint": "http://127.0.0.1:4010",
            "verify_endpoint": "http://127.0.0.1:4010",
        }),
    );
    let config = setup.validated();
    let senders = config.plugins.many::<Senders>();
    let names: Vec<_> = senders.iter().map(|sender| sender.name()).collect();
    assert_eq!(names, ["senders.twilio (twilio)", "senders.dev (mailbox)"]);
}

#[test]
fn a_simulated_vendor_that_the_file_uses_already_is_used_once() {
    let chosen = "payments.use = [\"other\", \"stripe\"]\n[payments.other.stripe]\nsecret_key = \"sk_test_other\"\n\
                  publishable_key = \"pk_test_other\"\nwebhook_secret = \"whsec_other\"\n";
    let settings = portcullis_provider_stripe::simulator::settings();
    let setup = crate::setup::with_file(chosen).simulating_at("payments", &["stripe"], "stripe", settings);
    let used = setup.shown("payments.use");
    assert_eq!(
        used,
        (r#"["stripe", "other"]"#.to_owned(), "--simulate".to_owned())
    );
}

#[test]
fn a_simulated_vendor_that_nobody_chose_is_a_choice_of_dev() {
    let settings = portcullis_provider_stripe::simulator::settings();
    let setup = crate::setup::with_file("").simulating_at("payments", &[], "stripe", settings);
    let (used, by) = setup.shown("payments.use");
    assert_eq!(used, r#"["stripe"]"#);
    assert_eq!(by, setup.shown("senders.use").1);
}

#[test]
fn nothing_but_dev_makes_simulated_vendors() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut makers = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path)
                .unwrap()
                .contains("Simulators::bind")
            {
                makers.push(path.strip_prefix(&source).unwrap().to_owned());
            }
        }
    }
    assert_eq!(makers, [std::path::Path::new("commands/dev.rs")]);
}
