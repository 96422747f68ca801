//! Writing the ledger for other programs.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;

use clap::ValueEnum;
use portcullis_core::ledger::{ExportLine, Ledgers};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;

use super::{ExportArguments, account};
use crate::commands::with_reader;
use crate::environment::Environment;
use crate::exit::Failure;

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object per entry.
    Jsonl,
    /// A table with a line of names, and two rows per posting.
    Csv,
}

/// Where lines go.
enum Sink<'a> {
    Jsonl(&'a mut dyn Write),
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
}

impl<'a> Sink<'a> {
    fn new(format: Format, out: &'a mut dyn Write) -> Self {
        match format {
            Format::Jsonl => Self::Jsonl(out),
            Format::Csv => Self::Csv(Box::new(csv::Writer::from_writer(out))),
        }
    }

    fn write(&mut self, line: &ExportLine) -> Result<(), Failure> {
        match self {
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut **out, line).map_err(io::Error::from)?;
                writeln!(out)?;
            }
            Self::Csv(table) => {
                for row in line.rows() {
                    table.serialize(row).map_err(csv_failure)?;
                }
            }
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        match self {
            Self::Jsonl(out) => Ok(out.flush()?),
            Self::Csv(mut table) => Ok(table.flush()?),
        }
    }
}

fn csv_failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => Failure::Other(format!("a row cannot be written: {other:?}")),
    }
}

pub(super) fn run(
    arguments: ExportArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let subject = account(arguments.account.as_deref())?;
    let Some(to) = &arguments.to else {
        return export(arguments.settings, environment, subject, arguments.format, out).map(drop);
    };
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to);
    let file = file.map_err(|error| Failure::Usage(format!("--to: {}: {error}", to.display())))?;
    let mut writer = BufWriter::new(file);
    let exported = export(
        arguments.settings,
        environment,
        subject,
        arguments.format,
        &mut writer,
    );
    let written = exported.and_then(|count| {
        let file = writer
            .into_inner()
            .map_err(|error| Failure::from(error.into_error()))?;
        file.sync_all()?;
        Ok(count)
    });
    match written {
        Ok(count) => Ok(writeln!(out, "Wrote {count} entries to {}.", to.display())?),
        // Half an export looks like a whole one, and keeps the next from being written.
        Err(failure) => {
            fs::remove_file(to)?;
            Err(failure)
        }
    }
}

fn export(
    settings: crate::cli::SettingsArguments,
    environment: &Environment,
    subject: Option<Subject>,
    format: Format,
    out: &mut dyn Write,
) -> Result<u64, Failure> {
    with_reader(settings, environment, async |app, store| {
        let ledgers = app.ledgers(store.scan.clone());
        let mut sink = Sink::new(format, out);
        let mut count = 0;
        if let Some(subject) = &subject {
            for (subject, currency) in ledgers.accounts_of(subject).await? {
                count += one(&ledgers, &subject, currency, &mut sink).await?;
            }
        } else {
            let mut accounts = ledgers.accounts();
            while let Some(page) = accounts.next_page().await? {
                for (subject, currency) in page {
                    count += one(&ledgers, &subject, currency, &mut sink).await?;
                }
            }
            count += house(&ledgers, &mut sink).await?;
        }
        sink.end()?;
        Ok(count)
    })
}

async fn one(
    ledgers: &Ledgers,
    subject: &Subject,
    currency: Currency,
    sink: &mut Sink<'_>,
) -> Result<u64, Failure> {
    let mut last = 0;
    loop {
        let page = ledgers.entries_behind(subject, currency, last).await?;
        let Some(end) = page.last() else {
            return Ok(last);
        };
        last = end.number;
        for entry in &page {
            sink.write(&ExportLine::from(entry))?;
        }
    }
}

async fn house(ledgers: &Ledgers, sink: &mut Sink<'_>) -> Result<u64, Failure> {
    let (mut count, mut after) = (0, None);
    loop {
        let (page, next) = ledgers.house_entries(after).await?;
        count += page.len() as u64;
        for entry in &page {
            sink.write(&ExportLine::from(entry))?;
        }
        after = next;
        if after.is_none() {
            return Ok(count);
        }
    }
}
