//! Tables of settings, and the rules that all of them keep.
//!
//! None of a protection at all is an error, very little of it is pointed out.

use portcullis_ports::Span;
use portcullis_ports::selection::Selection;
use serde::Serialize;
use serde_json::Value;

/// A limit or a length that is this many times its default hardly protects.
const FAR: u64 = 100;

/// A broken rule: the field within its table, and what is said. The last line is the remedy.
pub(crate) type Broken = (&'static str, String);

/// What an operator sets about one area or service.
pub(crate) trait SettingsTable: Default + Serialize {
    /// The table of the configuration.
    const NAME: &'static str;
    /// Whether its lengths of time guard somebody; others keep the service tidy.
    const PROTECTS: bool = true;
    /// A pause that may be none at all.
    const PAUSE: Option<&'static str> = None;

    /// The broken rules between its fields.
    fn errors(&self) -> Vec<Broken> {
        Vec::new()
    }

    /// The broken rules between its fields and the plugins that are used.
    fn plugin_errors(&self, _: &Selection) -> Vec<Broken> {
        Vec::new()
    }
}

/// A value that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    /// Where it stands, such as `sessions.idle`.
    pub path: String,
    /// What is wrong, and in the last line what to do.
    pub text: String,
}

/// A table of any type, with all rules.
pub(crate) trait CheckedTable {
    /// Every broken rule.
    fn check(&self) -> Vec<SettingError>;
    /// Every broken rule about plugins.
    fn check_plugins(&self, plugins: &Selection) -> Vec<SettingError>;
    /// One sentence about every setting that leaves little of a protection.
    fn notes(&self) -> Vec<String>;
}

impl<T: SettingsTable> CheckedTable for T {
    fn check(&self) -> Vec<SettingError> {
        let mut errors = named::<T>(self.errors());
        // A limit that is counted within no time never holds, and what lives no time is of no use.
        walk(&tree(self), T::NAME, &mut |path, value| {
            let field = last(path);
            if span(value) == Some(0) && Some(field) != T::PAUSE {
                let problem = match field {
                    "window" => "Within no time nothing is counted: this switches the limit off.",
                    _ => "No time at all is never enough.",
                };
                errors.push(SettingError {
                    path: path.to_owned(),
                    text: format!("{problem}\nExpected is at least 1s."),
                });
            }
        });
        errors
    }

    fn check_plugins(&self, plugins: &Selection) -> Vec<SettingError> {
        named::<T>(self.plugin_errors(plugins))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if T::PROTECTS {
            let defaults = tree(&T::default());
            walk(&tree(self), T::NAME, &mut |path, value| {
                let mut steps = path.split('.').skip(1);
                let usual = steps.try_fold(&defaults, |table, step| table.get(step));
                notes.extend(usual.and_then(|usual| note::<T>(path, value, usual)));
            });
        }
        notes
    }
}

fn named<T: SettingsTable>(broken: Vec<Broken>) -> Vec<SettingError> {
    let named = |(field, text)| SettingError {
        path: format!("{}.{field}", T::NAME),
        text,
    };
    broken.into_iter().map(named).collect()
}

fn note<T: SettingsTable>(path: &str, value: &Value, usual: &Value) -> Option<String> {
    let field = last(path);
    if Some(field) == T::PAUSE && span(value) == Some(0) {
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
    (field != "window" && length > usual.saturating_mul(FAR)).then(|| {
        let (length, usual) = (Span::seconds(length), Span::seconds(usual));
        format!("{path} is {length}, {far}, {usual}: it hardly protects anybody")
    })
}

fn tree(table: &impl Serialize) -> Value {
    serde_json::to_value(table).unwrap_or_default()
}

fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, value);
    for (key, inner) in value.as_object().into_iter().flatten() {
        walk(inner, &format!("{path}.{key}"), visit);
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The seconds of a length of time.
fn span(value: &Value) -> Option<u64> {
    Some(value.as_str()?.parse::<Span>().ok()?.get().as_secs())
}

/// How many within how many seconds.
fn limit(value: &Value) -> Option<(u64, u64)> {
    Some((value.get("most")?.as_u64()?, span(value.get("window")?)?))
}
