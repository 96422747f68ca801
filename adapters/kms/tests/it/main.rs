//! The key manager against the stand-in for KMS: calls, data keys, other keys, refusals and silence.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use portcullis_adapter_kms::ACTIONS;
use portcullis_adapter_kms::simulator::{KeyCondition, KmsSimulator, REGION};
use portcullis_ports::error::Kind;
use portcullis_ports::keys::{ConnectedKeys, EncryptionContext, KEYS_UNAVAILABLE, Keys, NOT_OURS, Sealed};
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::keys::conforms;
use portcullis_ports::testkit::{FakeRuntime, Fault, VendorClient};
use portcullis_ports::{Error, Retry};
use serde_json::{Value, json};

/// Where nobody listens: requests go to the stand-in without a network.
const ENDPOINT: &str = "http://127.0.0.1:9";

/// An account with one key, and a machine that asks for it.
struct House {
    kms: Arc<KmsSimulator>,
    way: Arc<VendorClient<KmsSimulator>>,
    runtime: FakeRuntime,
    key: String,
}

impl House {
    fn new() -> Self {
        let kms = Arc::new(KmsSimulator::default());
        let way = Arc::new(VendorClient::new(Arc::clone(&kms)));
        let key = kms.create_key();
        kms.alias("alias/portcullis", &key);
        let runtime = FakeRuntime {
            http: way.clone(),
            ..FakeRuntime::default()
        };
        Self {
            kms,
            way,
            runtime,
            key,
        }
    }

    async fn connect(&self) -> ConnectedKeys {
        self.connect_with(json!({})).await
    }

    async fn connect_with(&self, more: Value) -> ConnectedKeys {
        self.runtime.connect::<Keys>("kms", settings(more)).await.unwrap()
    }

    /// The actions that were asked for, in order.
    fn asked(&self) -> Vec<String> {
        let target = |request: portcullis_ports::http::HttpRequest| {
            let header = request
                .headers
                .into_iter()
                .find(|(name, _)| name == "x-amz-target");
            header.unwrap().1.replace("TrentService.", "kms:")
        };
        self.way.sent().into_iter().map(target).collect()
    }

    fn count(&self, action: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == action).count()
    }

    fn wait(&self, seconds: u64) {
        self.runtime.clock.advance(Duration::from_secs(seconds));
    }
}

fn settings(more: Value) -> Value {
    let mut settings = json!({
        "key": "alias/portcullis",
        "endpoint": ENDPOINT,
    });
    let more = more.as_object().unwrap().clone();
    settings.as_object_mut().unwrap().extend(more);
    settings
}

fn context() -> EncryptionContext {
    EncryptionContext::new("totp").and("account", "usr_1")
}

async fn seal(keys: &ConnectedKeys, plain: &str) -> Sealed {
    keys.keys.seal(plain.as_bytes(), &context()).await.unwrap()
}

async fn opens(keys: &ConnectedKeys, sealed: &Sealed, plain: &str) {
    let opened = keys.keys.open(sealed, &context()).await.unwrap();
    assert_eq!(opened.as_slice(), plain.as_bytes());
}

async fn refusal(keys: &ConnectedKeys, sealed: &Sealed) -> Error {
    keys.keys.open(sealed, &context()).await.expect_err("it opens")
}

/// All that an operator gets to see of an error.
fn shown(error: &Error) -> String {
    let text = format!("{error} {error:?}");
    assert!(!text.contains("attack at dawn"), "{text}");
    text
}

#[tokio::test]
async fn it_conforms_when_every_secret_asks_for_its_data_key() {
    let house = House::new();
    let keys = house.connect_with(json!({ "data_key_lifetime": "0s" })).await;
    conforms(&*keys.keys).await;
    let before = house.asked().len();
    let sealed = seal(&keys, "one").await;
    opens(&keys, &sealed, "one").await;
    opens(&keys, &sealed, "one").await;
    let asked = house.asked().split_off(before);
    assert_eq!(asked, ["kms:GenerateDataKey", "kms:Decrypt", "kms:Decrypt"]);
}

#[tokio::test]
async fn one_data_key_seals_as_many_secrets_as_the_settings_say() {
    let house = House::new();
    let keys = house.connect_with(json!({ "seals_per_data_key": 3 })).await;
    for number in 0..7 {
        let text = format!("secret {number}");
        let sealed = seal(&keys, &text).await;
        opens(&keys, &sealed, &text).await;
    }
    assert_eq!(house.asked(), ["kms:GenerateDataKey"; 3]);
}

