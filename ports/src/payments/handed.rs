//! What the vendor's part in the payer's browser handed to our page, to be taken to the vendor.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// The most values.
const MOST: usize = 24;
/// The longest name, and the longest value, in bytes: results of 3-D Secure are some hundred.
const MAX_NAME: usize = 64;
const MAX_VALUE: usize = 2048;

/// Names and values as the vendor's script gave them to the page: the name of what it stored, the result of 3-D Secure. The
/// payer may have written them: a plugin takes those that it knows, and believes none without asking its vendor. It is not
/// kept, and `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Handed(BTreeMap<String, String>);

impl Handed {
    /// Takes at most 24 values.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn new(values: BTreeMap<String, String>) -> Result<Self, &'static str> {
        let fits = |(name, value): (&String, &String)| {
            (1..=MAX_NAME).contains(&name.len())
                && value.len() <= MAX_VALUE
                && value.chars().all(|c| !c.is_control())
        };
        if values.len() <= MOST && values.iter().all(fits) {
            Ok(Self(values))
        } else {
            Err(
                "at most 24 names of 64 characters and values of 2048 are expected, as the vendor's script gave them",
            )
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A value by its name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl TryFrom<BTreeMap<String, String>> for Handed {
    type Error = &'static str;

    fn try_from(values: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        Self::new(values)
    }
}

impl fmt::Debug for Handed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handed({} values)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_never_printed() {
        let of = |count: usize, value: &str| {
            Handed::new(
                (0..count)
                    .map(|at| (format!("n{at}"), value.to_owned()))
                    .collect(),
            )
        };
        let handed = of(24, "a-secret").unwrap();
        assert_eq!((handed.get("n0"), handed.get("other")), (Some("a-secret"), None));
        assert!(!format!("{handed:?}").contains("a-secret"));
        assert!(of(25, "v").is_err());
        assert!(of(1, &"v".repeat(2049)).is_err());
        assert!(of(1, "a\nb").is_err());
        assert!(Handed::new(BTreeMap::from([(String::new(), String::new())])).is_err());
    }
}
