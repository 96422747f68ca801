//! The variables that begin with `PORTCULLIS_`, as a layer: names become paths, raw text becomes values.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use serde_json::Value;

use super::coerce::coerce;
use super::layer::Layer;
use super::mistakes::{Mistake, Mistakes};
use super::nearest::nearest;
use super::path::{PREFIX, Path};
use super::shape::Shape;
use super::source::Source;
use crate::environment::Environment;

/// The end of the name of a variable that names a file instead of holding the value.
const FILE: &str = "_FILE";
/// How the name of a variable is made.
const SEPARATION: &str = "Steps are separated by two underscores, such as PORTCULLIS_SERVER__LISTEN; \
    `portcullis config default` lists all settings.";
/// A secret is short; a longer file is the wrong one.
const LONGEST_FILE: u64 = 64 * 1024;

/// Reads every variable of ours.
pub(crate) fn layer(environment: &Environment, schema: &Value) -> (Layer, Mistakes) {
    let mut layer = Layer::new("environment", Source::Default);
    let mut mistakes = Mistakes::new();
    for name in environment.names() {
        let value = environment.get(name).and_then(Result::ok).unwrap_or_default();
        let Some(rest) = ours(name, value) else { continue };
        let here = Some(Source::Variable {
            name: name.to_owned(),
            file: None,
        });
        let Some(target) = resolve(&rest, Shape(schema)) else {
            let remedy = match suggestion(&rest, schema) {
                Some(remedy) => remedy,
                None if is_of_others(&rest) => continue,
                None => SEPARATION.to_owned(),
            };
            mistakes.push(Mistake::new(
                here,
                &Path::root(),
                "There is no setting of this name.",
                remedy,
            ));
            continue;
        };
        if let Some(Source::Variable { name: other, .. }) = layer.place(&target.path) {
            let problem = format!("{other} and {name} set the same thing.");
            mistakes.push(Mistake::new(here, &target.path, problem, "Keep one of them."));
            continue;
        }
        match read(environment, name, target.in_file) {
            Ok((text, source)) => match coerce(&text, target.shape) {
                Ok(value) => layer.put(&target.path, value, source),
                Err((problem, remedy)) => {
                    mistakes.push(Mistake::new(Some(source), &target.path, problem, remedy));
                }
            },
            Err((problem, remedy)) => mistakes.push(Mistake::new(here, &target.path, problem, remedy)),
        }
    }
    (layer, mistakes)
}

/// A sentence about every variable that begins like ours and is ignored: no setting has a name of one step, or one like
/// it. Scripts around the program keep such variables, for example for the path of its binary.
pub(crate) fn unheard(environment: &Environment, schema: &Value) -> Vec<String> {
    let names = environment.names().filter(|name| {
        let value = environment.get(name).and_then(Result::ok).unwrap_or_default();
        ours(name, value).is_some_and(|rest| {
            is_of_others(&rest)
                && resolve(&rest, Shape(schema)).is_none()
                && suggestion(&rest, schema).is_none()
        })
    });
    names
        .map(|name| format!("{name} is ignored: there is no setting of this name. {SEPARATION}"))
        .collect()
}

/// Whether a name that is no setting was hardly meant to be one.
fn is_of_others(rest: &str) -> bool {
    !rest.contains("__")
}

/// What follows our prefix, in lower case; `None` for the variables of others.
fn ours(name: &str, value: &str) -> Option<String> {
    let name = name.to_uppercase();
    let rest = name.strip_prefix(PREFIX)?;
    (!is_set_by_an_orchestrator(rest, value)).then(|| rest.to_lowercase())
}

/// Kubernetes announces services called `portcullis` or `portcullis-something` in variables that look like ours.
fn is_set_by_an_orchestrator(rest: &str, value: &str) -> bool {
    const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
    let words: Vec<&str> = rest.split('_').collect();
    let has_port = words
        .windows(3)
        .any(|words| words[0] == "PORT" && words[1].parse::<u16>().is_ok() && PROTOCOLS.contains(&words[2]));
    let has_service = words
        .windows(2)
        .any(|words| matches!(words, ["SERVICE", "HOST" | "PORT"]));
    let is_address = words.last() == Some(&"PORT") && value.contains("://");
    !rest.contains("__") && (has_port || has_service || is_address)
}

struct Target<'a> {
    path: Path,
    shape: Shape<'a>,
    in_file: bool,
}