#[tokio::test]
async fn secrets_sealed_at_the_same_time_wait_for_one_data_key() {
    let house = House::new();
    let keys = house.connect().await;
    tokio::join!(seal(&keys, "a"), seal(&keys, "b"), seal(&keys, "c"));
    assert_eq!(house.count("kms:GenerateDataKey"), 1);
}

#[tokio::test]
async fn each_purpose_has_data_keys_of_its_own_and_says_so_to_kms() {
    let house = House::new();
    let keys = house.connect().await;
    for purpose in ["totp", "outbox"] {
        let context = EncryptionContext::new(purpose).and("account", "usr_secret_name");
        keys.keys.seal(b"x", &context).await.unwrap();
    }
    let bodies: Vec<Value> = house
        .way
        .sent()
        .iter()
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    let context_of = |purpose: &str| json!({ "product": "portcullis", "purpose": purpose });
    assert_eq!(bodies[0]["EncryptionContext"], context_of("totp"));
    assert_eq!(bodies[1]["EncryptionContext"], context_of("outbox"));
    assert!(
        !format!("{bodies:?}").contains("usr_secret_name"),
        "KMS is told no more than it needs"
    );
}

#[tokio::test]
async fn a_data_key_is_used_no_longer_than_its_lifetime() {
    let house = House::new();
    let keys = house.connect_with(json!({ "data_key_lifetime": "1m" })).await;
    let first = seal(&keys, "one").await;
    house.wait(59);
    seal(&keys, "two").await;
    opens(&keys, &first, "one").await;
    assert_eq!(house.asked(), ["kms:GenerateDataKey"]);
    house.wait(1);
    opens(&keys, &first, "one").await;
    opens(&keys, &first, "one").await;
    seal(&keys, "three").await;
    assert_eq!(
        house.asked(),
        ["kms:GenerateDataKey", "kms:Decrypt", "kms:GenerateDataKey"]
    );
}

#[tokio::test]
async fn no_more_data_keys_are_kept_than_the_settings_say() {
    let house = House::new();
    let keys = house
        .connect_with(json!({ "seals_per_data_key": 1, "opened_data_keys": 4 }))
        .await;
    let mut sealed = Vec::new();
    for number in 0..32 {
        sealed.push(seal(&keys, &number.to_string()).await);
    }
    for (number, text) in sealed.iter().enumerate() {
        opens(&keys, text, &number.to_string()).await;
    }
    assert!(house.count("kms:Decrypt") >= 28, "{:?}", house.asked());
}

#[tokio::test]
async fn a_restarted_process_opens_a_data_key_once() {
    let house = House::new();
    let running = house.connect().await;
    let texts = [seal(&running, "a").await, seal(&running, "b").await];
    let restarted = house.connect().await;
    let open = async |at: usize, plain: &str| opens(&restarted, &texts[at], plain).await;
    tokio::join!(open(0, "a"), open(1, "b"), open(0, "a"));
    assert_eq!(house.asked(), ["kms:GenerateDataKey", "kms:Decrypt"]);
}

#[tokio::test]
async fn a_key_that_was_replaced_opens_what_it_sealed_as_long_as_it_is_named() {
    let house = House::new();
    let sealed = seal(&house.connect().await, "old").await;
    let new = house.kms.create_key();
    house.kms.alias("alias/portcullis", &new);

    let error = refusal(&house.connect().await, &sealed).await;
    assert_eq!(error.code(), NOT_OURS, "{error:?}");
    for name in [house.key.clone(), KmsSimulator::arn(&house.key)] {
        let keys = house.connect_with(json!({ "former_keys": [name] })).await;
        opens(&keys, &sealed, "old").await;
        let fresh = seal(&keys, "new").await;
        opens(&house.connect().await, &fresh, "new").await;
    }
}

#[tokio::test]
async fn what_another_key_of_the_account_sealed_is_not_ours() {
    let house = House::new();
    let other = house.kms.create_key();
    let theirs = house.connect_with(json!({ "key": other })).await;
    let sealed = seal(&theirs, "foreign").await;
    let error = refusal(&house.connect().await, &sealed).await;
    assert_eq!(error.code(), NOT_OURS);
}

