//! A change of the key manager, as an operator goes about it: the real program between two lives of one deployment.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::App;
use portcullis_core::Source;
use portcullis_core::accounts::{SignIn, SignUp, SignedUp};
use portcullis_core::challenges::Started;
use portcullis_core::challenges::VerifyTotp;
use portcullis_core::factors::{AddTotp, ConfirmTotp};
use portcullis_core::input::{Digits, SecretInput};
use portcullis_core::sessions::{Identified, StartSession};
use portcullis_ports::identity::Presented;
use portcullis_ports::keys::{Keys, NOT_OURS};
use portcullis_ports::plugin::Runtime;
use portcullis_ports::testkit::FakeClock;
use portcullis_ports::{Clock as _, Error};
use portcullis_server::compose::{connect_all, dependencies};
use portcullis_server::system::{SystemClock, runtime};
use tempfile::TempDir;

use crate::authenticator;
use crate::program::{PATIENCE, ends};
use crate::setup::{ENOUGH, says, with_file};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "plum-kettle-orbit";

struct Bearer(String);

impl Presented for Bearer {
    fn bearer(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn header(&self, _: &str) -> Option<&str> {
        None
    }
}

/// A deployment on a folder, whose keys change.
struct House {
    folder: TempDir,
    clock: Arc<FakeClock>,
}

fn source() -> Source {
    Source::new(IpAddr::from([192, 0, 2, 1]), "test browser")
}

impl House {
    /// With two key files, one made after the other.
    fn new() -> Self {
        let house = Self {
            folder: TempDir::new().unwrap(),
            clock: Arc::new(FakeClock::at(SystemClock.now())),
        };
        for file in ["old.toml", "new.toml"] {
            house.program(&["keys", "create", "--file", file], 0);
        }
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The settings with these lines in `[keys]`.
    fn settings(&self, keys: &str) -> String {
        let folder = self.folder.path().display();
        format!(
            "server.public_url = \"https://gate.example.com\"\n\
             [store]\nuse = \"main\"\n[store.main.embedded]\nfolder = \"{folder}/store\"\n\
             [passwords]\nuse = \"quick\"\n[passwords.quick.argon2id]\nmemory = \"1MiB\"\n\
             [keys]\n{keys}\n\
             [keys.old.keyfile]\nfile = \"{folder}/old.toml\"\n\
             [keys.new.keyfile]\nfile = \"{folder}/new.toml\"\n"
        )
    }

    async fn start(&self, keys: &str) -> Result<App, Error> {
        let settings = self.settings(keys);
        fs::write(self.path("portcullis.toml"), &settings).unwrap();
        let config = with_file(&settings).validated();
        let runtime = Runtime {
            clock: self.clock.clone(),
            ..runtime().unwrap()
        };
        let connected = connect_all(config.plugins, None, &runtime, PATIENCE)
            .await
            .unwrap_or_else(|failure| panic!("{failure}"));
        App::open(
            dependencies(connected, &runtime, None, config.texts),
            config.settings,
        )
        .await
    }

    /// Runs the program to its end, which must be this one.
    fn program(&self, arguments: &[&str], code: i32) -> (String, String) {
        ends(&self.folder, arguments, code)
    }

    fn reencrypts(&self, more: &[&str], code: i32) -> (String, String) {
        self.program(&[&["keys", "reencrypt"], more].concat(), code)
    }

    fn code(&self, secret: &str) -> SecretInput<Digits> {
        let now = u64::try_from(self.clock.now().seconds()).unwrap();
        SecretInput::new(authenticator::code(secret, now))
    }

    /// Ada signs up and enrols an authenticator app.
    async fn enrols(&self, app: &App) -> String {
        let command = SignUp {
            email: EMAIL.parse().unwrap(),
            password: SecretInput::new(PASSWORD),
            display_name: None,
        };
        let SignedUp::Account(token) = app.accounts.sign_up(command, &source()).await.unwrap() else {
            panic!("open sign-up makes an account");
        };
        let who = identified(app, token.access_token).await;
        let started = app.challenges.start(&who, StartSession::default()).await.unwrap();
        let Started::Granted(granted) = started else {
            panic!("no factor is enrolled");
        };
        let credential = granted.credential.expose();
        let session = app.sessions.resume(credential, None, &source()).await.unwrap();
        let begun = app.factors.add_totp(&session, AddTotp::default()).await.unwrap();
        let command = ConfirmTotp {
            device_id: begun.device_id,
            totp_code: self.code(&begun.secret),
        };
        app.factors.confirm_totp(&session, command).await.unwrap();
        begun.secret
    }

    /// Ada signs in with her password and her authenticator app.
    async fn signs_in(&self, app: &App, secret: &str) -> Result<(), Error> {
        self.clock.advance(Duration::from_mins(1));
        let command = SignIn {
            email: EMAIL.parse().unwrap(),
            password: SecretInput::new(PASSWORD),
        };
        let token = app.accounts.sign_in(command, &source()).await?;
        let who = identified(app, token.access_token).await;
        let Started::Challenged(opened) = app.challenges.start(&who, StartSession::default()).await? else {
            panic!("a factor is enrolled");
        };
        let command = VerifyTotp {
            challenge_id: SecretInput::new(opened.challenge_id),
            totp_code: self.code(secret),
            trust_device: None,
        };
        app.challenges.verify_totp(&who, command).await?;
        Ok(())
    }
}

async fn identified(app: &App, token: String) -> Identified {
    app.accounts
        .identify(&Bearer(token), None, &source())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_key_manager_is_given_up_once_everything_was_sealed_anew() {
    let house = House::new();
    let app = house.start("use = \"old\"").await.unwrap();
    let secret = house.enrols(&app).await;
    house.signs_in(&app, &secret).await.unwrap();
    drop(app);

    // Without the former one, nothing opens.
    let error = house.start("use = \"new\"").await.err().unwrap();
    assert_eq!(error.code(), NOT_OURS);

    let app = house.start("use = \"new\"\nprevious = [\"old\"]").await.unwrap();
    house.signs_in(&app, &secret).await.unwrap();

    let (_, err) = house.reencrypts(&[], 69);
    says(
        &err,
        &[
            "store.main (embedded) did not connect",
            "in use by process",
            "stop the service",
        ],
    );
    drop(app);

    let (planned, _) = house.reencrypts(&["--dry-run"], 0);
    says(
        &planned,
        &["would be sealed anew with keys.new (keyfile), 0 sealed with it already, 0 opened by nobody."],
    );
    let (done, err) = house.reencrypts(&[], 0);
    assert_eq!(done, planned.replace("would be sealed anew", "sealed anew"));
    assert!(!done.starts_with("0 "), "{done}");
    says(&err, &["keyring: 1 looked at", "totp: 1 looked at"]);
    let (again, _) = house.reencrypts(&[], 0);
    says(&again, &["secrets: 0 sealed anew with keys.new (keyfile)"]);

    fs::remove_file(house.path("old.toml")).unwrap();
    let app = house.start("use = \"new\"").await.unwrap();
    house.signs_in(&app, &secret).await.unwrap();
}

#[tokio::test]
async fn after_a_rotation_the_older_keys_are_given_up_with_all() {
    let house = House::new();
    let app = house.start("use = \"old\"").await.unwrap();
    let secret = house.enrols(&app).await;
    drop(app);
    house.program(&["keys", "rotate", "--file", "old.toml"], 0);
    says(&house.reencrypts(&[], 0).0, &["secrets: 0 sealed anew"]);
    says(&house.reencrypts(&["--all"], 0).0, &[" 0 sealed with it already"]);

    // The key that was there first goes, and what it sealed is still there.
    let file = house.path("old.toml");
    let text = fs::read_to_string(&file).unwrap();
    let (active, _) = text.split_once("active = \"").unwrap().1.split_once('"').unwrap();
    let mut tables = text.split("[[keys]]");
    let head = tables.next().unwrap();
    let kept = tables.find(|table| table.contains(active)).unwrap();
    fs::write(&file, format!("{head}[[keys]]{kept}")).unwrap();
    let app = house.start("use = \"old\"").await.unwrap();
    house.signs_in(&app, &secret).await.unwrap();
}

#[tokio::test]
async fn what_nobody_opens_is_named_and_shown_by_the_exit_code() {
    let house = House::new();
    let app = house.start("use = \"old\"").await.unwrap();
    house.enrols(&app).await;
    drop(app);
    fs::write(house.path("portcullis.toml"), house.settings("use = \"new\"")).unwrap();
    let (out, err) = house.reencrypts(&[], 1);
    says(&err, &["nobody opens keyring/root/1", "nobody opens totp/"]);
    assert!(
        out.contains(" 0 sealed anew") && !out.contains(" 0 opened by nobody"),
        "{out}"
    );
}

#[test]
fn former_key_managers_are_checked_like_the_one_in_use() {
    let with = |previous: &str| {
        let keys = format!("keys = {{ use = \"main\", previous = {previous}, main = {{ keyfile");
        ENOUGH
            .replace("keys = { use = \"main\", main = { keyfile", &keys)
            .replace(
                "/keys.toml\" } }",
                "/keys.toml\" } }, old = { keyfile = { file = \"/old.toml\" } }",
            )
    };
    let fine = with_file(&with("[\"old\"]"));
    assert_eq!(
        fine.validated().plugins.many::<Keys>()[1].name(),
        "keys.old (keyfile)"
    );
    assert_eq!(fine.shown("keys.previous").0, "[\"old\"]");
    for (previous, expected) in [
        (
            "[\"odl\"]",
            &[
                "keys.previous",
                "There is no [keys.odl.…].",
                "Did you mean `old`?",
            ][..],
        ),
        ("[\"main\"]", &["keys.previous", "`main` is the one in use."]),
        ("[\"old\", \"old\"]", &["twice"]),
        ("\"old\"", &["keys.previous", "Expected is a list"]),
        ("[\"previous\"]", &["There is no [keys.previous.…]."]),
    ] {
        says(&with_file(&with(previous)).mistakes(), expected);
    }
    let variable = with_file(&with("[]")).variable("PORTCULLIS_KEYS__PREVIOUS", "old");
    assert_eq!(variable.validated().plugins.many::<Keys>().len(), 2);
}