/// The setting that a name means; `x_file` means `x`, unless there is a setting `x_file`.
fn resolve<'a>(name: &str, schema: Shape<'a>) -> Option<Target<'a>> {
    let find = |name: &str| {
        let path = Path::of(name.split("__"));
        let named = path.steps().len() > 1 && path.steps().iter().all(|step| !step.is_empty());
        schema.at(&path).filter(|_| named).map(|shape| (path, shape))
    };
    if let Some((path, shape)) = find(name) {
        return Some(Target {
            path,
            shape,
            in_file: false,
        });
    }
    let (path, shape) = find(name.strip_suffix("_file")?)?;
    Some(Target {
        path,
        shape,
        in_file: true,
    })
}

/// The text of a variable, or of the file it names.
pub(crate) fn read(
    environment: &Environment,
    name: &str,
    in_file: bool,
) -> Result<(String, Source), (String, String)> {
    let text = environment.get(name).unwrap_or(Ok("")).map_err(|_| {
        (
            "The value is not UTF-8 text.".to_owned(),
            "Encode it as text, for example in base64.".to_owned(),
        )
    })?;
    if !in_file {
        return Ok((
            text.to_owned(),
            Source::Variable {
                name: name.to_owned(),
                file: None,
            },
        ));
    }
    let file = PathBuf::from(text);
    let unreadable = |why: String| {
        let problem = format!(
            "{name} names the file {}, which cannot be read: {why}.",
            file.display()
        );
        (
            problem,
            "Create the file and let this user read it, or unset the variable.".to_owned(),
        )
    };
    let opened = File::open(&file).map_err(|error| unreadable(error.to_string()))?;
    let mut held = String::new();
    let taken = opened.take(LONGEST_FILE + 1).read_to_string(&mut held);
    let size = taken.map_err(|error| unreadable(error.to_string()))?;
    if size as u64 > LONGEST_FILE {
        return Err(unreadable(format!("it is larger than {LONGEST_FILE} bytes")));
    }
    let value = held.strip_suffix('\n').unwrap_or(&held);
    let value = value.strip_suffix('\r').unwrap_or(value).to_owned();
    Ok((
        value,
        Source::Variable {
            name: name.to_owned(),
            file: Some(file),
        },
    ))
}

/// The text of a former name, which may also name a file. Empty means not set.
pub(crate) fn former(
    environment: &Environment,
    name: &str,
) -> Option<Result<(String, Source), (String, String)>> {
    let is_set = |name: &str| environment.get(name).is_some_and(|value| value != Ok(""));
    let with_file = format!("{name}{FILE}");
    match (is_set(name), is_set(&with_file)) {
        (false, false) => None,
        (true, false) => Some(read(environment, name, false)),
        (false, true) => Some(read(environment, &with_file, true)),
        (true, true) => {
            let problem = format!("{name} and {with_file} set the same thing.");
            Some(Err((problem, "Keep one of them.".to_owned())))
        }
    }
}

/// The variable that was probably meant, if any is like it.
fn suggestion(name: &str, schema: &Value) -> Option<String> {
    let mut known = Vec::new();
    collect(Shape(schema), &Path::root(), name, &mut known);
    let bare = |path: &Path| path.steps().join("__");
    let known: Vec<String> = known.iter().map(bare).collect();
    let name = nearest(name, known.iter().map(String::as_str))?;
    Some(format!("Did you mean {PREFIX}{}?", name.to_uppercase()))
}

/// The paths of all settings; where any key is taken, the one that `name` has in that place.
fn collect(shape: Shape<'_>, path: &Path, name: &str, known: &mut Vec<Path>) {
    let properties = shape.properties();
    let listed = properties.is_empty();
    for (key, inner) in properties {
        collect(inner, &path.child(key), name, known);
    }
    match shape.further() {
        Some(inner) => {
            let step = name.split("__").nth(path.steps().len()).unwrap_or("main");
            collect(inner, &path.child(step), name, known);
        }
        None if listed => known.push(path.clone()),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_is_not_ours() {
        for (name, value) in [
            ("PORTCULLIS_SERVICE_HOST", "10.0.0.1"),
            ("PORTCULLIS_SERVICE_PORT_HTTP", "8080"),
            ("PORTCULLIS_PORT", "tcp://10.0.0.1:8080"),
            ("PORTCULLIS_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("PORTCULLIS_INTERNAL_SERVICE_HOST", "10.0.0.1"),
        ] {
            assert_eq!(ours(name, value), None, "{name}");
        }
        let listen = ours("portcullis_Server__Listen", "");
        assert_eq!(listen.as_deref(), Some("server__listen"));
        assert_eq!(ours("PORTCULLIS_PORT", "8080").as_deref(), Some("port"));
        assert_eq!(ours("PATH", ""), None);
    }
}
