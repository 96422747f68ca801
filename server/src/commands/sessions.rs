//! `portcullis sessions`: ends the sessions of everybody.

use std::io::Write;

use super::{confirm, with_deployment};
use crate::cli::{EndAllArguments, SessionsCommand};
use crate::environment::Environment;
use crate::exit::{Failure, in_full};

pub(crate) fn run(
    command: SessionsCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let SessionsCommand::EndAll(EndAllArguments { settings, yes }) = command;
    if !yes {
        confirm("End the sessions of everybody? Type yes to go on: ")?;
    }
    with_deployment(settings, environment, async |app, _| {
        let ended = app.end_all_sessions().await;
        ended.map_err(|error| Failure::Unavailable(in_full(&error)))
    })?;
    writeln!(out, "Ended every session, access token and open sign-in.")?;
    Ok(())
}
