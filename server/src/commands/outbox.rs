//! `portcullis outbox` and `portcullis suppressions`: what an operator sees and does about messages.

use std::io::Write;

use clap::{Args, Subcommand};
use portcullis_core::App;
use portcullis_core::outbox::MessageView;
use portcullis_core::suppressions::SuppressionView;
use portcullis_ports::id::MessageId;
use portcullis_ports::notification::{DeliveryState, SuppressionCause};

use super::moment::moment;
use super::{destination, with_deployment};
use crate::cli::SettingsArguments;
use crate::environment::Environment;
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  portcullis outbox dead
  portcullis outbox show msg_01h2xcejqtf2nbrexx3vqjhp41
  portcullis outbox replay msg_01h2xcejqtf2nbrexx3vqjhp41

With the embedded store the service must be stopped first: one process at a time has the store.")]
pub(crate) enum OutboxCommand {
    /// List what was given up, oldest first, at most 200
    Dead(SettingsArguments),
    /// Show one message with its history
    Show(MessageArguments),
    /// Send a dead letter once more
    Replay(MessageArguments),
    /// Say what text messages cost today, by country or prefix
    Spend(SettingsArguments),
}

/// Which message.
#[derive(Debug, Args)]
pub(crate) struct MessageArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The id of the message, as lists and logs show it
    id: String,
}

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  portcullis suppressions find ada@example.com
  portcullis suppressions lift +15005550006

Lift a suppression only if its cause is gone: vendors close accounts that keep writing to dead addresses. With the
embedded store the service must be stopped first: one process at a time has the store.")]
pub(crate) enum SuppressionsCommand {
    /// List them, newest first, at most 1,000
    List(SettingsArguments),
    /// Say what keeps messages from an address or number
    Find(AddressArguments),
    /// Let messages through again
    Lift(AddressArguments),
}

/// Which address or number.
#[derive(Debug, Args)]
pub(crate) struct AddressArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The e-mail address, or the phone number with its country code
    address: String,
}

pub(crate) fn outbox(
    command: OutboxCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let parsed = |id: &str| {
        MessageId::parse(id).map_err(|expected| Failure::Usage(format!("{id} names no message: {expected}")))
    };
    match command {
        OutboxCommand::Dead(settings) => {
            let letters = with_app(settings, environment, async |app| app.outbox.dead_letters().await)?;
            for letter in &letters {
                let last = letter
                    .attempts
                    .last()
                    .map_or("", |attempt| attempt.detail.as_str());
                let state = letter.delivery.as_str();
                writeln!(out, "{}  {state:8} {}  {last}", letter.id, letter.to)?;
            }
            if letters.is_empty() {
                writeln!(out, "Nothing was given up.")?;
            }
        }
        OutboxCommand::Show(MessageArguments { settings, id }) => {
            let id = parsed(&id)?;
            let view = with_app(settings, environment, async |app| app.outbox.message(&id).await)?;
            show(&view, out)?;
        }
        OutboxCommand::Replay(MessageArguments { settings, id }) => {
            let id = parsed(&id)?;
            with_app(settings, environment, async |app| app.outbox.replay(&id).await)?;
            writeln!(out, "{id} is queued again; it goes out while the service runs.")?;
        }
        OutboxCommand::Spend(settings) => {
            let today = with_app(settings, environment, async |app| app.sms_spend.today().await)?;
            let Some(today) = today else {
                writeln!(
                    out,
                    "Nothing is counted: no limit is set. See [sms_spend] in the configuration."
                )?;
                return Ok(());
            };
            for (prefix, price) in &today.by_prefix {
                writeln!(out, "{prefix:16} {price}")?;
            }
            let limit = today
                .limit
                .map_or_else(|| "no limit".to_owned(), |limit| format!("at most {limit}"));
            writeln!(out, "{:16} {} ({limit})", today.day, today.total)?;
        }
    }
    Ok(())
}

pub(crate) fn suppressions(
    command: SuppressionsCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        SuppressionsCommand::List(settings) => {
            let list = with_app(settings, environment, async |app| app.suppressions.list().await)?;
            list_all(&list, "No address and no number is suppressed.", out)
        }
        SuppressionsCommand::Find(AddressArguments { settings, address }) => {
            let to = destination(&address).map_err(Failure::Usage)?;
            let list = with_app(settings, environment, async |app| {
                app.suppressions.find(&to).await
            })?;
            list_all(&list, "Messages to it are not refused.", out)
        }
        SuppressionsCommand::Lift(AddressArguments { settings, address }) => {
            let to = destination(&address).map_err(Failure::Usage)?;
            with_app(settings, environment, async |app| {
                app.suppressions.lift(&to).await
            })?;
            Ok(writeln!(out, "Messages to {} go out again.", to.masked())?)
        }
    }
}

/// Asks the use cases something.
fn with_app<T>(
    settings: SettingsArguments,
    environment: &Environment,
    ask: impl AsyncFnOnce(&App) -> portcullis_ports::Result<T>,
) -> Result<T, Failure> {
    with_deployment(settings, environment, async |app, _| Ok(ask(app).await?))
}

fn show(view: &MessageView, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{}  {}  to {}", view.id, view.delivery.as_str(), view.to)?;
    if !view.subject.is_empty() {
        writeln!(out, "{}", view.subject)?;
    }
    writeln!(out, "{}  queued", moment(view.created_at))?;
    for attempt in &view.attempts {
        let at = moment(attempt.at);
        writeln!(
            out,
            "{at}  {} {}  {}",
            attempt.sender, attempt.outcome, attempt.detail
        )?;
    }
    if let Some(report) = &view.report {
        let state = match report.state {
            DeliveryState::Sent => "sent",
            DeliveryState::Failed => "failed",
            DeliveryState::Delivered => "delivered",
        };
        let at = moment(report.reported_at);
        writeln!(out, "{at}  {} reports: {state}  {}", report.sender, report.detail)?;
    }
    Ok(())
}

fn list_all(list: &[SuppressionView], none: &str, out: &mut dyn Write) -> Result<(), Failure> {
    for one in list {
        let cause = match one.cause {
            SuppressionCause::Bounce => "bounce",
            SuppressionCause::Complaint => "complaint",
            SuppressionCause::OptOut => "opt-out",
        };
        let since = moment(one.since);
        writeln!(
            out,
            "{}  {cause} since {since}, reported by {}  {}",
            one.to, one.source, one.detail
        )?;
    }
    if list.is_empty() {
        writeln!(out, "{none}")?;
    }
    Ok(())
}
