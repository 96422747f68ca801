//! Every measurement in one run: the sections, in the order in which they disturb each other least.

mod costs;
mod disk;
mod ledger;
mod payments;
mod product;
mod requests;
mod sign_in;
mod starts;

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::Result;
use crate::report::{Line, Report};

#[derive(Args)]
pub(crate) struct Options {
    /// The program under measurement, built for release.
    #[arg(long, default_value = "target/release/portcullis")]
    server: PathBuf,
    /// Shorter rounds and a small store: minutes instead of half an hour. Says little about the goals.
    #[arg(long)]
    quick: bool,
    /// Where stores and logs are written: on the disk that is to be measured. What a run writes it removes.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Only the sections whose name begins so: commits, ledger, payments, requests, sign-in, starts, costs.
    #[arg(long)]
    only: Option<String>,
}

/// How much is done of everything.
#[derive(Debug, Clone)]
struct Extent {
    server: PathBuf,
    folder: PathBuf,
    /// Short rounds: to see that it works.
    quick: bool,
    /// Whether one section was asked for by name, so that it must not be skipped.
    alone: bool,
    rounds: u32,
    seconds: u64,
    /// How many sessions the small and the large store hold.
    few: usize,
    many: usize,
}

/// Measures one thing and says it in lines.
type Section = fn(&Extent) -> Result<Vec<Line>>;

pub(crate) fn run(options: &Options) -> Result<()> {
    fs::create_dir_all(&options.folder)?;
    let folder = tempfile::Builder::new()
        .prefix("run-")
        .tempdir_in(&options.folder)?;
    let (rounds, seconds, many) = if options.quick {
        (3, 1, 20_000)
    } else {
        (7, 3, 1_000_000)
    };
    let extent = Extent {
        server: fs::canonicalize(&options.server)
            .map_err(|error| format!("{}: {error}", options.server.display()))?,
        folder: fs::canonicalize(folder.path())?,
        quick: options.quick,
        alone: options.only.is_some(),
        rounds,
        seconds,
        few: 1000,
        many,
    };
    let mut report = Report::default();
    let sections: [(&str, Section, &str); 7] = [
        ("commits", disk::measure, "Durable commits"),
        ("ledger", ledger::measure, "Ledger"),
        ("payments", payments::measure, "Payments and webhooks"),
        (
            "requests",
            requests::measure,
            "Requests, server and generator on one core each",
        ),
        ("sign-in", sign_in::measure, "Sign-in, server on every core"),
        ("starts", starts::measure, "Starts and sizes"),
        ("costs", costs::measure, "Capacity units on DynamoDB"),
    ];
    for (name, measure, title) in sections {
        if options.only.as_deref().is_none_or(|only| name.starts_with(only)) {
            eprintln!("measuring: {name}");
            report.section(title, measure(&extent));
        }
    }
    println!("{report}");
    println!(
        "Medians of {rounds} rounds of {seconds} s; yardstick and product take turns within each round."
    );
    if report.complete() {
        Ok(())
    } else {
        Err("not everything could be measured, see above".into())
    }
}