#[tokio::test]
async fn a_former_key_that_cannot_be_used_hides_no_other_and_is_not_mistaken_for_a_forgery() {
    let house = House::new();
    let (second, third) = (house.kms.create_key(), house.kms.create_key());
    let sealed = seal(&house.connect_with(json!({ "key": third })).await, "third").await;
    house.kms.set(&second, KeyCondition::Disabled);
    let keys = house
        .connect_with(json!({ "former_keys": [second, third] }))
        .await;
    opens(&keys, &sealed, "third").await;

    let keys = house.connect_with(json!({ "former_keys": [second] })).await;
    let error = refusal(&keys, &sealed).await;
    assert_eq!(
        error.code(),
        KEYS_UNAVAILABLE,
        "it may have been the disabled key's: {error:?}"
    );
}

#[tokio::test]
async fn a_refusal_names_action_key_cause_and_remedy() {
    for (condition, code, remedy) in [
        (KeyCondition::Disabled, "DisabledException", "enable the key"),
        (
            KeyCondition::PendingDeletion,
            "KMSInvalidStateException",
            "cancel its deletion",
        ),
        (KeyCondition::Denied, "AccessDeniedException", "allow the actions"),
        (
            KeyCondition::ForSigning,
            "InvalidKeyUsageException",
            "ENCRYPT_DECRYPT",
        ),
    ] {
        let house = House::new();
        let sealed = seal(&house.connect().await, "attack at dawn").await;
        house.kms.set(&house.key, condition);
        let keys = house.connect().await;
        let sealing = keys.keys.seal(b"attack at dawn", &context()).await.unwrap_err();
        for (error, action) in [
            (refusal(&keys, &sealed).await, "kms:Decrypt"),
            (sealing, "kms:GenerateDataKey"),
        ] {
            assert_eq!(error.code(), KEYS_UNAVAILABLE);
            let text = shown(&error);
            for part in [action, code, remedy, "alias/portcullis"] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!error.detail().contains(code), "the caller is not told: {error}");
        }
    }
}

#[tokio::test]
async fn an_unknown_key_is_named() {
    let house = House::new();
    let keys = house.connect_with(json!({ "key": "alias/elsewhere" })).await;
    let error = keys.keys.seal(b"x", &context()).await.unwrap_err();
    assert_eq!(error.code(), KEYS_UNAVAILABLE);
    assert!(
        shown(&error).contains("alias/elsewhere") && shown(&error).contains("region"),
        "{error:?}"
    );
}

