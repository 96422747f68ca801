//! The ledger: transactions per second beside the bare engine that writes the same records, reads beside bare reads.

mod books;
mod reads;
mod writes;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::Result;
use crate::report::{Line, Report};

#[derive(Args)]
pub(crate) struct Options {
    /// Where the files are written: a folder on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// How long each rate is measured in one round.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(100..=10_000))]
    millis: u64,
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// How many entries the long account has.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    entries: u32,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) span: Duration,
    pub(crate) rounds: u32,
    pub(crate) entries: u32,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let extent = Extent {
        span: Duration::from_millis(options.millis),
        rounds: options.rounds,
        entries: options.entries,
    };
    let mut report = Report::default();
    report.section("Ledger", measure(&options.folder, extent));
    println!("{report}");
    if report.complete() {
        Ok(())
    } else {
        Err("not everything could be measured, see above".into())
    }
}

pub(crate) fn measure(folder: &Path, extent: Extent) -> Result<Vec<Line>> {
    fs::create_dir_all(folder)?;
    let folder = tempfile::Builder::new().prefix("ledger-").tempdir_in(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut lines = runtime.block_on(writes::measure(folder.path(), extent))?;
    lines.extend(runtime.block_on(reads::measure(folder.path(), extent))?);
    Ok(lines)
}
