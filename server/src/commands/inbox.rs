//! `portcullis inbox` and `portcullis tasks`: what vendors posted, and work that was given up.

use std::io::Write;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use portcullis_core::App;
use portcullis_core::inbox::{EventState, EventView};

use super::moment::moment;
use super::{with_deployment, with_reader};
use crate::cli::SettingsArguments;
use crate::environment::Environment;
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  portcullis inbox list
  portcullis inbox list --state foreign
  portcullis inbox show payments.main evt_1PqTzR2eZvKYlo2C
  portcullis inbox replay payments.main evt_1PqTzR2eZvKYlo2C

Events are named as the vendor names them. Lists and single events are read while the service runs. To replay one with the
embedded store the service must be stopped first: one process at a time writes to the store.")]
pub(crate) enum InboxCommand {
    /// List events of the last 30 days that were not applied, newest first, at most 1,000 of each state
    List(ListArguments),
    /// Show one event
    Show(EventArguments),
    /// Have the delivery of an event read again and the event applied again
    Replay(EventArguments),
}

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Only those in this state [default: dead, unmatched and parked]
    #[arg(long, value_parser = PossibleValuesParser::new(EventState::LISTED.map(EventState::as_str)))]
    state: Option<String>,
}

/// Which event.
#[derive(Debug, Args)]
pub(crate) struct EventArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The plugin that it came to, as in the configuration: section and instance, such as senders.main
    #[arg(value_name = "PLUGIN")]
    plugin: String,
    /// The vendor's id of the event, as lists and logs show it
    id: String,
}

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  portcullis tasks dead
  portcullis tasks replay sender-events 4be1a0

With the embedded store the service must be stopped first: one process at a time has the store.")]
pub(crate) enum TasksCommand {
    /// List work that was given up, by kind
    Dead(SettingsArguments),
    /// Have it tried again; a kind that must not simply be run again first looks how far it came
    Replay(TaskArguments),
}

/// Which task.
#[derive(Debug, Args)]
pub(crate) struct TaskArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// Its kind, as the list shows it
    kind: String,
    /// Its id, as the list shows it
    id: String,
}

pub(crate) fn inbox(
    command: InboxCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        InboxCommand::List(ListArguments { settings, state }) => {
            let wanted = |known: &EventState| match &state {
                Some(state) => known.as_str() == state,
                None => matches!(
                    known,
                    EventState::Dead | EventState::Unmatched | EventState::Parked
                ),
            };
            let states: Vec<EventState> = EventState::LISTED.into_iter().filter(wanted).collect();
            let events = with_reader(settings, environment, async |app, _| {
                let mut events = Vec::new();
                for state in &states {
                    events.extend(app.inbox.list(*state).await?);
                }
                Ok(events)
            })?;
            for event in &events {
                line(event, out)?;
            }
            if events.is_empty() {
                writeln!(out, "No event is in such a state.")?;
            }
        }
        InboxCommand::Show(EventArguments { settings, plugin, id }) => {
            let (port, instance) = parts(&plugin)?;
            let event = with_reader(settings, environment, async |app, _| {
                Ok(app.inbox.event(port, instance, &id).await?)
            })?;
            show(&event, out)?;
        }
        InboxCommand::Replay(EventArguments { settings, plugin, id }) => {
            let (port, instance) = parts(&plugin)?;
            with_app(settings, environment, async |app| {
                app.inbox.replay(port, instance, &id).await
            })?;
            writeln!(out, "{id} is stored again; it is applied while the service runs.")?;
        }
    }
    Ok(())
}

pub(crate) fn tasks(
    command: TasksCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        TasksCommand::Dead(settings) => {
            let letters = with_app(settings, environment, async |app| app.tasks.dead_letters().await)?;
            for letter in &letters {
                let since = moment(letter.since);
                writeln!(
                    out,
                    "{}  {}  since {since}, begun {} times  {}",
                    letter.kind, letter.id, letter.runs, letter.reason
                )?;
            }
            if letters.is_empty() {
                writeln!(out, "Nothing was given up.")?;
            }
        }
        TasksCommand::Replay(TaskArguments { settings, kind, id }) => {
            with_app(settings, environment, async |app| {
                app.tasks.replay(&kind, &id).await
            })?;
            writeln!(
                out,
                "{kind} {id} is planned again; it is run while the service runs."
            )?;
        }
    }
    Ok(())
}

/// Section and instance of a plugin.
fn parts(plugin: &str) -> Result<(&str, &str), Failure> {
    plugin.split_once('.').ok_or_else(|| {
        let why = "section and instance are expected, such as senders.main";
        Failure::Usage(format!("{plugin} names no plugin: {why}"))
    })
}

/// Asks the use cases something.
fn with_app<T>(
    settings: SettingsArguments,
    environment: &Environment,
    ask: impl AsyncFnOnce(&App) -> portcullis_ports::Result<T>,
) -> Result<T, Failure> {
    with_deployment(settings, environment, async |app, _| Ok(ask(app).await?))
}

fn line(event: &EventView, out: &mut dyn Write) -> Result<(), Failure> {
    let EventView {
        port,
        instance,
        id,
        name,
        state,
        ..
    } = event;
    let at = moment(event.received_at);
    let why = event.failure.as_deref().unwrap_or_default();
    writeln!(
        out,
        "{port}.{instance} {id}  {:9} {at}  {name}  {why}",
        state.as_str()
    )?;
    Ok(())
}

fn show(event: &EventView, out: &mut dyn Write) -> Result<(), Failure> {
    line(event, out)?;
    if let Some(at) = event.decided_at {
        writeln!(out, "{}  {}", moment(at), event.state.as_str())?;
    }
    let proof = serde_json::to_value(event.proof).map_err(|error| Failure::Other(error.to_string()))?;
    writeln!(out, "proof: {}", proof.as_str().unwrap_or_default())?;
    let kept = if event.replayable {
        "its delivery is kept"
    } else {
        "its delivery is not kept any more"
    };
    writeln!(out, "{kept}")?;
    Ok(())
}
