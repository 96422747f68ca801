//! Rules between fields of the core's tables that no single field can state.

use portcullis_core::settings::Settings;
use portcullis_ports::Span;

use super::path::Path;
use super::protections;

/// The path, the problem, the remedy.
type Broken = (Path, String, String);

/// The shortest idle limit: activity is noted once a minute.
const SHORTEST_IDLE: Span = Span::minutes(2);

/// Every broken rule.
pub(super) fn mistakes(settings: &Settings) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut demand = |holds: bool, path: &'static str, problem: String, remedy: &str| {
        if !holds {
            broken.push((Path::parse(path), problem, remedy.to_owned()));
        }
    };
    let sessions = &settings.sessions;
    demand(
        sessions.idle >= SHORTEST_IDLE,
        "sessions.idle",
        format!(
            "{} is too short: people would be signed out while they read.",
            sessions.idle
        ),
        "Expected is at least 2m.",
    );
    demand(
        sessions.idle <= sessions.lifetime,
        "sessions.idle",
        format!(
            "{} is longer than `sessions.lifetime`, {}.",
            sessions.idle, sessions.lifetime
        ),
        "Shorten it, or lengthen the lifetime.",
    );
    let outbox = &settings.outbox;
    demand(
        outbox.timeout < outbox.lease,
        "outbox.timeout",
        format!(
            "{} is not shorter than `outbox.lease`, {}: a message could go out twice.",
            outbox.timeout, outbox.lease
        ),
        "Shorten it, or lengthen the lease.",
    );
    let spend = settings.sms_spend.mistakes().into_iter();
    broken.extend(spend.map(|(path, problem, remedy)| (Path::parse(path), problem, remedy.to_owned())));
    broken.extend(protections::mistakes(settings));
    broken
}
