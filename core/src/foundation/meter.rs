//! Meters, as areas declare them.

/// What an area counts or measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    /// The name under which it is scraped.
    pub name: &'static str,
    /// How it is read.
    pub kind: MeterKind,
    /// What it tells, and by which labels.
    pub summary: &'static str,
}

/// How a meter is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeterKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often it was how much.
    Histogram,
}

impl Meter {
    pub(crate) const fn counter(name: &'static str, summary: &'static str) -> Self {
        let kind = MeterKind::Counter;
        Self { name, kind, summary }
    }

    pub(crate) const fn gauge(name: &'static str, summary: &'static str) -> Self {
        let kind = MeterKind::Gauge;
        Self { name, kind, summary }
    }

    pub(crate) const fn histogram(name: &'static str, summary: &'static str) -> Self {
        let kind = MeterKind::Histogram;
        Self { name, kind, summary }
    }
}
