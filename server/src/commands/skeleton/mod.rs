//! `portcullis providers new`: a crate that compiles at once, fails its tests with words that lead on, and is linked.

mod facade;
mod name;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::{NewPluginArguments, PluginFolder};
use crate::exit::Failure;
use crate::nearest::nearest;
use name::Name;

/// A file of a skeleton: where it goes, and its text with `acme` for the name.
type File = (&'static str, &'static str);

/// What there is to start from.
enum Start {
    /// A skeleton.
    Skeleton(&'static [File]),
    /// The plugin to copy, by its folder.
    Example(&'static str),
}

/// The files of a sender.
const SENDERS: &[File] = &[
    ("Cargo.toml", include_str!("senders/manifest.toml")),
    ("docs.md", include_str!("senders/docs.md")),
    ("src/lib.rs", include_str!("senders/lib.rs")),
    ("src/config.rs", include_str!("senders/config.rs")),
    ("src/client.rs", include_str!("senders/client.rs")),
    ("src/wire.rs", include_str!("senders/wire.rs")),
    ("src/senders.rs", include_str!("senders/senders.rs")),
    ("src/simulator.rs", include_str!("senders/simulator.rs")),
    ("tests/it.rs", include_str!("senders/it.rs")),
];

/// Every port and what there is to start from.
const PORTS: &[(&str, Start)] = &[
    ("store", Start::Example("adapters/embedded")),
    ("keys", Start::Example("adapters/keyfile")),
    ("passwords", Start::Example("adapters/argon2id")),
    ("identity", Start::Example("adapters/header")),
    ("geo", Start::Example("providers/mmdb")),
    ("senders", Start::Skeleton(SENDERS)),
];

pub(crate) fn run(arguments: &NewPluginArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let files = skeleton(&arguments.port)?;
    let name = Name::parse(&arguments.name).map_err(Failure::Usage)?;
    let root = repository(&std::env::current_dir()?).ok_or_else(|| {
        let remedy = "run it in a clone of the repository of Portcullis";
        Failure::Usage(format!(
            "there is no workspace with the folders ports and providers here: {remedy}"
        ))
    })?;
    let place = Place {
        name,
        folder: arguments.into,
    };
    for folder in ["adapters", "providers"] {
        let taken = root.join(folder).join(&place.name.snake);
        if taken.exists() {
            return Err(Failure::Usage(format!(
                "{folder}/{} is there already: choose another name",
                place.name.snake
            )));
        }
    }
    let facade = facade::edits(&root.join(place.folder.as_str()), &place).map_err(Failure::Other)?;
    let home = root.join(place.folder.as_str()).join(&place.name.snake);
    for (path, template) in files {
        let file = home.join(path);
        fs::create_dir_all(file.parent().unwrap_or(&home))?;
        fs::write(&file, place.fill(template))?;
        writeln!(out, "wrote    {}/{path}", place.path())?;
    }
    for (path, text) in &facade.files {
        fs::write(root.join(place.folder.as_str()).join(path), text)?;
        writeln!(out, "changed  {}/{path}", place.folder.as_str())?;
    }
    for by_hand in &facade.by_hand {
        writeln!(out, "\nAdd by hand to {}", place.fill(by_hand))?;
    }
    let package = place.fill("portcullis-provider-acme");
    format(&root, &package, place.folder, out)?;
    writeln!(
        out,
        "\nNow write {0}/src/wire.rs; the tests say what is missing:\n\n  cargo test -p {package}\n  \
         cargo test -p portcullis-{1}\n\ndocs/add-a-provider.md leads through the rest.",
        place.path(),
        place.folder.as_str()
    )?;
    Ok(())
}

/// Breaks lines where the length of the name demands it.
fn format(root: &Path, package: &str, folder: PluginFolder, out: &mut dyn Write) -> Result<(), Failure> {
    let facade = format!("portcullis-{}", folder.as_str());
    let formatted = Command::new("cargo")
        .current_dir(root)
        .args(["fmt", "--package", package, "--package", &facade])
        .output();
    if !formatted.is_ok_and(|done| done.status.success()) {
        writeln!(out, "\nNot formatted: run `cargo fmt -p {package} -p {facade}`")?;
    }
    Ok(())
}

/// The files to start from.
fn skeleton(port: &str) -> Result<&'static [File], Failure> {
    match PORTS.iter().find(|(known, _)| *known == port) {
        Some((_, Start::Skeleton(files))) => Ok(files),
        Some((_, Start::Example(example))) => Err(Failure::Usage(format!(
            "there is no skeleton for the port `{port}` yet: start from a copy of {example}"
        ))),
        None => {
            let known: Vec<&str> = PORTS.iter().map(|(known, _)| *known).collect();
            let meant = nearest(port, known.iter().copied());
            let meant = meant.map_or_else(String::new, |meant| format!(" Did you mean `{meant}`?"));
            Err(Failure::Usage(format!(
                "there is no port `{port}`.{meant} The ports are: {}.",
                known.join(", ")
            )))
        }
    }
}

/// The root of the workspace around a folder.
fn repository(here: &Path) -> Option<PathBuf> {
    let marks = ["Cargo.toml", "ports/src/plugin.rs", "providers/src/lib.rs"];
    let is_root = |folder: &&Path| marks.iter().all(|mark| folder.join(mark).is_file());
    here.ancestors().find(is_root).map(Path::to_owned)
}

/// A plugin to be: what it is called and where it lies.
pub(super) struct Place {
    name: Name,
    folder: PluginFolder,
}

impl Place {
    /// From the root, such as `providers/acme`.
    fn path(&self) -> String {
        format!("{}/{}", self.folder.as_str(), self.name.snake)
    }

