//! Where a value came from, in words an operator can look up.

use std::fmt;
use std::path::PathBuf;

/// The origin of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// `portcullis dev` chose it.
    Development,
    /// A line of a TOML file.
    File {
        /// As it was given.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// An environment variable.
    Variable {
        /// As it is spelled in the environment.
        name: String,
        /// The file that held the value, if the variable named one.
        file: Option<PathBuf>,
    },
    /// An option of the command line.
    Flag(&'static str),
}

impl Source {
    /// Whether somebody set it on purpose.
    pub fn is_explicit(&self) -> bool {
        !matches!(self, Self::Default | Self::Development)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Development => f.write_str("portcullis dev"),
            Self::File { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Variable { name, file: None } => f.write_str(name),
            Self::Variable {
                name,
                file: Some(file),
            } => write!(f, "{name} ({})", file.display()),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}
