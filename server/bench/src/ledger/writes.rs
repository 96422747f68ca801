//! Posting: many customers, one house account, one customer.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_core::ledger::Transaction;
use tokio::task::JoinSet;

use super::Extent;
use super::books::{Books, capture, customer, sale};
use crate::Result;
use crate::commits::{Engine, EngineRecord};
use crate::report::{Goal, Judged, Line};
use crate::samples::{median, median_ratio, permille};

const WRITERS: usize = 64;

/// Who posts what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// Every writer sells to a customer of its own.
    Distinct,
    /// And is paid by way of an instance of its own.
    DistinctHouses,
    /// And all are paid by way of one instance.
    OneHouse,
    /// All sell to one customer.
    OneCustomer,
}

impl Load {
    fn transaction(self, writer: usize) -> Result<Transaction> {
        match self {
            Self::Distinct | Self::OneCustomer => sale(),
            Self::DistinctHouses => capture(&format!("house{writer}")),
            Self::OneHouse => capture("main"),
        }
    }
}

/// What one round measured.
struct Round {
    rate: f64,
    /// The longest that one of a hundred took.
    p99: Duration,
}

async fn round(books: &Arc<Books>, load: Load, writers: usize, span: Duration) -> Result<Round> {
    let began = Instant::now();
    let until = began + span;
    let mut tasks = JoinSet::new();
    for writer in 0..writers {
        let books = Arc::clone(books);
        tasks.spawn(async move {
            let who = match load {
                Load::OneCustomer => customer("shared")?,
                _ => customer(&format!("{load:?}{writer}"))?,
            };
            let transaction = [load.transaction(writer)?];
            let mut times = Vec::new();
            while Instant::now() < until {
                let before = Instant::now();
                books.post(&who, &transaction).await?;
                times.push(before.elapsed());
            }
            Ok::<_, crate::Failure>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let rate = count(times.len()) / began.elapsed().as_secs_f64();
    Ok(Round {
        rate,
        p99: permille(&mut times, 990),
    })
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// The bare engine writes what a sale writes: an entry, a balance in the place of the one before, a line.
async fn bare(engine: &Arc<Engine>, writers: usize, span: Duration, number: u32) -> Result<f64> {
    let text = |length: usize| -> Arc<str> { format!(r#"{{"text":"{}"}}"#, "x".repeat(length)).into() };
    let (entry, balance, line) = (text(530), text(340), text(170));
    let began = Instant::now();
    let until = began + span;
    let mut tasks = JoinSet::new();
    for writer in 0..writers {
        let engine = Arc::clone(engine);
        let (entry, balance, line) = (Arc::clone(&entry), Arc::clone(&balance), Arc::clone(&line));
        tasks.spawn(async move {
            let mut done = 0_u32;
            while Instant::now() < until {
                let at = number * 1_000_000 + done;
                let partition = format!("writer-{writer}#USD");
                let records = vec![
                    EngineRecord::new(partition, format!("{at:012}"), &entry),
                    EngineRecord::replacing(format!("writer-{writer}#"), "USD".to_owned(), &balance),
                    EngineRecord::new(
                        format!("revenue#USD#2026-11-27#{}", at % 16),
                        format!("txn_{writer:03}{at:012}"),
                        &line,
                    ),
                ];
                engine.write(records).await?;
                done += 1;
            }
            Ok::<_, crate::Failure>(done)
        });
    }
    let mut total = 0.0;
    while let Some(done) = tasks.join_next().await {
        total += f64::from(done??);
    }
    Ok(total / began.elapsed().as_secs_f64())
}

#[derive(Default)]
struct Rates {
    one: Vec<f64>,
    distinct: Vec<f64>,
    engine: Vec<f64>,
    houses: Vec<f64>,
    one_house: Vec<f64>,
    one_customer: Vec<f64>,
    /// The slowest of a hundred on one customer, in units of what one writer needs for a commit.
    slowest: Vec<f64>,
}

pub(super) async fn measure(folder: &Path, extent: Extent) -> Result<Vec<Line>> {
    let books = Arc::new(Books::open(&folder.join("writes")).await?);
    let engine = Arc::new(Engine::open(&folder.join("engine.sqlite"))?);
    let mut rates = Rates::default();
    let Extent { span, rounds, .. } = extent;
    for number in 1..=rounds {
        // The two take turns at going first.
        if number % 2 == 0 {
            rates.engine.push(bare(&engine, WRITERS, span, number).await?);
        }
        rates
            .distinct
            .push(round(&books, Load::Distinct, WRITERS, span).await?.rate);
        if number % 2 == 1 {
            rates.engine.push(bare(&engine, WRITERS, span, number).await?);
        }
        let one = round(&books, Load::Distinct, 1, span).await?.rate;
        rates.one.push(one);
        rates
            .houses
            .push(round(&books, Load::DistinctHouses, WRITERS, span).await?.rate);
        rates
            .one_house
            .push(round(&books, Load::OneHouse, WRITERS, span).await?.rate);
        let Round { rate, p99 } = round(&books, Load::OneCustomer, WRITERS, span).await?;
        rates.one_customer.push(rate);
        rates.slowest.push(p99.as_secs_f64() * one);
    }
    Ok(rates.lines())
}

impl Rates {
    fn lines(&self) -> Vec<Line> {
        let line = |what: &str, measured: String, (judged, value): (Judged, f64), goal: Goal| Line {
            what: what.to_owned(),
            measured,
            judged: Some((judged, value)),
            goal: Some(goal),
        };
        let [one, distinct, engine, houses, one_house, one_customer] = [
            &self.one,
            &self.distinct,
            &self.engine,
            &self.houses,
            &self.one_house,
            &self.one_customer,
        ]
        .map(|rates| median(rates));
        vec![
            line(
                "64 writers, customers of their own",
                format!("{distinct:.0}/s; bare engine {engine:.0}/s"),
                (
                    Judged::Share("bare engine"),
                    median_ratio(&self.distinct, &self.engine),
                ),
                Goal::AtLeast(0.8),
            ),
            line(
                "64 writers against one",
                format!("{distinct:.0}/s against {one:.0}/s"),
                (
                    Judged::Times("one writer"),
                    median_ratio(&self.distinct, &self.one),
                ),
                Goal::AtLeast(3.0),
            ),
            line(
                "64 writers on one house account",
                format!("{one_house:.0}/s; accounts of their own {houses:.0}/s"),
                (
                    Judged::Share("accounts of their own"),
                    median_ratio(&self.one_house, &self.houses),
                ),
                Goal::AtLeast(0.95),
            ),
            line(
                "64 writers on one customer",
                format!("{one_customer:.0}/s; one writer {one:.0}/s"),
                (
                    Judged::Share("one writer"),
                    median_ratio(&self.one_customer, &self.one),
                ),
                Goal::AtLeast(0.7),
            ),
            line(
                "  slowest of a hundred of them",
                String::new(),
                (Judged::Times("one commit"), median(&self.slowest)),
                Goal::AtMost(64.0),
            ),
        ]
    }
}
