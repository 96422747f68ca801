//! Reading a short and a long account, and proving the long one.

use std::path::Path;
use std::time::{Duration, Instant};

use portcullis_core::ledger::ListEntries;
use portcullis_ports::identity::Subject;
use portcullis_ports::storage::{Collection, Direction, Key, Query, Range};

use super::Extent;
use super::books::{Books, customer, sale, usd};
use crate::Result;
use crate::report::{Goal, Judged, Line};
use crate::samples::{median, median_ratio};

const LEDGER: Collection = Collection {
    name: "ledger",
    table: "ledger",
    variable: "LEDGER_TABLE_NAME",
};
/// The entries of the short account.
const SHORT: u32 = 1_000;
/// How many transactions one commit takes when accounts are filled: entry and line each, and the balance.
const AT_ONCE: u32 = 40;
/// How many entries a page has.
const PAGE: usize = 50;

async fn fill(books: &Books, who: &Subject, entries: u32) -> Result<()> {
    let many = (0..AT_ONCE).map(|_| sale()).collect::<Result<Vec<_>>>()?;
    for _ in 0..entries / AT_ONCE {
        books.post(who, &many).await?;
    }
    Ok(())
}

/// Seconds that one of something takes, as many as fit into the span.
async fn seconds<F>(span: Duration, mut once: impl FnMut() -> F) -> Result<f64>
where
    F: Future<Output = Result<()>>,
{
    let began = Instant::now();
    let mut done = 0_u32;
    while began.elapsed() < span {
        for _ in 0..20 {
            once().await?;
        }
        done += 20;
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(done))
}

/// Balance, bare get, page, bare query: seconds of each, by round.
#[derive(Default)]
struct Times {
    balance: Vec<f64>,
    get: Vec<f64>,
    page: Vec<f64>,
    query: Vec<f64>,
}

impl Times {
    async fn measure(&mut self, books: &Books, who: &Subject, span: Duration) -> Result<()> {
        let usd = usd()?;
        let ledger = &books.app.ledger;
        let partition = format!("{who}#USD");
        let key = Key {
            collection: LEDGER,
            partition: format!("{who}#"),
            sort: usd.to_string(),
        };
        let query = Query {
            collection: LEDGER,
            partition,
            range: Range::Between("000000000001".to_owned(), "999999999999".to_owned()),
            direction: Direction::Descending,
            limit: PAGE,
            after: None,
        };
        let command = ListEntries {
            limit: Some(PAGE),
            ..ListEntries::all(usd)
        };
        let failed = |error: portcullis_ports::Error| -> crate::Failure { format!("{error:?}").into() };
        self.get.push(
            seconds(span, async || {
                books.records.get(&key).await?.ok_or("there is no balance")?;
                Ok(())
            })
            .await?,
        );
        self.balance.push(
            seconds(span, async || {
                ledger.balance(who, usd).await.map(drop).map_err(failed)
            })
            .await?,
        );
        self.query.push(
            seconds(span, async || {
                let page = books.records.query(&query).await?;
                (page.records.len() == PAGE)
                    .then_some(())
                    .ok_or("the page is short".into())
            })
            .await?,
        );
        self.page.push(
            seconds(span, async || {
                ledger.entries(who, &command).await.map(drop).map_err(failed)
            })
            .await?,
        );
        Ok(())
    }

    fn line(&self, what: &str, entries: u32) -> Vec<Line> {
        let micros = |seconds: &[f64]| median(seconds) * 1e6;
        let line = |what: String, (read, bare): (&[f64], &[f64]), name: &'static str| Line {
            what,
            measured: format!("{:.1} µs; {name} {:.1} µs", micros(read), micros(bare)),
            judged: Some((Judged::Share(name), median_ratio(read, bare))),
            goal: Some(Goal::AtMost(1.3)),
        };
        vec![
            line(
                format!("balance, {what} of {entries}"),
                (&self.balance, &self.get),
                "bare get",
            ),
            line(
                format!("page of {PAGE}, {what} of {entries}"),
                (&self.page, &self.query),
                "bare query",
            ),
        ]
    }
}

pub(super) async fn measure(folder: &Path, extent: Extent) -> Result<Vec<Line>> {
    let books = Books::open(&folder.join("reads")).await?;
    let (short, long) = (customer("short")?, customer("long")?);
    fill(&books, &short, SHORT).await?;
    fill(&books, &long, extent.entries).await?;
    let (mut of_short, mut of_long) = (Times::default(), Times::default());
    let mut verified = Vec::new();
    let ledgers = books.app.ledgers(books.scan.clone());
    for _ in 0..extent.rounds {
        of_short.measure(&books, &short, extent.span / 4).await?;
        of_long.measure(&books, &long, extent.span / 4).await?;
        let began = Instant::now();
        let outcome = ledgers.verify(&long, usd()?).await;
        let outcome = outcome.map_err(|error| format!("verifying: {error:?}"))?;
        let account = outcome.map_err(|broken| format!("the long account is broken: {broken:?}"))?;
        let entries = u32::try_from(account.entries)?;
        verified.push(f64::from(entries) / began.elapsed().as_secs_f64());
    }
    let mut lines = of_short.line("account", SHORT);
    lines.extend(of_long.line("account", extent.entries));
    for (what, long, short) in [
        ("balance, long against short", &of_long.balance, &of_short.balance),
        ("page, long against short", &of_long.page, &of_short.page),
    ] {
        lines.push(Line {
            what: what.to_owned(),
            measured: String::new(),
            judged: Some((Judged::Share("short account"), median_ratio(long, short))),
            goal: Some(Goal::AtMost(1.1)),
        });
    }
    lines.push(Line {
        what: "verify".to_owned(),
        measured: String::new(),
        judged: Some((Judged::PerSecond("entries"), median(&verified))),
        goal: Some(Goal::AtLeast(100_000.0)),
    });
    Ok(lines)
}