    /// A text of a skeleton for this plugin.
    fn fill(&self, template: &str) -> String {
        let kind = self.folder.as_str().trim_end_matches('s');
        template
            .replace("portcullis-provider-", &format!("portcullis-{kind}-"))
            .replace("portcullis_provider_", &format!("portcullis_{kind}_"))
            .replace("providers/acme", &self.path())
            .replace("AcmeP", &format!("{}P", self.name.camel))
            .replace("AcmeS", &format!("{}S", self.name.camel))
            .replace("Acme", &self.name.title)
            .replace("ACME", &self.name.snake.to_uppercase())
            .replace("acme", &self.name.snake)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_is_known_with_a_skeleton_or_an_example() {
        for plugin in portcullis_ports::registry::all() {
            assert!(
                PORTS.iter().any(|(port, _)| *port == plugin.port),
                "{}",
                plugin.port
            );
        }
        let root = repository(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for (port, start) in PORTS {
            let there = match start {
                Start::Skeleton(files) => !files.is_empty(),
                Start::Example(example) => root.join(example).join("Cargo.toml").is_file(),
            };
            assert!(there, "{port}");
        }
    }

    #[test]
    fn a_skeleton_takes_the_name_and_the_place_everywhere() {
        let place = Place {
            name: Name::parse("fast_text").unwrap(),
            folder: PluginFolder::Adapters,
        };
        for (path, template) in SENDERS {
            let text = place.fill(template);
            assert!(!text.to_lowercase().contains("acme"), "{path}");
            assert!(
                !text.contains("provider-") && !text.contains("provider_"),
                "{path}"
            );
        }
        assert_eq!(
            place.fill("providers/acme ACME_KEY AcmePlan Acme"),
            "adapters/fast_text FAST_TEXT_KEY FastTextPlan Fast Text"
        );
    }

    #[test]
    fn the_first_run_of_the_tests_names_the_file_to_write() {
        let place = Place {
            name: Name::parse("fast_text").unwrap(),
            folder: PluginFolder::Providers,
        };
        let text = |wanted: &str| {
            let found = SENDERS.iter().find(|(path, _)| *path == wanted);
            place.fill(found.unwrap().1)
        };
        let sends_nothing = "fn body(_message: &Message) -> Option<Vec<u8>> {\n    None\n}";
        assert!(text("src/wire.rs").contains(sends_nothing));
        let said =
            "\"send is not written yet: make the body of the request in providers/fast_text/src/wire.rs\"";
        assert!(text("src/senders.rs").contains(said));
        let suite = "testkit::senders::conforms(&connected, plugin.capabilities, &runtime).await;";
        assert!(text("tests/it.rs").contains(suite));
    }

    #[test]
    fn a_folder_outside_is_no_repository() {
        assert_eq!(repository(Path::new("/")), None);
    }
}
