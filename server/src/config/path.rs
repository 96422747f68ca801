//! The place of one value in the configuration, as a dotted path and as the name of a variable.

use std::fmt;

use serde_json::Value;

/// The prefix of our own variables.
pub(crate) const PREFIX: &str = "PORTCULLIS_";

/// Table names and a key; an element of a list is a step such as `[2]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<String>);

impl Path {
    /// The whole configuration.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The path of these steps.
    pub fn of<S: Into<String>>(steps: impl IntoIterator<Item = S>) -> Self {
        Self(steps.into_iter().map(Into::into).collect())
    }

    /// Reads `a.b[2].c`, the form in which errors name a field.
    pub fn parse(text: &str) -> Self {
        let parts = text.split('.').filter(|part| *part != "?");
        let steps = parts.flat_map(|part| part.split_inclusive(']')).flat_map(|part| {
            let (name, index) = part.split_at(part.find('[').unwrap_or(part.len()));
            [name, index]
        });
        Self::of(steps.filter(|step| !step.is_empty()))
    }

    /// One step further.
    #[must_use]
    pub fn child(&self, step: impl Into<String>) -> Self {
        self.join(&Self::of([step]))
    }

    /// The element of a list.
    #[must_use]
    pub fn element(&self, index: usize) -> Self {
        self.child(format!("[{index}]"))
    }

    /// All of `inner` below this one.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        Self::of(self.0.iter().chain(&inner.0).cloned())
    }

    /// The steps.
    pub fn steps(&self) -> &[String] {
        &self.0
    }

    /// The last step; empty at the root.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// One step back; the root stays the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.first(self.0.len().saturating_sub(1))
    }

    /// It, what is around it, and so on, without the root.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).rev().map(|kept| self.first(kept))
    }

    fn first(&self, steps: usize) -> Self {
        Self::of(self.0.iter().take(steps).cloned())
    }

    /// Whether it is `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The variable that sets it.
    pub fn variable(&self) -> String {
        let steps = self.0.iter().map(String::as_str);
        let steps: Vec<&str> = steps.take_while(|step| index(step).is_none()).collect();
        format!("{PREFIX}{}", steps.join("__")).to_uppercase()
    }

    /// The value there.
    pub(crate) fn find<'a>(&self, tree: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(tree, |node, step| match index(step) {
            Some(index) => node.get(index),
            None => node.get(step),
        })
    }
}

/// The number in a step such as `[2]`.
pub(crate) fn index(step: &str) -> Option<usize> {
    step.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// A key as TOML takes it: quoted where it must be.
pub(crate) fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match index(step) {
                Some(_) => f.write_str(step)?,
                None if at == 0 => f.write_str(&key(step))?,
                None => write!(f, ".{}", key(step))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        for text in ["server.listen", "server.trusted_proxies[1]", "a[0][2].b", ""] {
            assert_eq!(Path::parse(text).to_string(), text);
        }
        // An odd key is quoted.
        assert_eq!(Path::of(["a", "b c"]).to_string(), r#"a."b c""#);
    }

    #[test]
    fn a_variable_names_the_list_and_not_its_element() {
        let element = Path::parse("server.trusted_proxies[1]");
        assert_eq!(element.variable(), "PORTCULLIS_SERVER__TRUSTED_PROXIES");
    }
}
