//! `portcullis ledger`: proves the ledger, says where accounts stand, and hands it to other programs; while the service runs.

mod balance;
mod export;
mod verify;

use std::io::Write;

use clap::{Args, Subcommand};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Decimal};

use crate::cli::SettingsArguments;
use crate::environment::Environment;
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  portcullis ledger verify
  portcullis ledger verify --account usr_01h2xcejqtf2nbrexx3vqjhp41
  portcullis ledger balance                      what the accounts of the house hold
  portcullis ledger balance --account usr_01h2xcejqtf2nbrexx3vqjhp41
  portcullis ledger export --format csv --to ledger.csv

All of them only read, and work while the service runs, also with the embedded store.")]
pub(crate) enum LedgerCommand {
    /// Prove that nothing was changed, removed or put in between, and that every sum is right; exit code 1 if not
    Verify(VerifyArguments),
    /// Say where the accounts of a customer stand, or those of the house
    Balance(BalanceArguments),
    /// Write all entries, oldest first within an account, as JSON lines or CSV
    Export(ExportArguments),
}

/// Whose accounts are proven.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Only the accounts of this customer, without the sums of all
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Add up the last minute as well, in which commits may be under way; for a service that was stopped
    #[arg(long, conflicts_with = "account")]
    complete: bool,
    /// Write the findings and the sums as JSON
    #[arg(long)]
    json: bool,
}

/// Whose balances are shown.
#[derive(Debug, Args)]
pub(crate) struct BalanceArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The accounts of this customer [default: those of the house]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Write them as JSON
    #[arg(long)]
    json: bool,
}

/// What is exported.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Only the accounts of this customer
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// One JSON object per entry, or a table with two rows per posting
    #[arg(long, value_enum, default_value_t = export::Format::Jsonl)]
    format: export::Format,
    /// A new file [default: the output]
    #[arg(long, value_name = "FILE")]
    to: Option<std::path::PathBuf>,
}

pub(crate) fn run(
    command: LedgerCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        LedgerCommand::Verify(arguments) => verify::run(arguments, environment, out),
        LedgerCommand::Balance(arguments) => balance::run(arguments, environment, out),
        LedgerCommand::Export(arguments) => export::run(arguments, environment, out),
    }
}

fn account(id: Option<&str>) -> Result<Option<Subject>, Failure> {
    let parsed = id.map(Subject::parse).transpose();
    parsed.map_err(|expected| Failure::Usage(format!("--account: {expected}")))
}

/// An amount as people write it.
fn shown(minor: i128, currency: Currency) -> String {
    match i64::try_from(minor) {
        Ok(minor) => format!("{} {currency}", Decimal::new(minor, currency.digits())),
        // A sum of many accounts may not fit into an amount.
        Err(_) => format!("{minor} minor units of {currency}"),
    }
}
