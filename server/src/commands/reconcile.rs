//! `portcullis reconcile`: whether the books agree with what payment vendors report.

use std::io::Write;

use clap::{Args, Subcommand};
use portcullis_core::App;
use portcullis_core::reconciliation::{
    BeginReconciliation, CurrencyFigures, DifferenceFilter, DifferenceState, DifferenceView, ListDifferences,
    ListReconciliations, MoneyView, ReconciliationView, RunState,
};
use portcullis_ports::Timestamp;
use portcullis_ports::money::{Currency, Money};
use serde_json::json;

use super::moment::{moment, parse_moment};
use super::{with_deployment, with_reader};
use crate::cli::SettingsArguments;
use crate::environment::Environment;
use crate::exit::Failure;

/// A difference waits for somebody who decides.
const OPEN: u8 = 1;
/// Something could not be read, so that what is not reported proves nothing.
const INCOMPLETE: u8 = 2;
/// So many differences are shown.
const SHOWN: usize = 1_000;

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  portcullis reconcile run                                     every vendor, from the end of the last comparison on
  portcullis reconcile run --vendor main --from 2026-10-01 --to 2026-11-01
  portcullis reconcile show

The service compares once a day by itself. What differs is listed and never repaired: operators decide in the panel or
over the API. Exit codes: 1 a difference is open, 2 not everything could be read.

`show` only reads. `run` writes: with the embedded store the service must be stopped first, one process at a time has the
store; while it runs, POST /api/operator/billing/reconciliations does the same.")]
pub(crate) enum ReconcileCommand {
    /// Compare the books with what vendors report; exit code 1 if something differs, 2 if it could not be read whole
    Run(RunArguments),
    /// Show the last comparison with every vendor and what is open; exit code as that of `run`
    Show(ShowArguments),
}

/// What is compared.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Only this vendor, as the configuration names it [default: every vendor that has reports]
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
    /// From this day or moment on, in UTC [default: a day before the end of the last complete comparison]
    #[arg(long, value_name = "DAY", value_parser = at)]
    from: Option<Timestamp>,
    /// Until this day or moment, which does not belong to it [default: as far as reports tell by now]
    #[arg(long, value_name = "DAY", value_parser = at)]
    to: Option<Timestamp>,
    /// Write comparisons and open differences as JSON
    #[arg(long)]
    json: bool,
}

/// What is shown.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Only this vendor, as the configuration names it
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
    /// Write comparisons and open differences as JSON
    #[arg(long)]
    json: bool,
}

/// What comparisons came to.
struct Outcome {
    runs: Vec<ReconciliationView>,
    open: Vec<DifferenceView>,
}

pub(crate) fn run(
    command: ReconcileCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (outcome, json) = match command {
        ReconcileCommand::Run(arguments) => {
            let command = BeginReconciliation {
                vendor: arguments.vendor.clone(),
                from: arguments.from,
                to: arguments.to,
            };
            let outcome = with_deployment(arguments.settings, environment, async |app, _| {
                let runs = app.reconciliation.run_now(&command).await?;
                let open = open(app, arguments.vendor.as_deref()).await?;
                Ok(Outcome { runs, open })
            })?;
            (outcome, arguments.json)
        }
        ReconcileCommand::Show(arguments) => {
            let vendor = arguments.vendor.as_deref();
            let outcome = with_reader(arguments.settings, environment, async |app, _| {
                let runs = newest(app, vendor).await?;
                let open = open(app, vendor).await?;
                Ok(Outcome { runs, open })
            })?;
            (outcome, arguments.json)
        }
    };
    if json {
        let text = json!({ "reconciliations": outcome.runs, "open": outcome.open });
        writeln!(out, "{text:#}")?;
    } else {
        tell(&outcome, out)?;
    }
    let incomplete = outcome.runs.iter().any(|run| run.state == RunState::Incomplete);
    match (incomplete, outcome.open.is_empty()) {
        (true, _) => Err(Failure::Ended(INCOMPLETE)),
        (false, false) => Err(Failure::Ended(OPEN)),
        (false, true) => Ok(()),
    }
}

fn at(text: &str) -> Result<Timestamp, &'static str> {
    parse_moment(text)
        .ok_or("a day such as 2026-10-01, or a moment such as 2026-10-01T12:00:00Z, is expected")
}

