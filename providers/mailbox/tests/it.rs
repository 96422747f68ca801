//! The mailbox on a real disk: shared folders, foreign and broken files, a full folder, a failing disk.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use portcullis_ports::Retry;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::error::Kind;
use portcullis_ports::id::MessageId;
use portcullis_ports::notification::{ConnectedSender, Destination, Message, Senders};
use portcullis_ports::outcome::Outcome;
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::FakeRuntime;
use portcullis_provider_mailbox as _;
use serde_json::json;
use tempfile::TempDir;

struct Here {
    root: TempDir,
    runtime: FakeRuntime,
}

impl Here {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            runtime: FakeRuntime::default(),
        }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("deep/mailbox")
    }

    async fn connect(&self) -> ConnectedSender {
        let settings = json!({ "folder": self.folder() });
        self.runtime
            .connect::<Senders>("mailbox", settings)
            .await
            .unwrap()
    }

    fn message(&self) -> Message {
        Message {
            id: MessageId::random(&*self.runtime.entropy).unwrap(),
            to: Destination::Email(EmailAddress::parse("ada@example.com").unwrap()),
            subject: "Your code".to_owned(),
            text: "123456".to_owned(),
            html: None,
            code: Some("123456".to_owned()),
        }
    }

    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

async fn send(mailbox: &ConnectedSender, message: &Message) {
    let outcome = mailbox.sender.send(message).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

async fn ids(mailbox: &ConnectedSender) -> Vec<String> {
    let messages = mailbox.mailbox.as_ref().unwrap().messages(None).await.unwrap();
    messages.into_iter().map(|kept| kept.id).collect()
}

#[tokio::test]
async fn a_message_is_one_private_json_file_named_by_time_and_id() {
    let here = Here::new();
    let mailbox = here.connect().await;
    let message = here.message();
    send(&mailbox, &message).await;
    let name = format!("0001790000000000-{}.json", message.id);
    assert_eq!(here.names(), BTreeSet::from([name.clone()]));
    let path = here.folder().join(name);
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(kept["to"], "ada@example.com");
    assert_eq!(kept["channel"], "email");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path), 0o600);
    assert_eq!(mode(here.folder()), 0o700);
}

#[tokio::test]
async fn messages_outlive_the_process_and_are_shared_between_two() {
    let here = Here::new();
    let (one, other) = (here.connect().await, here.connect().await);
    let (first, second) = (here.message(), here.message());
    send(&one, &first).await;
    here.runtime.clock.advance(Duration::from_secs(1));
    send(&other, &second).await;
    let expected = [second.id.to_string(), first.id.to_string()];
    assert_eq!(ids(&one).await, expected);
    assert_eq!(ids(&other).await, expected);
    assert_eq!(ids(&here.connect().await).await, expected);
}

#[tokio::test]
async fn a_repeat_by_another_process_replaces_the_first() {
    let here = Here::new();
    let (one, other) = (here.connect().await, here.connect().await);
    let message = here.message();
    send(&one, &message).await;
    here.runtime.clock.advance(Duration::from_secs(1));
    send(&other, &message).await;
    let name = format!("0001790000001000-{}.json", message.id);
    assert_eq!(here.names(), BTreeSet::from([name]));
}

#[tokio::test]
async fn a_repeat_that_two_processes_left_behind_is_shown_once() {
    let here = Here::new();
    let mailbox = here.connect().await;
    let message = here.message();
    send(&mailbox, &message).await;
    let from = here.folder().join(here.names().first().unwrap());
    let to = here
        .folder()
        .join(format!("0001790000009999-{}.json", message.id));
    fs::copy(from, to).unwrap();
    assert_eq!(ids(&mailbox).await, [message.id.to_string()]);
}

#[tokio::test]
async fn foreign_and_broken_files_are_skipped_and_left_alone() {
    let here = Here::new();
    let mailbox = here.connect().await;
    let message = here.message();
    send(&mailbox, &message).await;
    let broken = format!("0001790000000001-{}.json", here.message().id);
    let folder = format!("0001790000000002-{}.json", here.message().id);
    let large = format!("0001790000000003-{}.json", here.message().id);
    let empty = format!("0001790000000004-{}.json", here.message().id);
    fs::write(here.folder().join(&broken), "{\"id\":\"msg_").unwrap();
    fs::write(here.folder().join(&large), vec![b' '; 2 << 20]).unwrap();
    fs::write(here.folder().join(&empty), "").unwrap();
    fs::create_dir(here.folder().join(&folder)).unwrap();
    for foreign in [
        "README.md",
        "x.json",
        "-.json",
        ".hidden",
        "0001790000000000-msg_.json",
    ] {
        fs::write(here.folder().join(foreign), "not ours").unwrap();
    }
    let before = here.names();
    assert_eq!(ids(&mailbox).await, [message.id.to_string()]);
    send(&mailbox, &message).await;
    assert_eq!(here.names(), before);
}

#[tokio::test]
async fn only_the_newest_thousand_are_kept() {
    let here = Here::new();
    let mailbox = here.connect().await;
    let message = here.message();
    send(&mailbox, &message).await;
    let first = here.folder().join(here.names().first().unwrap());
    for at in 1..=1001 {
        let name = format!("{:016}-{}.json", 1_790_000_000_000_i64 + at, here.message().id);
        fs::copy(&first, here.folder().join(name)).unwrap();
    }
    fs::write(here.folder().join("notes.txt"), "mine").unwrap();
    here.runtime.clock.advance(Duration::from_mins(1));
    let newest = here.message();
    send(&mailbox, &newest).await;
    let names = here.names();
    assert_eq!(names.len(), 1001, "a thousand messages and one foreign file");
    assert!(names.iter().any(|name| name.contains(newest.id.as_str())));
    assert!(names.contains("notes.txt"));
    assert!(!first.exists());
    assert!(mailbox.probe.check().await.unwrap().starts_with("1000 messages"));
}

#[tokio::test]
async fn a_failing_disk_means_not_sent_and_try_again() {
    let here = Here::new();
    let mailbox = here.connect().await;
    fs::remove_dir_all(here.folder()).unwrap();
    let Outcome::NotSent(reason) = mailbox.sender.send(&here.message()).await else {
        panic!("there is no folder to keep it in");
    };
    assert!(matches!(reason.retry, Retry::Later(_)));
    assert!(reason.detail.contains("deep/mailbox"), "{reason:?}");
    assert!(!reason.detail.contains("123456") && !reason.detail.contains("ada"));
    let error = mailbox.probe.check().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    let listed = mailbox.mailbox.as_ref().unwrap().messages(None).await;
    assert_eq!(listed.unwrap_err().kind(), Kind::Unavailable);
    fs::create_dir(here.folder()).unwrap();
    send(&mailbox, &here.message()).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_named_when_connecting() {
    let here = Here::new();
    let file = here.root.path().join("file");
    fs::write(&file, "").unwrap();
    let settings = json!({ "folder": file.join("below") });
    let refused = here.runtime.connect::<Senders>("mailbox", settings).await;
    assert!(refused.err().unwrap().detail().contains("file/below"));
}

#[test]
fn an_empty_folder_setting_is_a_mistake() {
    let mistakes = Senders::plugins()[0].plan(json!({ "folder": "" })).err().unwrap();
    assert_eq!(mistakes[0].field, "folder");
}
