//! `portcullis audit`: proves the histories of accounts, and removes what is old from them.

use std::io::Write;

use clap::{Args, Subcommand};
use portcullis_core::audit::{Histories, Pruned, Retention, Subjects};
use portcullis_ports::identity::Subject;
use portcullis_ports::{Clock as _, Span, Timestamp};

use super::moment::{moment, parse_moment};
use super::{confirm, with_deployment};
use crate::cli::SettingsArguments;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::system::SystemClock;

/// At least one history is broken.
const BROKEN: u8 = 1;

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  portcullis audit verify
  portcullis audit verify --account usr_01h2xcejqtf2nbrexx3vqjhp41
  portcullis audit prune --dry-run               what the settings in [audit] would remove now
  portcullis audit prune --older-than 180d --yes
  portcullis audit prune --before 2026-01-01 --yes

With the embedded store the service must be stopped first: one process at a time has the store.")]
pub(crate) enum AuditCommand {
    /// Prove that no entry of any history was changed, removed or put in between; exit code 1 if one was
    Verify(VerifyArguments),
    /// Remove old entries; what is left still proves that nothing else is missing
    Prune(PruneArguments),
}

/// Whose histories.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Only the history of this account
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

/// What to remove.
#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Only from the history of this account
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Entries that are older than this, such as 180d [default: what `[audit]` in the settings keeps]
    #[arg(long, value_name = "SPAN", conflicts_with = "before")]
    older_than: Option<String>,
    /// Entries from before this moment, such as 2026-01-01 or 2026-01-01T12:00:00Z, in UTC
    #[arg(long, value_name = "MOMENT")]
    before: Option<String>,
    /// Count what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(
    command: AuditCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(arguments) => verify(arguments, environment, out),
        AuditCommand::Prune(arguments) => prune(arguments, environment, out),
    }
}

fn verify(arguments: VerifyArguments, environment: &Environment, out: &mut dyn Write) -> Result<(), Failure> {
    let account = account(arguments.account.as_deref())?;
    let mut broken = 0;
    with_deployment(arguments.settings, environment, async |app, store| {
        let histories = app.histories(store.scan.clone());
        let (mut count, mut entries, mut pruned) = (0_u64, 0, 0);
        let mut subjects = subjects(&histories, account);
        while let Some(subject) = subjects.next().await? {
            count += 1;
            match histories.verify(&subject).await? {
                Ok(verified) => {
                    entries += verified.entries;
                    pruned += verified.pruned;
                }
                Err(at) => {
                    broken += 1;
                    writeln!(out, "{subject}: BROKEN at entry {}: {}", at.number, at.why)?;
                }
            }
        }
        let verdict = match broken {
            0 => "all intact".to_owned(),
            _ => format!("{broken} broken"),
        };
        writeln!(
            out,
            "{count} histories with {entries} entries, {pruned} more were pruned in order: {verdict}."
        )?;
        if !histories.are_all_signed() {
            writeln!(
                out,
                "Histories of before their ends were signed are taken as they stand until the service has pruned all once."
            )?;
        }
        Ok(())
    })?;
    if broken > 0 {
        return Err(Failure::Ended(BROKEN));
    }
    Ok(())
}

fn prune(arguments: PruneArguments, environment: &Environment, out: &mut dyn Write) -> Result<(), Failure> {
    let account = account(arguments.account.as_deref())?;
    let asked = asked(&arguments, SystemClock.now())?;
    let dry = arguments.dry_run;
    if !dry && !arguments.yes {
        confirm("Remove old entries from histories for good? Type yes to go on: ")?;
    }
    let mut broken = 0;
    with_deployment(arguments.settings, environment, async |app, store| {
        let histories = app.histories(store.scan.clone());
        let retention = asked.unwrap_or_else(|| histories.retention());
        let (mut count, mut removed) = (0_u64, 0);
        let mut subjects = subjects(&histories, account);
        while let Some(subject) = subjects.next().await? {
            count += 1;
            match histories.prune(&subject, &retention, dry).await? {
                Pruned::Removed(entries) => removed += entries,
                Pruned::Refused(at) => {
                    broken += 1;
                    writeln!(
                        out,
                        "{subject}: left alone, because it is BROKEN at entry {}: {}",
                        at.number, at.why
                    )?;
                }
            }
        }
        let verb = if dry { "would be removed" } else { "were removed" };
        let failures = if retention.failures_before > retention.before {
            format!(
                ", about what was refused from before {}",
                moment(retention.failures_before)
            )
        } else {
            String::new()
        };
        writeln!(
            out,
            "{count} histories: {removed} entries from before {}{failures} {verb}.",
            moment(retention.before)
        )?;
        Ok(())
    })?;
    if broken > 0 {
        return Err(Failure::Ended(BROKEN));
    }
    Ok(())
}

/// The one that is meant, or all, of whom one page is held.
struct Chosen<'a> {
    page: std::vec::IntoIter<Subject>,
    all: Option<Subjects<'a>>,
}

impl Chosen<'_> {
    async fn next(&mut self) -> Result<Option<Subject>, Failure> {
        loop {
            if let Some(subject) = self.page.next() {
                return Ok(Some(subject));
            }
            let Some(all) = &mut self.all else {
                return Ok(None);
            };
            match all.next_page().await? {
                Some(page) => self.page = page.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

fn subjects(histories: &Histories, account: Option<Subject>) -> Chosen<'_> {
    Chosen {
        all: account.is_none().then(|| histories.subjects()),
        page: Vec::from_iter(account).into_iter(),
    }
}

fn account(id: Option<&str>) -> Result<Option<Subject>, Failure> {
    let parsed = id.map(Subject::parse).transpose();
    parsed.map_err(|expected| Failure::Usage(format!("--account: {expected}")))
}

/// What the options say about the time; `None` if the settings decide.
fn asked(arguments: &PruneArguments, now: Timestamp) -> Result<Option<Retention>, Failure> {
    let until = match (&arguments.older_than, &arguments.before) {
        (None, None) => return Ok(None),
        (Some(span), _) => {
            let span: Span = span
                .parse()
                .map_err(|expected| Failure::Usage(format!("--older-than: {expected}")))?;
            now - span.get()
        }
        (None, Some(text)) => parse_moment(text).ok_or_else(|| {
            Failure::Usage(format!(
                "--before: {text} is no moment; 2026-01-01 or 2026-01-01T12:00:00Z is expected"
            ))
        })?,
    };
    if until > now {
        let text = "--before: the moment lies in the future; entries that do not exist yet cannot be removed";
        return Err(Failure::Usage(text.to_owned()));
    }
    Ok(Some(Retention::before(until)))
}
