//! The whole program is killed at any moment while people pay: nobody pays twice, and no cent is lost.
//!
//! The simulator of Stripe lives in this process and outlives every program. Takes some seconds; `PORTCULLIS_KILLS` says
//! how often the program is killed, and `PORTCULLIS_KILLS_SEED` what was drawn.

mod books;
mod chance;
mod clients;
mod deliveries;
mod shop;
mod stripe;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use portcullis_core::Source;
use portcullis_core::ledger::{Cause, CauseId, Sale, Transaction};
use portcullis_core::operators::{GrantOperator, Named, Role};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_provider_stripe::simulator::{StripeFault, settings};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use self::books::{Books, write_settings};
use self::chance::Chance;
use self::deliveries::Deliveries;
use self::shop::Shop;
use self::stripe::Stripe;
use crate::nodes::pair::Person;
use crate::program::{Door, Launched, Program, Store, ends};
use crate::setup::{Setup, with_file};

/// How many people pay at the same time, each in two windows.
const PAYERS: usize = 4;
/// How often the program is killed if nobody asked for more.
const KILLS: u64 = 8;
/// The same of two nodes that share a table, each time one after the other.
const LIVES_OF_NODES: u64 = 3;
const KILLS_ASKED: &str = "PORTCULLIS_KILLS";

/// Budgets and lifetimes that do not run out, and a hash that costs little.
const SETTINGS: &str = r#"
[server]
public_url = "http://127.0.0.1:8080"

[accounts]
access_token_lifetime = "12h"

[sessions]
idle = "12h"
step_up = "12h"

[budgets]
attempts = { most = 1000000, window = "10m" }
sign_in_per_source = { most = 1000000, window = "1h" }
sign_up_per_source = { most = 1000000, window = "1h" }

[billing]
payments_per_account = { most = 1000000, window = "1h" }
looks_per_account = { most = 1000000, window = "1h" }
step_up_from = 1000000000

[passwords]
use = "cheap"

[passwords.cheap.argon2id]
memory = "64KiB"
iterations = 1

[payments]
use = ["main"]
"#;

/// A number that a person gave.
#[expect(clippy::disallowed_methods, reason = "a person asks for a longer test")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn text_of(stripe: &Stripe, emulator: Option<&Emulator>) -> String {
    use std::fmt::Write as _;
    let mut text = format!("{SETTINGS}[payments.main.stripe]\n");
    for (name, value) in settings().as_object().unwrap() {
        writeln!(text, "{name} = {value}").unwrap();
    }
    for name in ["endpoint", "script_origin"] {
        writeln!(text, "{name} = \"{}\"", stripe.origin).unwrap();
    }
    if let Some(emulator) = emulator {
        let endpoint = emulator.endpoint();
        write!(text, "[store.chosen.dynamodb]\nendpoint = \"{endpoint}\"\n").unwrap();
    }
    text
}

/// Where programs keep their records, and how many run at once.
struct Place {
    setup: Setup,
    data: PathBuf,
    /// The table that two nodes share.
    emulator: Option<Emulator>,
}

impl Place {
    fn new(stripe: &Stripe, emulator: Option<Emulator>) -> Self {
        let text = text_of(stripe, emulator.as_ref());
        let setup = with_file(&text).config("portcullis.toml");
        let setup = setup.development(emulator.as_ref().map(|_| "dynamodb"), &[]);
        write_settings(&setup, &text);
        let data = setup.path("data");
        Self {
            setup,
            data,
            emulator,
        }
    }

    fn store(&self) -> Store<'_> {
        match &self.emulator {
            Some(emulator) => Store::DynamoDb(emulator.endpoint()),
            None => Store::Embedded,
        }
    }

    fn program(&self) -> Program {
        Program::start(&self.data, self.store())
    }

    fn nodes(&self) -> Vec<Program> {
        let count = if self.emulator.is_some() { 2 } else { 1 };
        let launched: Vec<_> = (0..count)
            .map(|_| Program::launch(&self.data, self.store()))
            .collect();
        launched.into_iter().map(Launched::ready).collect()
    }
}

async fn subject(door: &Door, person: &Person) -> Subject {
    let me = door.get("/ui/me", &person.signed_in()).await;
    Subject::parse(me["user_sub"].as_str().unwrap()).unwrap()
}

/// Everybody with an account and a card, a debt to pay, and an operator.
async fn opened(place: &Place, stripe: &Arc<Stripe>, chance: &Arc<Chance>) -> (Shop, Vec<Subject>) {
    let program = place.program();
    let mut payers = Vec::new();
    for at in 0..PAYERS {
        payers.push(shop::payer(&program, stripe, &format!("payer{at}@example.com")).await);
    }
    let email = "operator@example.com";
    let operator = Person::sign_up(&program, email).await;
    let (secret, _) = operator.enrol(&program).await;
    let mut subjects = Vec::new();
    for payer in &payers {
        subjects.push(subject(&program, payer).await);
    }
    let whom = Named::Subject(subject(&program, &operator).await);
    assert!(program.terminate().success());

    let books = Books::open(&place.setup, stripe).await;
    let role = GrantOperator {
        whom,
        role: Role::Support,
    };
    let source = Source::internal("test");
    books.app.operators.grant(role, &source).await.unwrap();
    for subject in &subjects {
        let debt = Money::new(1_000_000_000, Currency::parse("USD").unwrap());
        let cause = Cause::Order(CauseId::parse("order-1").unwrap());
        let sale = Transaction::sale(&Sale::untaxed(Amount::new(debt).unwrap()), cause);
        books.app.ledger.record(subject, &[sale]).await.unwrap();
    }
    drop(books);

    let program = place.program();
    let operator = shop::signs_in(&program, email, &secret).await;
    assert!(program.terminate().success());
    (Shop::new(stripe, chance, payers, operator), subjects)
}

