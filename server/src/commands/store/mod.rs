//! `portcullis store`: moves all records from one store to another and proves that they arrived.

mod progress;
mod report;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portcullis_core::collections;
use portcullis_core::store_copy::{Comparison, StoreCopy};
use portcullis_ports::Error;
use portcullis_ports::storage::Collection;

use super::{archive, existing, look, request, wait};
use crate::cli::{CopyArguments, StoreCommand};
use crate::compose::connect_one;
use crate::config::{Request, StoreInstance};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::run::Stop;
use crate::system;
use progress::{Progress, Side};
use report::{Report, amount};

/// How long each store may take to connect; one with many tables asks for all of them.
const CONNECT: Duration = Duration::from_mins(1);
/// As shells say that a program was interrupted.
const INTERRUPTED: u8 = 130;
/// The stores are not the same.
const DIFFERENT: u8 = 1;

pub(crate) fn run(
    command: StoreCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        StoreCommand::Copy(arguments) => copy(arguments, environment, out),
        StoreCommand::Compact(arguments) => archive::compact(arguments, environment, out),
        StoreCommand::MarkRestored(arguments) => archive::mark_restored(arguments, environment, out),
    }
}

fn copy(arguments: CopyArguments, environment: &Environment, out: &mut dyn Write) -> Result<(), Failure> {
    let CopyArguments {
        settings,
        from,
        to,
        progress,
        resume,
        overwrite,
    } = arguments;
    if from == to {
        return Err(Failure::Usage(format!(
            "{from} cannot be copied into itself; --from and --to name two instances"
        )));
    }
    existing(settings.data.as_deref())?;
    let file = progress.unwrap_or_else(|| {
        let folder = settings.data.clone().unwrap_or_default();
        folder.join(format!("store-copy-{from}-to-{to}.json"))
    });
    let request = Request {
        stores: vec![("--from", from.clone()), ("--to", to.clone())],
        ..request(settings.file, settings.data.as_deref())?
    };
    let planned = look(&request, environment)?.plan_stores(&[&from, &to])?;
    let [source, target]: [StoreInstance; 2] = planned
        .try_into()
        .map_err(|_| Failure::Usage("--from and --to name two instances".to_owned()))?;
    let begin = Begin {
        file,
        mode: Mode::of(resume, overwrite),
    };
    wait(transfer(source, target, begin, out))
}

/// How a copy begins.
struct Begin {
    file: PathBuf,
    mode: Mode,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Into an empty store.
    Fresh,
    /// Where it was.
    Resume,
    /// Into a store that is emptied first.
    Overwrite,
}

impl Mode {
    fn of(resume: bool, overwrite: bool) -> Self {
        match (resume, overwrite) {
            (true, _) => Self::Resume,
            (_, true) => Self::Overwrite,
            _ => Self::Fresh,
        }
    }
}

async fn transfer(
    source: StoreInstance,
    target: StoreInstance,
    begin: Begin,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    // Listened for from the start, so that being told to stop is never missed.
    let stop = Stop::new()?;
    let file = begin.file.clone();
    tokio::select! {
        ended = work(source, target, begin, out) => ended,
        () = stop.asked() => Err(interrupted(&file)),
    }
}

fn interrupted(file: &Path) -> Failure {
    let how = if file.exists() {
        format!(
            "{} says how far it came; the same command with --resume goes on from there",
            file.display()
        )
    } else {
        "nothing was copied; what the target holds may be partly deleted if that was asked for".to_owned()
    };
    // The last words of a program that was told to stop: nobody is left to be told that they were not taken.
    drop(writeln!(std::io::stderr(), "\nInterrupted: {how}."));
    Failure::Ended(INTERRUPTED)
}

