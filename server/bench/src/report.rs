//! The table that a run prints: what was measured, beside what, and whether the goal was met.

use std::fmt;

/// What a measured value should reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Within so much of 1, in either direction only downwards: at least `1 - share`.
    Within(f64),
}

impl Goal {
    fn met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Within(share) => value >= 1.0 - share,
        }
    }
}

/// One line: a measurement, the value that is judged, and in which unit.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// What was measured.
    pub(crate) what: String,
    /// The measured values in words.
    pub(crate) measured: String,
    /// The value that a goal is about.
    pub(crate) judged: Option<(Judged, f64)>,
    /// The goal, if there is one.
    pub(crate) goal: Option<Goal>,
}

/// How the judged value is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Judged {
    /// A share of a yardstick, which is named.
    Share(&'static str),
    /// A multiple of something, which is named.
    Times(&'static str),
    /// So many of something per second.
    PerSecond(&'static str),
    /// Milliseconds.
    Millis,
    /// Megabytes.
    Megabytes,
    /// Capacity units of a kind.
    Units(&'static str),
}

impl Judged {
    fn write(self, value: f64) -> String {
        match self {
            Self::Share(of) => format!("{:.0} % of {of}", value * 100.0),
            Self::Times(of) => format!("{value:.1} x {of}"),
            Self::PerSecond(of) => format!("{value:.0} {of}/s"),
            Self::Millis => format!("{value:.0} ms"),
            Self::Megabytes => format!("{value:.1} MB"),
            Self::Units(of) => format!("{value:.1} {of} units"),
        }
    }

    fn write_goal(self, goal: Goal) -> String {
        let number = |value: f64| match self {
            Self::Share(_) => format!("{:.0} %", value * 100.0),
            Self::Times(_) => format!("{value:.0} x"),
            Self::PerSecond(_) => format!("{value:.0}/s"),
            Self::Millis => format!("{value:.0} ms"),
            Self::Megabytes => format!("{value:.0} MB"),
            Self::Units(_) => format!("{value:.0}"),
        };
        match goal {
            Goal::AtLeast(value) => format!(">= {}", number(value)),
            Goal::AtMost(value) => format!("<= {}", number(value)),
            Goal::Within(share) => format!(">= {}", number(1.0 - share)),
        }
    }
}

/// The lines of one run, by section.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<(&'static str, Line)>,
    failures: Vec<String>,
}

impl Report {
    /// Adds what a section measured; one that failed is named and does not end the run.
    pub(crate) fn section(&mut self, name: &'static str, measured: crate::Result<Vec<Line>>) {
        match measured {
            Ok(lines) => self.lines.extend(lines.into_iter().map(|line| (name, line))),
            Err(error) => self.failures.push(format!("{name}: {error}")),
        }
    }

    /// Whether every section could be measured.
    pub(crate) fn complete(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for (name, line) in &self.lines {
            if *name != section {
                section = name;
                writeln!(f, "\n{name}")?;
            }
            let judged = line
                .judged
                .map_or_else(String::new, |(judged, value)| judged.write(value));
            let (goal, verdict) = match (line.judged, line.goal) {
                (Some((judged, value)), Some(goal)) => (
                    judged.write_goal(goal),
                    if goal.met(value) { "met" } else { "MISSED" },
                ),
                _ => (String::new(), ""),
            };
            let text = format!(
                "  {:<38} {:<46} {judged:<26} {goal:<10} {verdict}",
                line.what, line.measured
            );
            writeln!(f, "{}", text.trim_end())?;
        }
        for failure in &self.failures {
            writeln!(f, "\nNOT MEASURED  {failure}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_judged_and_failures_named() {
        let line = |value, goal| Line {
            what: "session check".to_owned(),
            measured: "100/s".to_owned(),
            judged: Some((Judged::Share("bare poem"), value)),
            goal: Some(goal),
        };
        let mut report = Report::default();
        report.section(
            "Requests",
            Ok(vec![line(0.7, Goal::AtLeast(0.6)), line(0.85, Goal::Within(0.1))]),
        );
        report.section("Starts", Err("no binary".into()));
        let text = report.to_string();
        assert!(
            text.contains("70 % of bare poem") && text.contains(">= 60 %") && text.contains(" met"),
            "{text}"
        );
        assert!(text.contains(">= 90 %") && text.contains("MISSED"), "{text}");
        assert!(
            text.contains("NOT MEASURED  Starts: no binary") && !report.complete(),
            "{text}"
        );
        assert!(Goal::AtMost(150.0).met(150.0) && !Goal::AtMost(150.0).met(151.0));
    }
}
