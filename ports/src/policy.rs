//! What the calls of a port are held to. The house keeps to it around every plugin, so that no plugin has to.

use std::time::Duration;

use crate::plugin::Port;

/// What the calls of one instance are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallPolicy {
    /// The longest a call takes, the wait for its turn included.
    pub limit: Duration,
    /// Calls at the same time; at least one.
    pub concurrency: usize,
    /// Whether half of them are kept for urgent calls.
    pub reserve: bool,
    /// Whether an instance that fails several times in a row is not called for a while.
    pub breaker: bool,
}

impl CallPolicy {
    /// A deadline and so many calls at the same time, and nothing more.
    pub const fn new(limit: Duration, concurrency: usize) -> Self {
        Self {
            limit,
            concurrency,
            reserve: false,
            breaker: false,
        }
    }

    /// With half of the calls kept for urgent ones.
    #[must_use]
    pub const fn with_reserve(self) -> Self {
        Self {
            reserve: true,
            ..self
        }
    }

    /// With a circuit breaker: for what goes to a third party that others can stand in for, or that work may wait for.
    #[must_use]
    pub const fn with_breaker(self) -> Self {
        Self {
            breaker: true,
            ..self
        }
    }
}

/// A port whose calls the house guards. Those that cross a network, and those that may be slow, are.
pub trait Guarded: Port {
    /// What the calls of an instance are held to, where nothing narrower is asked for.
    const POLICY: CallPolicy;
}
