//! The house rules as tests: what may depend on what, what may be named where, and what every file looks like.
//!
//! Every rule is a pure function from facts to complaints, so that it is also shown to fail on made-up facts.
#![cfg(test)]

mod arrows;
mod code;
mod declared;
mod floors;
mod layout;
mod problems;
mod project;
mod purity;
mod records;
mod sealed;
mod words;

/// Fails with every complaint on a line of its own.
fn assert_no_complaints(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}", complaints.join("\n  "));
}
