//! What is wrong with a configuration: every error with its place, the problem and its remedy.

use std::fmt;

use portcullis_ports::Secret;

use super::path::Path;
use super::source::Source;

/// One thing to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Who wrote it; nobody, when something is missing altogether.
    pub source: Option<Source>,
    /// The value it is about.
    pub path: Path,
    /// What is wrong, and on the next line what would be right.
    pub text: String,
}

impl ConfigError {
    /// An error in a value that somebody wrote, or in what nobody wrote.
    pub fn new(source: Option<Source>, path: &Path, text: impl Into<String>) -> Self {
        Self {
            source: source.filter(Source::is_explicit),
            path: path.clone(),
            text: text.into(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{source}")?,
            None => f.write_str("not set")?,
        }
        if !self.path.steps().is_empty() {
            write!(f, ": {}", self.path)?;
        }
        self.text
            .trim_end()
            .split('\n')
            .try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// All errors that were found; printed with a blank line between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Adds one, unless it is there already.
    pub fn push(&mut self, error: ConfigError) {
        if !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    /// Adds several.
    pub fn extend(&mut self, errors: impl IntoIterator<Item = ConfigError>) {
        errors.into_iter().for_each(|error| self.push(error));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them lies at or below `path`.
    pub fn any_within(&self, path: &Path) -> bool {
        self.0.iter().any(|error| error.path.is_within(path))
    }

    /// Whether there is one about this very value.
    pub(crate) fn any_at(&self, path: &Path) -> bool {
        self.0.iter().any(|error| error.path == *path)
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }

    /// Those at or below one of these paths, and those about the configuration as a whole.
    #[must_use]
    pub fn within(mut self, paths: &[Path]) -> Self {
        self.0.retain(|error| {
            error.path.steps().is_empty() || paths.iter().any(|path| error.path.is_within(path))
        });
        self
    }

    /// Brings them into the order of the file and takes every known secret out of their words.
    #[must_use]
    pub(crate) fn finished(mut self, secrets: &[Secret]) -> Self {
        self.0.sort_by_key(|error| match &error.source {
            Some(Source::File { line, .. }) => (0, *line),
            Some(Source::Variable { .. }) => (1, 0),
            Some(_) => (2, 0),
            None => (3, 0),
        });
        for error in &mut self.0 {
            for secret in secrets {
                error.text = error.text.replace(secret.expose(), "…");
            }
        }
        self
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.0 {
            writeln!(f, "{error}\n")?;
        }
        let count = self.0.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(
            f,
            "{count} mistake{plural} in the configuration; nothing was started."
        )
    }
}
