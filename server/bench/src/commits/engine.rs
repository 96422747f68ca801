//! The bare engine: SQLite as the store tunes it, in the hands of one thread that groups what waits, and nothing more.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::Durable;
use crate::Result;

/// The longest that a record waits for company.
const MAX_GRACE: Duration = Duration::from_millis(1);

/// A record to be written.
pub(crate) struct EngineRecord {
    partition: String,
    sort: String,
    body: Arc<str>,
    /// Whether it takes the place of one of that name.
    replaces: bool,
}

impl EngineRecord {
    /// One that is not there yet.
    pub(crate) fn new(partition: String, sort: String, body: &Arc<str>) -> Self {
        Self {
            partition,
            sort,
            body: Arc::clone(body),
            replaces: false,
        }
    }

    /// One that may be there.
    pub(crate) fn replacing(partition: String, sort: String, body: &Arc<str>) -> Self {
        Self {
            replaces: true,
            ..Self::new(partition, sort, body)
        }
    }
}

/// Records on their way to the disk and whom to tell.
struct Waiting {
    records: Vec<EngineRecord>,
    done: oneshot::Sender<std::result::Result<(), String>>,
}

/// A handle to the thread that writes.
pub(crate) struct Engine {
    queue: Sender<Waiting>,
}

impl Engine {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4096;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -16384;
             CREATE TABLE records (
                 collection TEXT NOT NULL, partition TEXT NOT NULL, sort TEXT NOT NULL,
                 version INTEGER NOT NULL, expires_at INTEGER, body TEXT NOT NULL
             ) STRICT;
             CREATE UNIQUE INDEX records_by_key ON records (collection, partition, sort);",
        )?;
        let (queue, waiting) = channel();
        thread::Builder::new()
            .name("bare-engine".to_owned())
            .spawn(move || write(connection, &waiting))?;
        Ok(Self { queue })
    }

    /// Returns when these records, all or none, would survive a power cut.
    pub(crate) async fn write(&self, records: Vec<EngineRecord>) -> Result<()> {
        let (done, told) = oneshot::channel();
        self.queue.send(Waiting { records, done })?;
        Ok(told.await??)
    }
}

#[async_trait]
impl Durable for Engine {
    async fn commit(&self, writer: usize, number: u32, body: &Arc<str>) -> Result<()> {
        let (partition, sort) = (format!("writer-{writer}"), format!("{number:010}"));
        self.write(vec![EngineRecord::new(partition, sort, body)]).await
    }
}

fn write(mut connection: Connection, queue: &Receiver<Waiting>) {
    // As many as came last time are likely to come again, and get half the time of a transaction to do so.
    let (mut company, mut grace) = (0, Duration::ZERO);
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        let until = Instant::now() + grace;
        while group.len() < company {
            match queue.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(next) => group.push(next),
                Err(_) => break,
            }
        }
        group.extend(queue.try_iter());
        let began = Instant::now();
        let outcome = write_group(&mut connection, &group).map_err(|error| error.to_string());
        grace = (began.elapsed() / 2).min(MAX_GRACE);
        company = group.len();
        for waiting in group {
            // Nobody waits any more when the measurement has ended.
            drop(waiting.done.send(outcome.clone()));
        }
    }
}

fn write_group(connection: &mut Connection, group: &[Waiting]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert =
            transaction.prepare_cached("INSERT INTO records VALUES ('bench', ?1, ?2, 1, NULL, ?3)")?;
        let mut replace = transaction.prepare_cached(
            "INSERT INTO records VALUES ('bench', ?1, ?2, 1, NULL, ?3)
             ON CONFLICT (collection, partition, sort) DO UPDATE SET version = version + 1, body = excluded.body",
        )?;
        for record in group.iter().flat_map(|waiting| &waiting.records) {
            let statement = if record.replaces {
                &mut replace
            } else {
                &mut insert
            };
            statement.execute(params![record.partition, record.sort, record.body.as_ref()])?;
        }
    }
    transaction.commit()
}
