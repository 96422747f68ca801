//! The log: lines on the standard error output, for people or for collectors.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::environment::Environment;
use crate::settings::{LogFormat, ServerSettings};

/// Starts logging. A second call changes nothing.
pub fn start(settings: &ServerSettings, environment: &Environment) {
    // The level was checked with the settings; should it not be understood after all, more is better than nothing.
    let filter = EnvFilter::try_new(&settings.log_level).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let started = match settings.log_format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => {
            let colours = io::stderr().is_terminal() && environment.get("NO_COLOR").is_none();
            log.with_ansi(colours).with_target(true).try_init()
        }
    };
    if started.is_err() {
        tracing::debug!("logging was already started");
    }
}
