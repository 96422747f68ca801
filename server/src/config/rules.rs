//! Rules that the schema cannot state, between fields of the core's tables and about settings that protect.
//!
//! None of a protection at all is an error, very little of it is pointed out.

use portcullis_core::settings::{Settings, SignUp};
use portcullis_ports::Span;
use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::selection::Selection;
use serde_json::Value;

use super::path::Path;

/// A limit or a length that is this many times its default hardly protects.
const FAR: u64 = 100;
/// Tables whose lengths of time keep the service tidy and guard nobody.
const UPKEEP: [&str; 2] = ["outbox", "audit"];
/// A pause that may be none at all: totals bound the same messages.
const PAUSE: &str = "send_interval";
/// The shortest idle limit: activity is noted once a minute.
const SHORTEST_IDLE: Span = Span::minutes(2);

/// Every broken rule: the path, and what is said.
pub(super) fn errors(settings: &Settings) -> Vec<(Path, String)> {
    let (sessions, outbox) = (&settings.sessions, &settings.outbox);
    let (idle, lifetime, timeout, lease) = (sessions.idle, sessions.lifetime, outbox.timeout, outbox.lease);
    let mut errors = Vec::new();
    let mut demand =
        |holds: bool, path: &str, text: String| errors.extend((!holds).then(|| (Path::parse(path), text)));
    demand(
        idle >= SHORTEST_IDLE,
        "sessions.idle",
        format!(
            "{idle} is too short: people would be signed out while they read.\nExpected is at least {SHORTEST_IDLE}."
        ),
    );
    demand(
        idle <= lifetime,
        "sessions.idle",
        format!(
            "{idle} is longer than `sessions.lifetime`, {lifetime}.\nShorten it, or lengthen the lifetime."
        ),
    );
    let twice = "a message could go out twice";
    demand(
        timeout < lease,
        "outbox.timeout",
        format!(
            "{timeout} is not shorter than `outbox.lease`, {lease}: {twice}.\nShorten it, or lengthen the lease."
        ),
    );
    for (path, problem, remedy) in settings.sms_spend.mistakes() {
        demand(false, path, format!("{problem}\n{remedy}"));
    }
    // A limit that is counted within no time never holds, and what lives no time is of no use.
    walk(&tree(settings), &Path::root(), &mut |path, value| {
        if span(value) == Some(0) && path.last() != PAUSE {
            let problem = match path.last() {
                "window" => "Within no time nothing is counted: this switches the limit off.",
                _ => "No time at all is never enough.",
            };
            errors.push((path.clone(), format!("{problem}\nExpected is at least 1s.")));
        }
    });
    errors
}

/// Every broken rule between the core's tables and the plugins that are used.
pub(super) fn about_plugins(settings: &Settings, plugins: &Selection) -> Vec<(Path, String)> {
    // Addresses can only be proven where mail can be sent.
    let senders = plugins.many::<Senders>();
    let mut mails = senders
        .iter()
        .map(|sender| sender.declares(SenderCapability::Email));
    if settings.accounts.sign_up != SignUp::Verified || mails.any(|mails| mails) {
        return Vec::new();
    }
    let text = "`verified` sends a mail to every new address, and no sender of e-mail is selected.\n\
        Select one under `senders`, or choose `open` or `closed`.";
    vec![(Path::of(["accounts", "sign_up"]), text.to_owned())]
}

/// One sentence about every setting that leaves little of a protection.
pub(super) fn notes(settings: &Settings) -> Vec<String> {
    let defaults = tree(&Settings::default());
    let mut notes = Vec::new();
    walk(&tree(settings), &Path::root(), &mut |path, value| {
        if !UPKEEP.iter().any(|table| path.is_within(&Path::of([*table]))) {
            notes.extend(path.find(&defaults).and_then(|usual| note(path, value, usual)));
        }
    });
    notes
}

fn note(path: &Path, value: &Value, usual: &Value) -> Option<String> {
    if path.last() == PAUSE && span(value) == Some(0) {
        return Some(format!(
            "{path} is 0s: messages may follow each other at once, only the totals hold them back"
        ));
    }
    let far = format!("more than {FAR} times the default");
    if let (Some((most, within)), Some((usual_most, usual_within))) = (limit(value), limit(usual)) {
        // Compared by what passes in a second, without fractions.
        let passes = u128::from(most) * u128::from(usual_within);
        let usually = u128::from(usual_most) * u128::from(within) * u128::from(FAR);
        let within = Span::seconds(within);
        return (passes > usually)
            .then(|| format!("{path} lets {most} pass within {within}, {far}: it hardly protects anybody"));
    }
    let (length, usual) = (span(value)?, span(usual)?);
    (path.last() != "window" && length > usual.saturating_mul(FAR)).then(|| {
        let (length, usual) = (Span::seconds(length), Span::seconds(usual));
        format!("{path} is {length}, {far}, {usual}: it hardly protects anybody")
    })
}

fn tree(settings: &Settings) -> Value {
    serde_json::to_value(settings).unwrap_or_default()
}

fn walk(value: &Value, path: &Path, visit: &mut impl FnMut(&Path, &Value)) {
    visit(path, value);
    for (key, inner) in value.as_object().into_iter().flatten() {
        walk(inner, &path.child(key), visit);
    }
}

/// The seconds of a length of time.
fn span(value: &Value) -> Option<u64> {
    Some(value.as_str()?.parse::<Span>().ok()?.get().as_secs())
}

/// How many within how many seconds.
fn limit(value: &Value) -> Option<(u64, u64)> {
    Some((value.get("most")?.as_u64()?, span(value.get("window")?)?))
}

#[cfg(test)]
mod tests {
    use portcullis_core::settings::Limit;

    use super::*;

    #[test]
    fn the_defaults_protect() {
        assert!(errors(&Settings::default()).is_empty());
        assert_eq!(notes(&Settings::default()), Vec::<String>::new());
    }

    #[test]
    fn no_time_at_all_is_an_error_wherever_it_stands() {
        let mut settings = Settings::default();
        settings.budgets.attempts.window = Span::seconds(0);
        settings.sessions.step_up = Span::seconds(0);
        let paths: Vec<String> = errors(&settings)
            .iter()
            .map(|(path, ..)| path.to_string())
            .collect();
        assert_eq!(paths, ["sessions.step_up", "budgets.attempts.window"]);
    }

    #[test]
    fn what_hardly_protects_is_pointed_out() {
        let mut settings = Settings::default();
        settings.budgets.attempts = Limit::new(1_000_000, Span::minutes(10));
        settings.budgets.sign_in_per_source = Limit::new(600, Span::seconds(1));
        settings.budgets.send_interval = Span::seconds(0);
        settings.sessions.idle = Span::days(365);
        // Long, and no protection.
        settings.outbox.kept = Span::days(36_500);
        let notes = notes(&settings).join("\n");
        for path in [
            "budgets.attempts lets",
            "budgets.sign_in_per_source lets",
            "budgets.send_interval is 0s",
            "sessions.idle is 365d",
        ] {
            assert!(notes.contains(path), "{notes}");
        }
        assert_eq!(notes.lines().count(), 4, "{notes}");
    }
}