async fn work(
    source: StoreInstance,
    target: StoreInstance,
    begin: Begin,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let runtime = system::runtime()?;
    let sides = (Side::of(&source), Side::of(&target));
    let names = (source.selected.name(), target.selected.name());
    let from = connect_one(source.selected, &runtime, CONNECT).await;
    let from = from.map_err(|why| Failure::Unavailable(why.to_string()))?;
    let into = connect_one(target.selected, &runtime, CONNECT).await;
    let into = into.map_err(|why| Failure::Unavailable(why.to_string()))?;
    let copying = StoreCopy::new(&from, &into, &Arc::clone(&runtime.clock));
    let families = collections();
    let report = Report::new();

    let mut progress = start(&copying, &families, begin, sides, &names.1, &report).await?;
    for family in &families {
        one(&copying, family, &mut progress, &report).await?;
    }
    let (records, bytes) = progress.totals();
    writeln!(
        out,
        "Copied {} records, {}, from {} to {}.",
        amount(records),
        report::size(bytes),
        names.0,
        names.1
    )?;
    let different = compare(&copying, &families, &report).await?;
    if different.is_empty() {
        progress.finish()?;
        writeln!(
            out,
            "Read both again: all {} families are the same, record by record.",
            families.len()
        )?;
        return Ok(());
    }
    for (family, found) in &different {
        writeln!(
            out,
            "DIFFERENT {}: {} records at the source, {} at the target",
            family.name,
            amount(found.source),
            amount(found.target)
        )?;
    }
    writeln!(
        out,
        "The stores are not the same. Did something write to one of them meanwhile? Stop every node, and copy again \
         with --overwrite."
    )?;
    Err(Failure::Ended(DIFFERENT))
}

/// Makes sure that the target is as it must be, and opens the file that says how far the copy has come.
async fn start(
    copying: &StoreCopy,
    families: &[Collection],
    begin: Begin,
    (source, target): (Side, Side),
    name: &str,
    report: &Report,
) -> Result<Progress, Failure> {
    let Begin { file, mode } = begin;
    match mode {
        Mode::Resume => return Progress::resume(&file, &source, &target),
        Mode::Fresh if file.exists() => {
            return Err(Failure::Usage(format!(
                "{} belongs to a copy that did not end; go on with --resume, or begin again with --overwrite",
                file.display()
            )));
        }
        Mode::Fresh => {
            if let Some(family) = copying.occupied(families).await? {
                return Err(Failure::Usage(format!(
                    "{name} is not empty: it holds records of `{}`; say --overwrite to delete all that it holds first",
                    family.name
                )));
            }
        }
        Mode::Overwrite => {
            // What an earlier copy has reached is about to be deleted: nobody may go on from there.
            Progress::forget(&file)?;
            for family in families {
                let deleted = copying.clear(family).await?;
                report.cleared(family, deleted);
            }
        }
    }
    Progress::begin(&file, source, target)
}

async fn one(
    copying: &StoreCopy,
    family: &Collection,
    progress: &mut Progress,
    report: &Report,
) -> Result<(), Failure> {
    let mut reached = progress.of(family.name);
    if reached.complete {
        report.skipped(family, reached.records);
        return Ok(());
    }
    report.begin(reached.records);
    let mut unsaved = None;
    let mut told = |now: &_| {
        report.copied(family, now);
        progress.note(family.name, now).map_err(|failure| {
            let said = failure.to_string();
            unsaved = Some(failure);
            Error::internal(said)
        })
    };
    let ended = copying.copy(family, &mut reached, &mut told).await;
    match (ended, unsaved) {
        (_, Some(failure)) => Err(failure),
        (Err(error), None) => Err(going_on(&error)),
        (Ok(()), None) => {
            report.complete(family, &reached);
            Ok(())
        }
    }
}

async fn compare(
    copying: &StoreCopy,
    families: &[Collection],
    report: &Report,
) -> Result<Vec<(Collection, Comparison)>, Failure> {
    let mut different = Vec::new();
    report.begin(0);
    for family in families {
        let told = |count| report.compared(family, count);
        let found = copying.compare(family, &told).await;
        let found = found.map_err(|error| going_on(&error))?;
        if !found.same {
            different.push((*family, found));
        }
    }
    report.end();
    Ok(different)
}

/// A failure in the middle, after which the same command can go on.
fn going_on(error: &Error) -> Failure {
    Failure::with_advice(
        error,
        "What was copied is kept: the same command with --resume goes on.",
    )
}
