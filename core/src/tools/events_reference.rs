//! The reference of histories: a fold over everything that areas declare.

use crate::areas::events;

const HEAD: &str = "# What stands in a history\n\n\
    Generated from what the areas declare. The history of an account tells each of these with its time, network, device \
    and outcome: `success`, `failure` or `info` for what was only begun. `portcullis_events_total` counts them by event \
    and outcome.\n\n\
    | Event | What happened |\n|---|---|\n";

/// A page in Markdown with one line per kind of event.
pub fn events_reference() -> String {
    let line = |(name, summary)| format!("| `{name}` | {summary} |\n");
    let lines = events()
        .into_iter()
        .map(|event| line((event.name, event.summary)));
    std::iter::once(HEAD.to_owned()).chain(lines).collect()
}
