//! Settings that switch a protection off: none at all is a mistake, very little of it is pointed out.

use portcullis_core::settings::Settings;
use portcullis_ports::Span;
use serde_json::Value;

use super::path::Path;

/// A limit or a length that is this many times its default hardly protects.
const FAR: u64 = 100;
/// Tables whose lengths of time keep the service tidy and guard nobody.
const UPKEEP: [&str; 2] = ["outbox", "audit"];
/// Pauses that may be none at all: totals bound the same messages.
const PAUSES: [&str; 1] = ["send_interval"];

/// Lengths of no time at all, with what to do: a limit that is counted within no time never holds, and what lives no
/// time is of no use.
pub(super) fn mistakes(settings: &Settings) -> Vec<(Path, String, String)> {
    let mut found = Vec::new();
    walk(&of(settings), &Path::root(), &mut |path, value| {
        if span(value) == Some(0) && !is_pause(path) {
            let problem = if path.last() == "window" {
                "Within no time nothing is counted: this switches the limit off."
            } else {
                "No time at all is never enough."
            };
            found.push((
                path.clone(),
                problem.to_owned(),
                "Expected is at least 1s.".to_owned(),
            ));
        }
    });
    found
}

/// One sentence about every setting that leaves little of a protection.
pub(super) fn notes(settings: &Settings) -> Vec<String> {
    let defaults = of(&Settings::default());
    let mut notes = Vec::new();
    walk(&of(settings), &Path::root(), &mut |path, value| {
        if UPKEEP.iter().any(|table| path.is_within(&Path::of([*table]))) {
            return;
        }
        let usual = super::layer::at(&defaults, path);
        notes.extend(usual.and_then(|usual| note(path, value, usual)));
    });
    notes
}

fn is_pause(path: &Path) -> bool {
    PAUSES.contains(&path.last())
}

fn note(path: &Path, value: &Value, usual: &Value) -> Option<String> {
    if is_pause(path) && span(value) == Some(0) {
        return Some(format!(
            "{path} is 0s: messages may follow each other at once, only the totals hold them back"
        ));
    }
    if let (Some((most, within)), Some((usual_most, usual_within))) = (limit(value), limit(usual)) {
        // Compared by what passes in a second, without fractions.
        let passes = u128::from(most) * u128::from(usual_within);
        let usually = u128::from(usual_most) * u128::from(within) * u128::from(FAR);
        return (passes > usually).then(|| {
            format!(
                "{path} lets {most} pass within {}, more than {FAR} times the default: it hardly protects anybody",
                Span::seconds(within)
            )
        });
    }
    let (length, usual) = (span(value)?, span(usual)?);
    if path.last() == "window" {
        return None;
    }
    (length > usual.saturating_mul(FAR)).then(|| {
        format!(
            "{path} is {}, more than {FAR} times the default, {}: it hardly protects anybody",
            Span::seconds(length),
            Span::seconds(usual)
        )
    })
}

fn of(settings: &Settings) -> Value {
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
        assert!(mistakes(&Settings::default()).is_empty());
        assert_eq!(notes(&Settings::default()), Vec::<String>::new());
    }

    #[test]
    fn no_time_at_all_is_a_mistake_wherever_it_stands() {
        let mut settings = Settings::default();
        settings.budgets.attempts.window = Span::seconds(0);
        settings.sessions.step_up = Span::seconds(0);
        let paths: Vec<String> = mistakes(&settings)
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
