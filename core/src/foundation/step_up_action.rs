//! Actions that need factors proven a short while ago, as areas declare them.

/// Something sensitive that a session does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepUpAction {
    /// As requests and the table `factors.require_for` name it: never renamed.
    pub name: &'static str,
    /// What it is done for, as the beginning of a sentence, such as "To replace recovery codes".
    pub summary: &'static str,
}

impl StepUpAction {
    pub(crate) const fn new(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary }
    }
}
