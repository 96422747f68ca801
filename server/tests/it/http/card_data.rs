//! Card data never enters: what is typed into the vendor's part of the page is in no answer, record, line or metric.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_core::collections;
use portcullis_core::ledger::{EntryFilter, ListEntries};
use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::payments::Payments;
use portcullis_ports::simulation::Vendor as _;
use portcullis_ports::storage::Scan as _;
use portcullis_ports::testkit::{FakeClock, FakeRuntime, VendorClient};
use portcullis_provider_stripe::simulator::{self, ACCOUNTS, CARDS, PUBLISHABLE_KEY, Simulator};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::client::Person;
use super::deployment::Deployment;

const PAYMENTS: &str = "/api/billing/payments";
const SETUPS: &str = "/api/billing/payment-methods/setups";
const CVC: &str = "739";

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// A shop, and everything that it answered.
struct Shop {
    deployment: Deployment,
    stripe: Arc<Simulator>,
    /// The time at the vendor.
    clock: Arc<FakeClock>,
    ada: Person,
    answers: Mutex<String>,
}

impl Shop {
    async fn open() -> Self {
        let mut runtime = FakeRuntime::default();
        let clock = Arc::clone(&runtime.clock);
        let stripe = Arc::new(Simulator::new(clock.clone()));
        runtime.http = Arc::new(VendorClient::new(Arc::clone(&stripe)));
        let connected = runtime
            .connect::<Payments>("stripe", simulator::settings())
            .await
            .unwrap();
        let deployment = Deployment::with(|plan| plan.payments = Some(connected)).await;
        let ada = deployment.person("ada@example.com").await;
        Self {
            deployment,
            stripe,
            clock,
            ada,
            answers: Mutex::default(),
        }
    }

