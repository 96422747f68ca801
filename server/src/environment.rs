//! The environment variables, read from the process in this one place and handed on as a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::PathBuf;

/// In bytes. A secret is short; a longer file is the wrong one.
const LONGEST_FILE: u64 = 64 * 1024;
const AS_TEXT: &str = "Encode it as text, for example in base64.";
const ANOTHER: &str = "Name the file that holds the value alone, or unset the variable.";
const READABLE: &str = "Create the file and let this user read it, or unset the variable.";

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

    /// The text of a variable, or of the file that it names without its last line break; with that file. A variable that
    /// is not set is empty.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn text(&self, name: &str, in_file: bool) -> Result<(String, Option<PathBuf>), String> {
        let Ok(value) = self.get(name).unwrap_or(Ok("")) else {
            return Err(format!("The value is not UTF-8 text.\n{AS_TEXT}"));
        };
        if !in_file {
            return Ok((value.to_owned(), None));
        }
        let mut held = String::new();
        let read = File::open(value).and_then(|file| file.take(LONGEST_FILE + 1).read_to_string(&mut held));
        let wrong = match read {
            Ok(size) if size as u64 <= LONGEST_FILE => None,
            Ok(_) => Some(format!("which is larger than {LONGEST_FILE} bytes.\n{ANOTHER}")),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Some(format!("which is not UTF-8 text.\n{AS_TEXT}"))
            }
            Err(error) => Some(format!("which cannot be read: {error}.\n{READABLE}")),
        };
        if let Some(wrong) = wrong {
            return Err(format!("{name} names the file {value}, {wrong}"));
        }
        let line = held.strip_suffix('\n').unwrap_or(&held);
        let line = line.strip_suffix('\r').unwrap_or(line);
        Ok((line.to_owned(), Some(PathBuf::from(value))))
    }

    /// The names of all variables, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }
}

/// Whether Kubernetes sets this variable, to announce a service of its cluster. The name is in capitals.
pub(crate) fn announces_service(name: &str, value: &str) -> bool {
    let words: Vec<&str> = name.split('_').collect();
    let is_service = |words: &[&str]| matches!(words, ["SERVICE", "HOST" | "PORT"]);
    let is_port = |words: &[&str]| match words {
        ["PORT", number, "TCP" | "UDP" | "SCTP"] => number.parse::<u16>().is_ok(),
        _ => false,
    };
    let is_address = words.last() == Some(&"PORT") && value.contains("://");
    let is_set = words.windows(2).any(is_service) || words.windows(3).any(is_port) || is_address;
    is_set && !name.contains("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_is_told_from_what_people_set() {
        for (name, value) in [
            ("PORTCULLIS_SERVICE_HOST", "10.0.0.1"),
            ("PORTCULLIS_SERVICE_PORT_HTTP", "8080"),
            ("PORTCULLIS_PORT", "tcp://10.0.0.1:8080"),
            ("PORTCULLIS_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("PORTCULLIS_INTERNAL_SERVICE_HOST", "10.0.0.1"),
        ] {
            assert!(announces_service(name, value), "{name}");
        }
        for (name, value) in [
            ("PORTCULLIS_SERVER__LISTEN", ""),
            ("PORTCULLIS_PORT", "8080"),
            ("PATH", ""),
        ] {
            assert!(!announces_service(name, value), "{name}");
        }
    }
}
