//! The place of one value in the configuration, as a dotted path and as the name of a variable.

use std::fmt;

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

    /// Reads `a.b[2].c`, the form in which mistakes name a field.
    pub fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        for part in text.split('.').filter(|part| !part.is_empty() && *part != "?") {
            for piece in part.split_inclusive(']') {
                match piece.split_once('[') {
                    Some((name, index)) => {
                        steps.extend((!name.is_empty()).then(|| name.to_owned()));
                        steps.push(format!("[{index}"));
                    }
                    None => steps.push(piece.to_owned()),
                }
            }
        }
        Self(steps)
    }

    /// One step further.
    #[must_use]
    pub fn child(&self, step: impl Into<String>) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Self(steps)
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
        let kept = self.0.len().saturating_sub(1);
        Self::of(self.0.iter().take(kept).cloned())
    }

    /// Whether it is `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The variable that sets it.
    pub fn variable(&self) -> String {
        let steps: Vec<&str> = self
            .0
            .iter()
            .map(String::as_str)
            .take_while(|step| !step.starts_with('['))
            .collect();
        format!("{PREFIX}{}", steps.join("__")).to_uppercase()
    }
}

/// Whether TOML takes the key without quotes.
pub(crate) fn is_bare(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            let element = step.starts_with('[');
            if at > 0 && !element {
                f.write_str(".")?;
            }
            if element || is_bare(step) {
                f.write_str(step)?;
            } else {
                write!(f, "{step:?}")?;
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
    }

    #[test]
    fn a_variable_names_the_list_and_not_its_element() {
        assert_eq!(
            Path::parse("server.trusted_proxies[1]").variable(),
            "PORTCULLIS_SERVER__TRUSTED_PROXIES"
        );
    }

    #[test]
    fn an_odd_key_is_quoted() {
        assert_eq!(Path::of(["a", "b c"]).to_string(), r#"a."b c""#);
    }
}
