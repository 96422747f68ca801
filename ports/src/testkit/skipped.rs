//! Tests that could not run: said at once, and kept for the summary of the whole run.

use std::io::Write as _;

/// Names the file to which a run of all tests has its skipped suites written, one line each.
const VARIABLE: &str = "SKIPPED_SUITES";

/// Says that `suite` was not run, or not in full, and why. The test harness hides what a passing test prints; the test
/// command shows these lines at its end.
///
/// # Panics
/// When the file that `SKIPPED_SUITES` names cannot be written: a skipped suite must not go unnoticed.
#[expect(clippy::print_stderr, reason = "a person may run one test alone")]
#[expect(clippy::expect_used, reason = "a check fails by panicking, as a test does")]
pub fn skipped(suite: &str, why: &str) {
    eprintln!("skipped: {suite}: {why}");
    if let Some(path) = std::env::var_os(VARIABLE) {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("the list of skipped suites can be opened");
        file.write_all(format!("{suite}: {why}\n").as_bytes())
            .expect("the list of skipped suites can be written");
    }
}
