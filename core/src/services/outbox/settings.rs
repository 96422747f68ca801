//! What an operator sets about the delivery of messages.

use portcullis_ports::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::settings::{Broken, SettingsTable};

/// Delivery of messages.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often a message is tried before it becomes a dead letter. Waiting while the circuits of all senders are open is no
    /// try.
    #[schemars(range(min = 1, max = 50))]
    pub attempts: u32,
    /// A worker that dies holds its messages back for this long. Renewed while several senders are asked in turn.
    pub lease: Span,
    /// The longest time one attempt at one sender may take, the wait for its turn there included.
    pub timeout: Span,
    /// How long delivered messages and dead letters are kept.
    pub kept: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attempts: 8,
            lease: Span::seconds(30),
            timeout: Span::seconds(15),
            kept: Span::days(30),
        }
    }
}

impl SettingsTable for Settings {
    const NAME: &'static str = "outbox";
    const PROTECTS: bool = false;

    fn errors(&self) -> Vec<Broken> {
        let Self { timeout, lease, .. } = self;
        if timeout < lease {
            return Vec::new();
        }
        let twice = "a message could go out twice";
        let text = format!(
            "{timeout} is not shorter than `outbox.lease`, {lease}: {twice}.\nShorten it, or lengthen the lease."
        );
        vec![("timeout", text)]
    }
}