#[tokio::test]
async fn silence_and_nonsense_are_unavailable_and_pass() {
    let json = |code: &str| format!("{{\"__type\":\"{code}\",\"message\":\"slow down\"}}");
    for fault in [
        Fault::Refused,
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(500, json("KMSInternalException")),
        Fault::Answers(503, "<html>".to_owned()),
        Fault::Answers(400, json("ThrottlingException")),
        Fault::Answers(400, "nonsense".to_owned()),
        Fault::Answers(200, "{}".to_owned()),
        Fault::Answers(200, r#"{"CiphertextBlob":"AAAA","Plaintext":"AAAA"}"#.to_owned()),
    ] {
        let house = House::new();
        let sealed = seal(&house.connect().await, "attack at dawn").await;
        let keys = house.connect().await;
        house.way.will(fault.clone());
        let error = refusal(&keys, &sealed).await;
        assert_eq!(error.code(), KEYS_UNAVAILABLE, "{fault:?}: {error:?}");
        assert!(matches!(error.retry(), Retry::Later(_)), "{fault:?}: {error:?}");
        house.way.will(fault.clone());
        let error = keys.keys.seal(b"attack at dawn", &context()).await.unwrap_err();
        assert_eq!(error.code(), KEYS_UNAVAILABLE, "{fault:?}: {error:?}");
        shown(&error);
        opens(&keys, &sealed, "attack at dawn").await;
        seal(&keys, "after it").await;
    }
}

#[tokio::test]
async fn one_secret_makes_one_call_at_most_however_it_ends() {
    let house = House::new();
    let keys = house.connect().await;
    house.way.will(Fault::Refused);
    keys.keys.seal(b"x", &context()).await.unwrap_err();
    assert_eq!(
        house.asked().len(),
        1,
        "trying again is the business of the house"
    );
}

#[tokio::test]
async fn the_probe_says_how_every_key_stands() {
    let house = House::new();
    let former = house.kms.create_key();
    let keys = house.connect_with(json!({ "former_keys": [former] })).await;
    let well = keys.probe.check().await.unwrap();
    assert_eq!(well, format!("alias/portcullis is enabled, {former} is enabled"));
    assert_eq!(house.asked(), ["kms:DescribeKey"; 2]);

    for (id, condition, words) in [
        (
            &house.key,
            KeyCondition::Disabled,
            "nothing can be sealed or opened",
        ),
        (&former, KeyCondition::Disabled, "what it sealed cannot be opened"),
        (&former, KeyCondition::PendingDeletion, "cancel the deletion"),
        (&house.key, KeyCondition::ForSigning, "SIGN_VERIFY"),
        (&house.key, KeyCondition::Denied, "allow the actions"),
    ] {
        house.kms.set(id, condition);
        let error = keys.probe.check().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.detail().contains(words), "{condition:?}: {error}");
        house.kms.set(id, KeyCondition::Enabled);
    }
    house.way.will(Fault::Refused);
    let error = keys.probe.check().await.unwrap_err();
    assert!(error.detail().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn the_manual_allows_exactly_what_is_asked_for() {
    let manual = include_str!("../../docs.md");
    let (_, behind) = manual.split_once("```json").unwrap();
    let (policy, _) = behind.split_once("```").unwrap();
    let policy: Value = serde_json::from_str(policy).unwrap();
    assert_eq!(policy["Statement"][0]["Action"], json!(ACTIONS));

    let house = House::new();
    let keys = house.connect_with(json!({ "data_key_lifetime": "0s" })).await;
    let sealed = seal(&keys, "x").await;
    opens(&keys, &sealed, "x").await;
    keys.probe.check().await.unwrap();
    let asked: BTreeSet<String> = house.asked().into_iter().collect();
    assert_eq!(asked, ACTIONS.map(str::to_owned).into());
}

#[tokio::test]
async fn the_region_is_taken_from_the_arn_of_the_key() {
    let house = House::new();
    let signed = |at: usize| {
        let request = house.way.sent().swap_remove(at);
        assert_eq!(request.url, format!("{ENDPOINT}/"));
        let header = request
            .headers
            .into_iter()
            .find(|(name, _)| name == "authorization");
        header.unwrap().1
    };
    for (at, (more, region)) in [
        (json!({ "key": KmsSimulator::arn(&house.key) }), REGION),
        (json!({ "region": "ap-south-1" }), "ap-south-1"),
    ]
    .into_iter()
    .enumerate()
    {
        seal(&house.connect_with(more).await, "x").await;
        assert!(
            signed(at).contains(&format!("/{region}/kms/aws4_request")),
            "{}",
            signed(at)
        );
    }
}

#[test]
fn every_mistake_in_the_settings_is_named() {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1";
    for (wrong, fields) in [
        (json!({ "key": "" }), &["key"][..]),
        (json!({ "key": "two words" }), &["key"]),
        (json!({ "key": "arn:aws:s3:::bucket" }), &["key"]),
        (json!({ "key": arn, "region": "eu-central-1" }), &["region"]),
        (
            json!({ "former_keys": ["alias/old", "alias/portcullis"] }),
            &["former_keys[1]"],
        ),
        (json!({ "endpoint": "kms.example.internal" }), &["endpoint"]),
        (
            json!({ "endpoint": "http://kms.example.internal" }),
            &["endpoint"],
        ),
        (
            json!({ "endpoint": "https://kms.example.internal/path" }),
            &["endpoint"],
        ),
        (
            json!({ "endpoint": "https://kms.example.internal:0" }),
            &["endpoint"],
        ),
        (json!({ "endpoint": "https://[::1" }), &["endpoint"]),
        (
            json!({ "timeout": "6s", "data_key_lifetime": "25h", "seals_per_data_key": 0, "opened_data_keys": 0 }),
            &[
                "timeout",
                "data_key_lifetime",
                "seals_per_data_key",
                "opened_data_keys",
            ],
        ),
    ] {
        let mistakes = Keys::plugins()[0]
            .plan(settings(wrong.clone()))
            .err()
            .expect("it is accepted");
        let named: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
        assert_eq!(named, fields, "{wrong}");
    }
}
