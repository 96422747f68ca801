//! What is wrong with a configuration: every mistake with its place, its problem and its remedy.

use std::fmt;

use portcullis_ports::Secret;

use super::path::Path;
use super::source::Source;

/// One thing to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Who wrote it; nobody, when something is missing altogether.
    pub source: Option<Source>,
    /// The value it is about.
    pub path: Path,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

impl Mistake {
    /// A mistake about a value that somebody wrote.
    pub fn new(
        source: Option<Source>,
        path: &Path,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            source: source.filter(Source::is_explicit),
            path: path.clone(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{source}")?,
            None => f.write_str("not set")?,
        }
        if !self.path.steps().is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, "\n  {}", self.problem)?;
        if !self.remedy.is_empty() {
            write!(f, "\n  {}", self.remedy)?;
        }
        Ok(())
    }
}

/// All mistakes that were found; printed with a blank line between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// None so far.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one, unless the same value was already complained about in the same words.
    pub fn push(&mut self, mistake: Mistake) {
        if !self.0.contains(&mistake) {
            self.0.push(mistake);
        }
    }

    /// Adds several.
    pub fn extend(&mut self, mistakes: impl IntoIterator<Item = Mistake>) {
        for mistake in mistakes {
            self.push(mistake);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them lies at or below `path`.
    pub fn any_within(&self, path: &Path) -> bool {
        self.0.iter().any(|mistake| mistake.path.is_within(path))
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }

    /// Those at or below one of these paths, and those about the configuration as a whole.
    #[must_use]
    pub fn within(mut self, paths: &[Path]) -> Self {
        self.0.retain(|mistake| {
            let whole = mistake.path.steps().is_empty();
            whole || paths.iter().any(|path| mistake.path.is_within(path))
        });
        self
    }

    /// Brings them into the order of the file and takes every known secret out of their words.
    #[must_use]
    pub(crate) fn finished(mut self, secrets: &[Secret]) -> Self {
        self.0.sort_by_key(|mistake| match &mistake.source {
            Some(Source::File { line, .. }) => (0, *line),
            Some(Source::Variable { .. }) => (1, 0),
            Some(_) => (2, 0),
            None => (3, 0),
        });
        for mistake in &mut self.0 {
            for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
                mistake.problem = mistake.problem.replace(secret.expose(), "…");
                mistake.remedy = mistake.remedy.replace(secret.expose(), "…");
            }
        }
        self
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

impl IntoIterator for Mistakes {
    type Item = Mistake;
    type IntoIter = std::vec::IntoIter<Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{mistake}\n")?;
        }
        let count = self.0.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(
            f,
            "{count} mistake{plural} in the configuration; nothing was started."
        )
    }
}
