//! What is wrong with a configuration: every error with its place, the problem and its remedy.

use std::fmt;
use std::ops::Deref;

use portcullis_ports::Secret;

use super::merged::Source;
use super::path::Path;

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
        let source = source.filter(Source::is_explicit);
        Self {
            source,
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
        let mut lines = self.text.trim_end().split('\n');
        lines.try_for_each(|line| write!(f, "\n  {line}"))
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

    /// Whether any of them lies at or below `path`.
    pub fn any_within(&self, path: &Path) -> bool {
        self.iter().any(|error| error.path.is_within(path))
    }

    /// Those at or below one of these paths, and those about the configuration as a whole.
    #[must_use]
    pub fn within(mut self, paths: &[Path]) -> Self {
        let is_within = |inner: &Path| paths.iter().any(|path| inner.is_within(path));
        self.0
            .retain(|error| error.path.steps().is_empty() || is_within(&error.path));
        self
    }

    /// Brings them into the order of the file and takes every known secret out of their words.
    #[must_use]
    pub(crate) fn finished(mut self, secrets: &[Secret]) -> Self {
        self.0.sort_by_cached_key(|error| match &error.source {
            Some(Source::File { line, .. }) => (0, *line, String::new()),
            Some(Source::Variable { name, .. }) => (1, 0, name.clone()),
            Some(_) => (2, 0, String::new()),
            None => (3, 0, String::new()),
        });
        for error in &mut self.0 {
            for secret in secrets {
                error.text = error.text.replace(secret.expose(), "…");
            }
        }
        self
    }
}

impl Deref for ConfigErrors {
    type Target = [ConfigError];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Extend<ConfigError> for ConfigErrors {
    fn extend<I: IntoIterator<Item = ConfigError>>(&mut self, errors: I) {
        errors.into_iter().for_each(|error| self.push(error));
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|error| writeln!(f, "{error}\n"))?;
        let (count, plural) = (self.len(), if self.len() == 1 { "" } else { "s" });
        write!(
            f,
            "{count} mistake{plural} in the configuration; nothing was started."
        )
    }
}