/// The newest run of every vendor that has ended.
async fn newest(app: &App, vendor: Option<&str>) -> Result<Vec<ReconciliationView>, Failure> {
    let mut command = ListReconciliations {
        vendor: vendor.map(str::to_owned),
        ..ListReconciliations::default()
    };
    let mut newest: Vec<ReconciliationView> = Vec::new();
    let mut looked_at = 0;
    loop {
        let page = app.reconciliation.list(&command).await?;
        looked_at += page.reconciliations.len();
        for run in page.reconciliations {
            let known = newest.iter().any(|known| known.vendor == run.vendor);
            if !known && run.state != RunState::Running {
                newest.push(run);
            }
        }
        command.cursor = page.next_cursor;
        if command.cursor.is_none() || looked_at >= SHOWN {
            return Ok(newest);
        }
    }
}

async fn open(app: &App, vendor: Option<&str>) -> Result<Vec<DifferenceView>, Failure> {
    let mut command = ListDifferences {
        filter: DifferenceFilter {
            vendor: vendor.map(str::to_owned),
            state: Some(DifferenceState::Open),
        },
        ..ListDifferences::default()
    };
    let mut open = Vec::new();
    loop {
        let page = app.reconciliation.differences(&command).await?;
        open.extend(page.differences);
        command.cursor = page.next_cursor;
        if command.cursor.is_none() || open.len() >= SHOWN {
            return Ok(open);
        }
    }
}

fn tell(outcome: &Outcome, out: &mut dyn Write) -> Result<(), Failure> {
    for run in &outcome.runs {
        let at = |seconds| moment(Timestamp::from_seconds(seconds));
        writeln!(
            out,
            "{}  {} to {}  {}: {} lines, {} differences opened, {} explained, {} lines posted",
            run.vendor,
            at(run.from),
            at(run.to),
            run.state.as_str(),
            run.lines,
            run.opened,
            run.explained,
            run.posted
        )?;
        if let Some(reason) = &run.reason {
            writeln!(out, "  {reason}")?;
        }
        for figures in &run.figures {
            writeln!(out, "  {}", compared(figures))?;
        }
    }
    if outcome.runs.is_empty() {
        writeln!(out, "No vendor that has reports was compared yet.")?;
    }
    for one in &outcome.open {
        writeln!(out, "{}", difference(one))?;
    }
    match outcome.open.len() {
        0 => writeln!(out, "Nothing is open.")?,
        1 => writeln!(out, "1 difference is open.")?,
        SHOWN.. => writeln!(out, "{SHOWN} differences or more are open.")?,
        count => writeln!(out, "{count} differences are open.")?,
    }
    Ok(())
}

fn compared(figures: &CurrencyFigures) -> String {
    let shown = |minor: i64| shown(minor, figures.currency);
    let ledger = shown(figures.ledger);
    let listed = match figures.listed {
        0 => String::new(),
        listed => format!(", {} in listed differences", shown(listed)),
    };
    match (figures.holdings, figures.remainder) {
        (Some(holdings), Some(remainder)) => format!(
            "the vendor holds {}, the books say {ledger}{listed}; nothing explains {}",
            shown(holdings),
            shown(remainder)
        ),
        _ => format!("the books say {ledger}{listed}; the vendor does not tell what it holds"),
    }
}

fn difference(one: &DifferenceView) -> String {
    let money = |word: &str, money: &Option<MoneyView>| {
        money.as_ref().map_or_else(String::new, |money| {
            format!(", {word} {}", shown(money.amount, money.currency))
        })
    };
    let payment = one.payment_id.as_ref();
    let payment = payment.map_or_else(String::new, |payment| format!(", {payment}"));
    let line = one
        .line
        .as_ref()
        .map_or_else(String::new, |line| format!(" ({line})"));
    format!(
        "{}  {}  {:13}  {}{line}{}{}{payment}, found {}",
        one.difference_id,
        one.vendor,
        one.kind.as_str(),
        one.name,
        money("reported", &one.reported),
        money("booked", &one.booked),
        moment(Timestamp::from_seconds(one.found_at))
    )
}

/// An amount as people write it.
fn shown(minor: i64, currency: Currency) -> String {
    format!("{} {currency}", Money::new(minor, currency).decimal())
}
