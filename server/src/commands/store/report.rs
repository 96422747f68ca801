//! What a copy says of itself while it runs, on the error output.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portcullis_core::store_copy::Reached;
use portcullis_ports::storage::Collection;

/// How often a line on a terminal is renewed.
const ON_A_TERMINAL: Duration = Duration::from_millis(250);
/// How often a line is added to a log.
const IN_A_LOG: Duration = Duration::from_secs(10);

/// Writes lines, not too many.
pub(super) struct Report {
    terminal: bool,
    started: Instant,
    /// When something was said last, in milliseconds since the start.
    said: AtomicU64,
    /// When the present part began, in the same.
    began: AtomicU64,
    /// What was there when it began.
    before: AtomicU64,
    /// How many records were seen in it.
    seen: AtomicU64,
}

impl Report {
    pub(super) fn new() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            started: Instant::now(),
            said: AtomicU64::new(0),
            began: AtomicU64::new(0),
            before: AtomicU64::new(0),
            seen: AtomicU64::new(0),
        }
    }

    /// A part begins, of which `before` records were done by an earlier run.
    pub(super) fn begin(&self, before: u64) {
        self.began.store(self.now(), Ordering::Relaxed);
        self.before.store(before, Ordering::Relaxed);
        self.seen.store(0, Ordering::Relaxed);
    }

    pub(super) fn cleared(&self, family: &Collection, deleted: u64) {
        if deleted > 0 {
            self.line(&format!("{:20} {:>12} deleted", family.name, amount(deleted)));
        }
    }

    pub(super) fn skipped(&self, family: &Collection, records: u64) {
        self.line(&format!(
            "{:20} {:>12} records, copied before",
            family.name,
            amount(records)
        ));
    }

    pub(super) fn copied(&self, family: &Collection, reached: &Reached) {
        self.passing(&self.described(family, reached));
    }

    pub(super) fn complete(&self, family: &Collection, reached: &Reached) {
        self.line(&self.described(family, reached));
    }

    /// So many more records were read for the comparison.
    pub(super) fn compared(&self, family: &Collection, count: u64) {
        let seen = self.seen.fetch_add(count, Ordering::Relaxed) + count;
        self.passing(&format!(
            "{:20} {:>12} records compared, {}/s",
            family.name,
            amount(seen),
            amount(self.rate(seen))
        ));
    }

    /// Nothing more will be said.
    pub(super) fn end(&self) {
        if self.terminal {
            self.write("\r\x1b[K");
        }
    }

    fn described(&self, family: &Collection, reached: &Reached) -> String {
        let done = reached
            .records
            .saturating_sub(self.before.load(Ordering::Relaxed));
        format!(
            "{:20} {:>12} records, {}, {}/s",
            family.name,
            amount(reached.records),
            size(reached.bytes),
            amount(self.rate(done))
        )
    }

    fn rate(&self, done: u64) -> u64 {
        let passed = self
            .now()
            .saturating_sub(self.began.load(Ordering::Relaxed))
            .max(1);
        done.saturating_mul(1000) / passed
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A line that the next one may replace.
    fn passing(&self, text: &str) {
        let pause = if self.terminal { ON_A_TERMINAL } else { IN_A_LOG };
        let now = self.now();
        let quiet = Duration::from_millis(now.saturating_sub(self.said.load(Ordering::Relaxed)));
        if quiet >= pause {
            self.said.store(now, Ordering::Relaxed);
            self.write(&if self.terminal {
                format!("\r\x1b[K{text}")
            } else {
                format!("{text}\n")
            });
        }
    }

    fn line(&self, text: &str) {
        let begin = if self.terminal { "\r\x1b[K" } else { "" };
        self.write(&format!("{begin}{text}\n"));
    }

    /// A copy does not fail because nobody reads what it says.
    #[expect(clippy::unused_self, reason = "all that is said goes through the report")]
    fn write(&self, text: &str) {
        let mut to = io::stderr().lock();
        drop(to.write_all(text.as_bytes()).and_then(|()| to.flush()));
    }
}

/// A number with its thousands apart.
pub(super) fn amount(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{} bytes", amount(bytes)),
        10_000..10_000_000 => format!("{} kB", amount(bytes / 1000)),
        _ => format!("{} MB", amount(bytes / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(amount(number), text);
        }
        assert_eq!(size(9_999), "9,999 bytes");
        assert_eq!(size(12_345_678), "12 MB");
    }
}
