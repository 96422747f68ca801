//! How the program ends when it cannot do what was asked: the message and the exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;

use portcullis_ports::{Error, Kind};

use crate::config::ConfigErrors;

/// Why a command did not succeed. The codes are those of `sysexits.h`, which supervisors know.
#[derive(Debug)]
pub enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// The configuration has errors.
    Configuration(ConfigErrors),
    /// Something the program needs does not answer.
    Unavailable(String),
    /// Anything else.
    Other(String),
    /// Everything was said already; this is the exit code that fits.
    Ended(u8),
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 64,
            Self::Unavailable(_) => 69,
            Self::Configuration(_) => 78,
            Self::Ended(code) => *code,
            Self::Other(_) => 1,
        })
    }

    /// The end after an error, told with a line of advice behind it.
    pub(crate) fn with_advice(error: &Error, advice: &str) -> Self {
        Self::of(error.kind(), format!("{}\n{advice}", in_full(error)))
    }

    fn of(kind: Kind, text: String) -> Self {
        match kind {
            Kind::Unavailable => Self::Unavailable(text),
            _ => Self::Other(text),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(error.kind(), in_full(&error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(errors) => errors.fmt(f),
            Self::Usage(text) | Self::Unavailable(text) | Self::Other(text) => write!(f, "error: {text}"),
            Self::Ended(_) => Ok(()),
        }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Configuration(errors)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // Whoever reads the output has seen enough, as with `| head`.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Ended(0);
        }
        Self::Other(error.to_string())
    }
}

/// An error in one line for the operator, with everything that is meant for the log.
pub fn in_full(error: &Error) -> String {
    use std::error::Error as _;

    let mut parts = vec![error.to_string()];
    parts.extend(
        error
            .context()
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    let mut cause = error.source();
    while let Some(error) = cause {
        parts.push(format!("because: {error}"));
        cause = error.source();
    }
    parts.join("; ")
}
