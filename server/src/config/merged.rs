//! The settings of all sources, merged by figment, which carries where every value came from.

use std::fmt;
use std::path::PathBuf;

use figment::value::{Dict, Map, Value as Tagged};
use figment::{Error, Figment, Metadata, Profile, Provider};
use serde_json::Value;

use super::errors::{ConfigError, ConfigErrors};
use super::path::{Path, index};

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
            Self::Variable { name, file } => {
                f.write_str(name)?;
                file.iter()
                    .try_for_each(|file| write!(f, " ({})", file.display()))
            }
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// One value of one source. An element of a list follows its list, with a place of its own.
#[derive(Debug, Clone)]
pub struct Setting {
    pub(crate) path: Path,
    pub(crate) value: Value,
    pub(crate) source: Source,
}

impl Setting {
    /// A value that lies at `path` unless a stronger source says otherwise.
    pub fn new(path: &Path, value: impl Into<Value>, source: &Source) -> Self {
        Self {
            path: path.clone(),
            value: value.into(),
            source: source.clone(),
        }
    }
}

/// A setting as figment reads it; its number is its name there.
struct Numbered<'a>(usize, &'a Setting);

impl Provider for Numbered<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let steps = self.1.path.steps().iter().rev();
        let tree = steps.fold(Tagged::serialize(&self.1.value)?, |inner, step| {
            match index(step) {
                Some(_) => Tagged::from(vec![inner]),
                None => Tagged::from(Dict::from([(step.clone(), inner)])),
            }
        });
        Ok(Profile::Default.collect(tree.into_dict().unwrap_or_default()))
    }
}

/// All settings as one tree.
pub(crate) struct Merged {
    pub(crate) tree: Value,
    /// What every source says, the weakest first.
    pub(crate) settings: Vec<Setting>,
    tagged: Tagged,
    figment: Figment,
}

impl Merged {
    /// Merges settings, later ones winning: tables are united, everything else is replaced.
    ///
    /// # Errors
    /// When figment cannot merge; the values come from parsed trees, so that would be a defect.
    pub(crate) fn new<'a>(parts: impl IntoIterator<Item = &'a [Setting]>) -> Result<Self, ConfigErrors> {
        let root = Setting::new(&Path::root(), serde_json::Map::new(), &Source::Default);
        let parts = parts.into_iter().flatten().cloned();
        let settings: Vec<Setting> = std::iter::once(root).chain(parts).collect();
        let mut figment = Figment::new();
        for (number, setting) in settings.iter().enumerate() {
            let numbered = Numbered(number, setting);
            figment = match index(setting.path.last()) {
                Some(_) => figment.admerge(numbered),
                None => figment.merge(numbered),
            };
        }
        let failed = |error: &dyn fmt::Display| {
            let text = format!("The sources cannot be merged: {error}.");
            ConfigError::new(None, &Path::root(), text)
        };
        let tagged = figment.find_value("").map_err(|error| failed(&error))?;
        let tree = serde_json::to_value(&tagged).map_err(|error| failed(&error))?;
        Ok(Self {
            tree,
            settings,
            tagged,
            figment,
        })
    }

    /// Who set the value there; for a table, who wrote it last.
    pub(crate) fn source(&self, path: &Path) -> Source {
        let is_table = path.find(&self.tree).is_some_and(Value::is_object);
        let table = self.written_table(path).filter(|_| is_table);
        let found = table.or_else(|| path.ancestors().find_map(|path| self.tagged_source(&path)));
        found.cloned().unwrap_or(Source::Default)
    }

    /// An error in what is at a path. It names who set that, or who wrote the innermost table around it.
    pub(crate) fn error(&self, path: &Path, text: impl Into<String>) -> ConfigError {
        let source = Some(self.source(path)).filter(Source::is_explicit);
        let mut around = path
            .ancestors()
            .filter_map(|path| self.written_table(&path).cloned());
        ConfigError::new(source.or_else(|| around.next()), path, text)
    }

    /// An error in what several sources wrote below a path. A variable or an option is named before the file.
    pub(crate) fn error_below(&self, path: &Path, text: String) -> ConfigError {
        let is_hidden = |one: &&Setting| matches!(one.source, Source::Variable { .. } | Source::Flag(_));
        let mut below = self.settings.iter().rev().filter(|one| one.path.is_within(path));
        match below.find(is_hidden) {
            Some(one) => ConfigError::new(Some(one.source.clone()), path, text),
            None => self.error(path, text),
        }
    }

    /// Who wrote a table as such; that a key is below it says nothing of the table.
    fn written_table(&self, path: &Path) -> Option<&Source> {
        let is_written =
            |one: &&Setting| one.path == *path && one.value.is_object() && one.source.is_explicit();
        self.settings.iter().rev().find(is_written).map(|one| &one.source)
    }

    fn tagged_source(&self, path: &Path) -> Option<&Source> {
        let mut steps = path.steps().iter();
        let found = steps.try_fold(&self.tagged, |node, step| match node {
            Tagged::Dict(_, table) => table.get(step),
            Tagged::Array(_, elements) => elements.get(index(step)?),
            _ => None,
        })?;
        let tag = found.as_dict().is_none().then(|| found.tag())?;
        let number: usize = self.figment.get_metadata(tag)?.name.parse().ok()?;
        self.settings.get(number).map(|setting| &setting.source)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn later_settings_win_tables_are_united_and_text_stays_text() {
        let settings = [
            ("one", "a.x", json!("0900123")),
            ("two", "a.y", json!([1, 2])),
            ("three", "a.y", json!([])),
            ("four", "a.y[0]", json!(3)),
        ];
        let setting = |(name, path, value)| Setting::new(&Path::parse(path), value, &Source::Flag(name));
        let merged = Merged::new([&settings.map(setting)[..]]).unwrap();
        assert_eq!(merged.tree, json!({"a": {"x": "0900123", "y": [3]}}));
        for (path, source) in [("a.x", "one"), ("a.y", "three"), ("a.y[0]", "four")] {
            assert_eq!(merged.source(&Path::parse(path)), Source::Flag(source));
        }
    }
}
