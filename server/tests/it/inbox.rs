//! The whole program is killed between the answer to a webhook and what follows from it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use tempfile::TempDir;

use crate::program::{PATIENCE, Program, Store, ends};

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const PATH: &str = "/webhooks/senders/texts";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let settings = format!(
        "[senders]\nuse = [\"texts\"]\n[senders.texts.twilio]\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"{TOKEN}\"\n\
         from = \"+15005550006\"\n"
    );
    fs::write(data.join("portcullis.toml"), settings).unwrap();
    folder
}

/// The wish of a number to be sent nothing any more, signed as Twilio does.
async fn stop(program: &Program, at: u32) -> reqwest::Result<reqwest::StatusCode> {
    let url = format!("{}{PATH}", program.url);
    let fields = [
        ("AccountSid", ACCOUNT.to_owned()),
        ("From", number(at)),
        ("MessageSid", sid(at)),
        ("OptOutType", "STOP".to_owned()),
    ];
    let mut signed = url.clone();
    for (name, value) in &fields {
        signed.push_str(name);
        signed.push_str(value);
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let signature = BASE64.encode(&mac.finalize().into_bytes());
    let form: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace('+', "%2B")))
        .collect();
    let request = program
        .client
        .post(url)
        .header("x-twilio-signature", signature)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.join("&"));
    Ok(request.send().await?.status())
}

fn number(at: u32) -> String {
    format!("+1202555{at:04}")
}

fn sid(at: u32) -> String {
    format!("SM{at:032}")
}

/// Where an event stands, as an operator sees it.
fn shown(folder: &TempDir, at: u32) -> String {
    let id = format!("{}:STOP", sid(at));
    let config = settings(folder);
    let arguments = [
        "inbox",
        "show",
        "senders.texts",
        &id,
        "--data",
        "data",
        "--config",
        &config,
    ];
    ends(folder, &arguments, 0).0
}

fn settings(folder: &TempDir) -> String {
    let file: &Path = &folder.path().join("data/portcullis.toml");
    file.display().to_string()
}

#[tokio::test]
async fn what_was_answered_is_applied_however_often_the_program_is_killed() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut acknowledged = Vec::new();
    for round in 0..8_u32 {
        let program = Program::start(&data, Store::Embedded);
        for at in round * 10..round * 10 + 1 + round % 4 {
            assert_eq!(stop(&program, at).await.unwrap(), 204);
            acknowledged.push(at);
        }
        // One more is under way, whose answer nobody hears.
        let last = stop(&program, round * 10 + 9);
        let heard = tokio::time::timeout(Duration::from_millis(u64::from(round)), last).await;
        program.kill();
        if matches!(heard, Ok(Ok(status)) if status == 204) {
            acknowledged.push(round * 10 + 9);
        }
    }
    let begun = Instant::now();
    loop {
        let program = Program::start(&data, Store::Embedded);
        // The vendor, who heard nothing of some answers, delivers everything again.
        for at in &acknowledged {
            assert_eq!(stop(&program, *at).await.unwrap(), 204);
        }
        assert!(program.terminate().success());
        let all = acknowledged
            .iter()
            .all(|at| shown(&folder, *at).contains("applied"));
        if all {
            break;
        }
        // What was under way when it was killed waits until its lease is over.
        assert!(begun.elapsed() < PATIENCE * 2, "what was answered is not applied");
    }
    let config = settings(&folder);
    for at in &acknowledged {
        let number = number(*at);
        let find = [
            "suppressions",
            "find",
            &number,
            "--data",
            "data",
            "--config",
            &config,
        ];
        let found = ends(&folder, &find, 0).0;
        assert_eq!(found.matches("opt-out").count(), 1, "{number}: {found}");
    }
}