    fn later(&self, seconds: u64) {
        self.deployment.later(seconds);
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn post(&self, path: &str, key: &str, body: Value) -> Value {
        let call = self.deployment.post(path).by(&self.ada);
        let answer = call.header("idempotency-key", key).json(body).send().await;
        self.answers.lock().unwrap().push_str(&answer.text);
        answer.json()
    }

    async fn get(&self, path: &str) {
        let answer = self.deployment.get(path).by(&self.ada).send().await;
        self.answers.lock().unwrap().push_str(&answer.text);
    }

    /// The payer types into the vendor's element, which sends it to the vendor.
    fn types(&self, client_secret: &str, method: &[(&str, &str)]) -> Value {
        let intent = client_secret.split("_secret").next().unwrap();
        let kind = if intent.starts_with("seti") {
            "setup_intents"
        } else {
            "payment_intents"
        };
        let url = format!("https://api.stripe.com/v1/{kind}/{intent}/confirm");
        let mut form = format!("client_secret={client_secret}&use_stripe_sdk=true");
        for (name, value) in method {
            let name = name.replace('.', "][");
            write!(form, "&payment_method_data[{name}]={value}").unwrap();
        }
        let mut request = HttpRequest::new(HttpMethod::Post, url)
            .header("authorization", format!("Bearer {PUBLISHABLE_KEY}"));
        request.body = form.into_bytes();
        serde_json::from_slice(&self.stripe.answer(&request).body).unwrap()
    }

    fn types_card(&self, client_secret: &str, number: &str) -> Value {
        let card = [
            ("type", "card"),
            ("card.number", number),
            ("card.exp_month", "12"),
            ("card.exp_year", "2034"),
            ("card.cvc", CVC),
        ];
        self.types(client_secret, &card)
    }

    /// What the vendor posted arrives, and is applied. Gives how much it was.
    async fn deliveries(&self) -> usize {
        let all = self.stripe.deliver();
        let count = all.len();
        for posted in all {
            let mut call = self.deployment.post("/webhooks/payments/main");
            for (name, value) in &posted.headers {
                call = call.header(name, value);
            }
            let answer = call.body("application/json", posted.body.clone()).send().await;
            assert_eq!(answer.status, 204, "{}", answer.text);
            self.answers.lock().unwrap().push_str(&answer.text);
        }
        self.deployment.run_tasks("payment-events").await;
        count
    }

    /// Every record as it is stored, with what is sealed opened: the key manager of these tests seals nothing.
    async fn records(&self) -> String {
        let mut all = String::new();
        for collection in collections() {
            let mut after = None;
            loop {
                let page = self
                    .deployment
                    .store
                    .scan(&collection, after.as_deref(), 200)
                    .await
                    .unwrap();
                for record in &page.records {
                    writeln!(all, "{:?} {}", record.key, record.body).unwrap();
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        all
    }

    async fn ledger(&self) -> String {
        let me = self.deployment.get("/ui/me").by(&self.ada).ok().await;
        let subject = Subject::parse(me["user_sub"].as_str().unwrap()).unwrap();
        let all = ListEntries {
            filter: EntryFilter::default(),
            ..ListEntries::all(Currency::parse("USD").unwrap())
        };
        let ledger = &self.deployment.app.ledger;
        let entries = ledger.entries(&subject, &all).await.unwrap();
        format!("{entries:?} {:?}", ledger.house_totals().await.unwrap())
    }
}

/// Whether the CVC stands there: as a text of its own, also in JSON within JSON, or behind its name, however that is written.
/// Three digits alone would be found in times and sizes, too.
fn tells_cvc(text: &str) -> bool {
    let quoted = format!("\"{CVC}");
    let mut behind = text.split(&quoted).skip(1);
    let alone = behind.any(|rest| rest.trim_start_matches('\\').starts_with('"'));
    let mut plain = text.to_lowercase().replace("%5d", "");
    plain.retain(|letter| letter.is_ascii_alphanumeric());
    alone || plain.contains(&format!("cvc{CVC}"))
}

#[test]
fn a_cvc_is_found_however_it_is_written() {
    for text in [
        r#"{"cvc":"739"}"#,
        r#"{"body":"{\"card\":{\"cvc\":\"739\"}}"}"#,
        r#"{"a":"{\"b\":\"[\\\"739\\\"]\"}"}"#,
        "card[cvc]=739&type=card",
        "payment_method_data%5Bcard%5D%5Bcvc%5D=739",
        "Card { cvc: 739 }",
    ] {
        assert!(tells_cvc(text), "{text}");
    }
    for text in [
        r#"{"size":739,"at":1739}"#,
        r#"{"id":"evt_739"}"#,
        r#"{"at":"7391"}"#,
    ] {
        assert!(!tells_cvc(text), "{text}");
    }
}

/// Whether what was typed stands there. The places behind a decimal point are none of it: a sum of seconds in the metrics
/// such as 0.014000000000000002 is no card.
fn tells(text: &str, typed: &str) -> bool {
    text.match_indices(typed).any(|(at, _)| {
        let before = text
            .get(..at)
            .unwrap_or_default()
            .trim_end_matches(|letter: char| letter.is_ascii_digit());
        let point = before.strip_suffix('.');
        !point.is_some_and(|whole| whole.ends_with(|letter: char| letter.is_ascii_digit()))
    })
}

#[test]
fn a_number_is_found_unless_it_is_the_fraction_of_another() {
    for text in [
        "4000000000000002",
        "\"n\":\"14000000000000002\"",
        "card.4000000000000002",
        "1. 4000000000000002",
    ] {
        assert!(tells(text, "400000000000"), "{text}");
    }
    assert!(!tells("seconds_sum 0.014000000000000002", "400000000000"));
    assert!(tells("0.014000000000000002 4000000000000002", "400000000000"));
}

/// Everything that was typed, whole or without the last four digits.
fn typed() -> Vec<String> {
    let cards = CARDS.iter().map(|card| card.number);
    // The ledger counts its entries in twelve digits.
    let accounts = ACCOUNTS.iter().map(|account| account.number);
    let numbers = cards.chain(accounts.filter(|number| !number.starts_with("000000")));
    let mut all = Vec::new();
    for number in numbers {
        let groups: Vec<&str> = number
            .as_bytes()
            .chunks(4)
            .map(|four| std::str::from_utf8(four).unwrap())
            .collect();
        all.extend([
            number.to_owned(),
            groups.join(" "),
            groups.join("-"),
            number.chars().take(number.len() - 4).collect(),
        ]);
    }
    all
}

#[tokio::test]
async fn what_is_typed_at_the_vendor_is_in_no_sink() {
    let log = Log::default();
    let writer = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE);
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(writer.with_writer(log.clone()).finish());
    let shop = Shop::open().await;

    let secret = |answer: &Value| {
        let secret = answer["next_action"]["client_secret"].as_str();
        secret.unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let setup = shop.post(SETUPS, "card", json!({ "kinds": ["card"] })).await;
    let refused = shop.types_card(&secret(&setup), "4000000000000002");
    assert!(refused["error"].is_object(), "{refused}");
    let entered = shop.types_card(&secret(&setup), "4242424242424242");
    assert_eq!(entered["status"], "succeeded", "{entered}");
    let path = format!("{SETUPS}/{}/complete", setup["setup_id"].as_str().unwrap());
    shop.post(&path, "card", json!({})).await;
    let bank = shop
        .post(SETUPS, "bank", json!({ "kinds": ["us_bank_debit"] }))
        .await;
    let account = [
        ("type", "us_bank_account"),
        ("us_bank_account.account_number", "000123456789"),
        ("us_bank_account.routing_number", "110000000"),
    ];
    shop.types(&secret(&bank), &account);

    let kettle =
        |pay_by: &str| json!({ "purpose": "purchase", "amount": 1999, "currency": "USD", "pay_by": pay_by });
    let (mut paid, mut delivered) = (0, 0);
    for card in CARDS {
        let payment = shop.post(PAYMENTS, card.token, kettle("browser")).await;
        let shown = shop.types_card(&secret(&payment), card.number);
        paid += u32::from(shown["status"] == "succeeded");
        let path = format!("{PAYMENTS}/{}", payment["payment_id"].as_str().unwrap());
        shop.post(&format!("{path}/complete"), card.token, json!({}))
            .await;
        delivered += shop.deliveries().await;
        shop.get(&path).await;
        shop.later(20);
    }
    assert!(paid > 3, "{paid} cards paid");
    assert!(
        delivered > CARDS.len(),
        "{delivered} deliveries of {} cards",
        CARDS.len()
    );
    shop.post(PAYMENTS, "stored", kettle("method")).await;
    // Somebody sends it where it does not belong: it is refused without being repeated.
    for field in ["number", "card_number", "cvc", "card", "payment_method_data"] {
        let mut body = kettle("browser");
        body[field] = json!("4242424242424242");
        let refused = shop.post(PAYMENTS, "wrong", body).await;
        assert_eq!(refused["code"], "invalid-request", "{refused}");
    }
    let method = json!({ "payment_method_id": "4242424242424242" });
    let refused = shop
        .post("/api/billing/payment-methods/default", "x", method)
        .await;
    assert_eq!(refused["status"], 400, "{refused}");
    shop.deliveries().await;
    for path in [
        PAYMENTS,
        "/api/billing/payment-methods",
        "/api/billing/balance",
        "/api/billing/ledger",
        "/metrics",
    ] {
        shop.get(path).await;
    }

    let (records, ledger) = (shop.records().await, shop.ledger().await);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let answers = shop.answers.lock().unwrap().clone();
    // What must be there if these are the sinks that they are taken for. The first stands in nothing but what was delivered.
    assert!(
        records.contains("pending_webhooks"),
        "the raw deliveries are among the records"
    );
    assert!(answers.contains("\"last4\":\"4242\""), "{answers}");
    assert!(logged.contains("\"request\""), "{logged}");
    assert!(ledger.contains("1999"), "{ledger}");
    for number in typed() {
        for (sink, text) in [
            ("records", &records),
            ("log", &logged),
            ("answers", &answers),
            ("ledger", &ledger),
        ] {
            assert!(!tells(text, &number), "{number} is in the {sink}");
            assert!(!tells_cvc(text), "the CVC is in the {sink}");
        }
    }
    assert!(shop.stripe.keeps_no_number());
}

/// Names of fields that take what only the vendor may see.
const FORBIDDEN: [&str; 14] = [
    "number",
    "card",
    "cardnumber",
    "cardno",
    "pan",
    "primaryaccountnumber",
    "cvc",
    "cvv",
    "cvv2",
    "securitycode",
    "accountnumber",
    "routingnumber",
    "iban",
    "trackdata",
];

/// The forbidden names of fields that a document lets somebody send.
fn forbidden_fields(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut known = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            for parameter in parameters {
                check(&parameter["name"], &format!("{method} {path}"), &mut found);
            }
            fields(
                document,
                &operation["requestBody"],
                &format!("{method} {path}"),
                &mut known,
                &mut found,
            );
        }
    }
    found
}

fn check(name: &Value, place: &str, found: &mut BTreeSet<String>) {
    let name = name.as_str().unwrap_or_default();
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase();
    if FORBIDDEN.contains(&plain.as_str()) {
        found.insert(format!("{place}: {name}"));
    }
}

fn fields(
    document: &Value,
    schema: &Value,
    place: &str,
    known: &mut BTreeSet<String>,
    found: &mut BTreeSet<String>,
) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                for name in properties.keys() {
                    check(&json!(name), place, found);
                }
            }
            for (name, member) in members {
                match member.as_str().and_then(|text| text.strip_prefix("#/")) {
                    Some(pointer) if name == "$ref" => {
                        if known.insert(format!("{place} {pointer}")) {
                            let target = document.pointer(&format!("/{pointer}")).unwrap();
                            fields(document, target, place, known, found);
                        }
                    }
                    _ => fields(document, member, place, known, found),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                fields(document, item, place, known, found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_request_takes_a_card_number() {
    let document: Value = serde_json::from_str(include_str!("../../../../openapi/openapi.json")).unwrap();
    assert_eq!(forbidden_fields(&document), BTreeSet::new());
}

#[test]
fn a_request_that_takes_one_is_found() {
    let document = json!({
        "paths": { "/pay": { "post": {
            "parameters": [{ "name": "CVC" }],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Pay" } } } }
        } } },
        "components": { "schemas": { "Pay": { "properties": {
            "by": { "allOf": [{ "properties": { "card_number": { "type": "string" } } }] },
            "phone_number": { "type": "string" }
        } } } }
    });
    let found: Vec<String> = forbidden_fields(&document).into_iter().collect();
    assert_eq!(found, ["post /pay: CVC", "post /pay: card_number"]);
}