/// One life of the program: everybody acts, and it is killed at a moment that nobody chose. Of two nodes one goes first.
async fn life(shop: &Shop, place: &Place, deliveries: &Deliveries) {
    let nodes = place.nodes();
    let doors: Vec<Door> = nodes.iter().map(Program::door).collect();
    shop.over.store(false, Ordering::Relaxed);
    if shop.chance.once_in(3) {
        shop.stripe.simulator.will(match shop.chance.below(3) {
            0 => StripeFault::ActsThenFails,
            1 => StripeFault::Locked,
            _ => StripeFault::Busy(1),
        });
    }
    let windows = (0..2 * PAYERS).map(|window| {
        let door = &doors[window / PAYERS % doors.len()];
        clients::act(shop, door, window % PAYERS)
    });
    let last = doors.last().unwrap();
    let killer = async {
        let count = nodes.len();
        for (at, node) in nodes.into_iter().enumerate() {
            tokio::time::sleep(Duration::from_millis(40 + shop.chance.below(700))).await;
            if at + 1 == count {
                shop.over.store(true, Ordering::Relaxed);
            }
            tokio::task::block_in_place(|| node.kill());
            shop.tally.kills.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::join!(join_all(windows), deliveries.post(shop, last), killer);
}

/// Everybody asks again for everything, with the same keys, and Stripe posts what is left.
async fn asked_again(shop: &Shop, place: &Place, deliveries: &Deliveries) {
    let program = place.program();
    let door = program.door();
    deliveries.round(shop, &door, false).await.unwrap();
    let intents = shop.intents().len();
    // As many at once as there are windows.
    let (shop, door) = (&shop, &door);
    let again = (0..intents).map(|at| async move { shop.intend(door, at).await.unwrap() });
    stream::iter(again)
        .buffer_unordered(2 * PAYERS)
        .for_each(async |_| {})
        .await;
    deliveries.round(shop, door, false).await.unwrap();
    let (status, _) = program.call(Method::GET, "/readyz", &[], Value::Null).await;
    assert!(status.is_success());
    assert!(program.terminate().success());
}

/// Weeks pass in which all is well.
async fn rests(shop: &Shop, books: &Books) {
    for round in 0..60_u64 {
        let minutes = if round < 30 { 2 } else { 720 };
        shop.stripe.clock.advance(Duration::from_mins(minutes));
        for kind in ["payment-events", "payments-watch"] {
            while books.app.tasks.drain(kind).await.unwrap() > 0 {}
        }
    }
}

/// Plays so many lives, and holds the books of both sides against each other.
async fn killed(kills: u64, emulator: Option<Emulator>) {
    let seed = asked("PORTCULLIS_KILLS_SEED").unwrap_or_else(|| getrandom::u64().unwrap() % 1_000_000);
    let begun = Instant::now();
    let chance = Arc::new(Chance::seeded(seed));
    let stripe = Stripe::start(&chance).await;
    let place = Place::new(&stripe, emulator);
    let (shop, subjects) = Box::pin(opened(&place, &stripe, &chance)).await;
    let deliveries = Deliveries::default();
    for kill in 0..kills {
        life(&shop, &place, &deliveries).await;
        if kill % 8 == 0 || kills == kill + 1 {
            let books = Books::open(&place.setup, &stripe).await;
            let open = books.nothing_is_forgotten(&subjects).await;
            shop.tally.left_open.fetch_add(open, Ordering::Relaxed);
        }
    }
    stripe.hurry();
    asked_again(&shop, &place, &deliveries).await;
    let books = Books::open(&place.setup, &stripe).await;
    rests(&shop, &books).await;
    books.agree(&shop, &subjects).await;
    books.are_intact().await;
    drop(books);
    let tally = &shop.tally;
    let [kills, requests, unanswered, delivered, open] = [
        &tally.kills,
        &tally.asked,
        &tally.unanswered,
        &tally.delivered,
        &tally.left_open,
    ]
    .map(|count| count.load(Ordering::Relaxed));
    assert!(
        requests > kills && delivered > 0,
        "{requests} requests, {delivered} deliveries"
    );
    if asked(KILLS_ASKED).is_some() {
        report(&format!(
            "seed {seed}: {kills} kills in {:?}, {requests} requests, {unanswered} of them without an answer, \
             {delivered} deliveries, {open} payments found open after a kill",
            begun.elapsed()
        ));
    }
    if place.emulator.is_none() {
        let (folder, data) = (TempDir::new().unwrap(), place.data.display().to_string());
        for what in ["ledger", "audit"] {
            let (said, _) = ends(&folder, &[what, "verify", "--data", &data], 0);
            assert!(said.contains("intact"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_often_it_is_killed_nobody_pays_twice_and_no_cent_is_lost() {
    Box::pin(killed(asked(KILLS_ASKED).unwrap_or(KILLS), None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_on_dynamodb_are_killed_in_turn_and_nobody_pays_twice() {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        return;
    };
    let lives = asked(KILLS_ASKED).map_or(LIVES_OF_NODES, |kills| (kills / 20).max(1));
    Box::pin(killed(lives, Some(emulator))).await;
}

#[expect(
    clippy::print_stderr,
    reason = "a person asked for a longer test and wants to know what it did"
)]
fn report(text: &str) {
    eprintln!("{text}");
}
