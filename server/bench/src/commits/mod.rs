//! Durable commits per second, as one table: the embedded store beside the bare engine and the bare disk.

mod disk;
mod engine;
mod store;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clap::Args;
use tokio::task::JoinSet;

pub(crate) use engine::{Engine, EngineRecord};

use crate::Result;
use crate::samples::{median, median_ratio};

#[derive(Args)]
pub(crate) struct Options {
    /// Where the files are written: a folder on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// How many tasks commit at the same time.
    #[arg(long, value_delimiter = ',', default_value = "1,8,64")]
    writers: Vec<usize>,
    /// How long each of the three is measured in one round.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(100..=10_000))]
    millis: u64,
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
}

/// Something that makes one small record durable.
#[async_trait]
trait Durable: Send + Sync + 'static {
    /// Returns when the record with this name would survive a power cut.
    async fn commit(&self, writer: usize, number: u32, body: &Arc<str>) -> Result<()>;
}

/// What was measured with so many writers: medians over the rounds, in commits per second.
pub(crate) struct Row {
    pub(crate) writers: usize,
    pub(crate) disk: f64,
    pub(crate) engine: f64,
    pub(crate) store: f64,
    /// Store against engine, the median of the rounds' ratios.
    pub(crate) ratio: f64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    println!(
        "durable commits/s, medians of {} rounds, one record of about 300 bytes each",
        options.rounds
    );
    println!(
        "{:>8} {:>12} {:>12} {:>12} {:>14}",
        "writers", "bare disk", "bare engine", "store", "store/engine"
    );
    for row in measure(&options.folder, &options.writers, options.millis, options.rounds)? {
        let Row {
            writers,
            disk,
            engine,
            store,
            ratio,
        } = row;
        println!(
            "{writers:>8} {disk:>12.0} {engine:>12.0} {store:>12.0} {:>12.0} %",
            ratio * 100.0
        );
    }
    Ok(())
}

/// Measures the three in turn, round by round, so that what disturbs the disk disturbs all of them.
pub(crate) fn measure(folder: &Path, writers: &[usize], millis: u64, rounds: u32) -> Result<Vec<Row>> {
    fs::create_dir_all(folder)?;
    let folder = tempfile::Builder::new().prefix("commits-").tempdir_in(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let span = Duration::from_millis(millis);
    let engine: Arc<dyn Durable> = Arc::new(engine::Engine::open(&folder.path().join("engine.sqlite"))?);
    let store: Arc<dyn Durable> =
        Arc::new(runtime.block_on(store::Store::open(&folder.path().join("store")))?);
    let mut number = 0;
    let mut rows = Vec::new();
    for &writers in writers {
        let (mut disks, mut engines, mut stores) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            disks.push(disk::writes_per_second(&folder.path().join("disk"), span / 2)?);
            number += 1;
            // The two take turns at going first.
            let mut turn = [(&engine, &mut engines), (&store, &mut stores)];
            if round % 2 == 1 {
                turn.reverse();
            }
            for (durable, measured) in turn {
                measured.push(runtime.block_on(commits_per_second(durable, writers, span, number))?);
            }
        }
        rows.push(Row {
            writers,
            disk: median(&disks),
            engine: median(&engines),
            store: median(&stores),
            ratio: median_ratio(&stores, &engines),
        });
    }
    Ok(rows)
}

async fn commits_per_second(
    durable: &Arc<dyn Durable>,
    writers: usize,
    span: Duration,
    round: u32,
) -> Result<f64> {
    let body: Arc<str> = format!(r#"{{"v":1,"text":"{}"}}"#, "x".repeat(280)).into();
    let began = Instant::now();
    let until = began + span;
    let mut tasks = JoinSet::new();
    for writer in 0..writers {
        let (durable, body) = (Arc::clone(durable), Arc::clone(&body));
        tasks.spawn(async move {
            let mut done = 0_u32;
            while Instant::now() < until {
                durable.commit(writer, round * 10_000_000 + done, &body).await?;
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
