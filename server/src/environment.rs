//! The environment variables, read from the process in this one place and handed on as a value.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The variables of a process, or those a test made up.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
}

/// A variable whose value is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotText;

impl Environment {
    /// Those of this process. Names that are not UTF-8 cannot be ours and are left out.
    pub fn of_process() -> Self {
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Self {
            variables: std::env::vars_os().filter_map(named).collect(),
        }
    }

    /// Exactly these.
    pub fn of<N: Into<String>, V: Into<OsString>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    /// The value of a variable, if it is set.
    ///
    /// # Errors
    /// [`NotText`] when it is not UTF-8.
    pub fn get(&self, name: &str) -> Option<Result<&str, NotText>> {
        self.variables
            .get(name)
            .map(|value| value.to_str().ok_or(NotText))
    }

    /// The names of all variables, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }
}
