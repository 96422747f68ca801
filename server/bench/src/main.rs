//! The measurements: each subcommand is one, `all` runs every one and prints a table. Started by `server/bench/run`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement is printed"
)]

mod all;
mod bare;
mod commits;
mod hashing;
mod http;
mod ledger;
mod load;
mod people;
mod plugins;
mod process;
mod report;
mod samples;
mod seed;
mod stripe;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// An error on its way to whoever reads the terminal.
type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What a measurement gives.
type Result<T> = std::result::Result<T, Failure>;

/// Measures Portcullis beside the bare tools it is made of.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// Serves a constant text with poem and nothing else, until it is ended.
    Bare(bare::Options),
    /// Sends requests over kept connections to one address on this machine.
    Load(load::Options),
    /// Durable commits: the embedded store, the bare engine and the bare disk, side by side.
    Commits(commits::Options),
    /// The ledger: posting beside the bare engine that writes the same records, reading beside bare reads.
    Ledger(ledger::Options),
    /// Checks passwords with the bare hash function on every core.
    Argon2(hashing::Options),
    /// Fills a running Portcullis with accounts and sessions.
    Seed(seed::Options),
    /// Every measurement, in one run, as one table.
    All(all::Options),
}

fn run(measurement: Measurement) -> Result<()> {
    match measurement {
        Measurement::Bare(options) => bare::run(&options),
        Measurement::Load(options) => load::run(&options),
        Measurement::Commits(options) => commits::run(&options),
        Measurement::Ledger(options) => ledger::run(&options),
        Measurement::Argon2(options) => hashing::run(&options),
        Measurement::Seed(options) => seed::run(&options),
        Measurement::All(options) => all::run(&options),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().measurement) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("portcullis-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
