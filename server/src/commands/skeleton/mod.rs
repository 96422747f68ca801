//! `portcullis providers new`: a crate that compiles at once, fails its tests with words that lead on, and is linked.
//!
//! What it starts from lies in the repository, beside the ports: `ports/skeleton/any`, and over it the folder of the port.
//! A folder with a manifest of its own stands alone.

mod link;
mod name;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_ports::registry::{PORTS, PortSpec};

use crate::cli::{NewPluginArguments, PluginFolder};
use crate::exit::Failure;
use crate::nearest::nearest;
use name::Name;

/// The files of a skeleton by their place in the crate, each with `acme` for the name of the plugin.
type Files = BTreeMap<PathBuf, String>;

pub(crate) fn run(arguments: &NewPluginArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let port = port(&arguments.port)?;
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
    let facade = root.join(place.folder.as_str()).join("Cargo.toml");
    let package = place.fill("portcullis-provider-acme");
    let manifest = link::with(&fs::read_to_string(&facade)?, &place.name.snake, &package)
        .ok_or_else(|| Failure::Other(format!("{} has no list of default features", facade.display())))?;
    for (path, text) in files(&root, port)? {
        let file = root.join(place.path()).join(&path);
        fs::create_dir_all(file.parent().unwrap_or(&root))?;
        fs::write(&file, place.fill(&text))?;
        writeln!(out, "wrote    {}/{}", place.path(), path.display())?;
    }
    fs::write(&facade, manifest)?;
    writeln!(out, "changed  {}/Cargo.toml", place.folder.as_str())?;
    let formatted = Command::new("cargo")
        .current_dir(&root)
        .args(["fmt", "--package", &package])
        .output();
    if !formatted.is_ok_and(|done| done.status.success()) {
        writeln!(out, "\nNot formatted: run `cargo fmt -p {package}`")?;
    }
    writeln!(
        out,
        "\nNow write {}/src; the tests say what is missing:\n\n  cargo test -p {package}\n  \
         cargo test -p portcullis-{}\n\ndocs/add-a-provider.md leads through the rest.",
        place.path(),
        place.folder.as_str()
    )?;
    Ok(())
}

fn port(written: &str) -> Result<&'static PortSpec, Failure> {
    PORTS.iter().find(|port| port.name == written).ok_or_else(|| {
        let known: Vec<&str> = PORTS.iter().map(|port| port.name).collect();
        let meant = nearest(written, known.iter().copied());
        let meant = meant.map_or_else(String::new, |meant| format!(" Did you mean `{meant}`?"));
        let known = known.join(", ");
        Failure::Usage(format!(
            "there is no port `{written}`.{meant} The ports are: {known}."
        ))
    })
}

/// The root of the workspace around a folder.
fn repository(here: &Path) -> Option<PathBuf> {
    let marks = ["Cargo.toml", "ports/skeleton/any", "providers/Cargo.toml"];
    let is_root = |folder: &&Path| marks.iter().all(|mark| folder.join(mark).exists());
    here.ancestors().find(is_root).map(Path::to_owned)
}

/// What a plugin of the port starts from.
fn files(root: &Path, port: &PortSpec) -> io::Result<Files> {
    let skeletons = root.join("ports/skeleton");
    let own = read(&skeletons.join(port.name))?;
    if own.contains_key(Path::new("Cargo.toml")) {
        return Ok(own);
    }
    let mut files = read(&skeletons.join("any"))?;
    for text in files.values_mut() {
        *text = speaking_of(port, text);
    }
    files.extend(own);
    Ok(files)
}

fn read(folder: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let (path, name) = entry.map(|entry| (entry.path(), PathBuf::from(entry.file_name())))?;
        if path.is_dir() {
            let inner = read(&path)?.into_iter();
            files.extend(inner.map(|(file, text)| (name.join(file), text)));
        } else {
            files.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(files)
}

/// A text of the skeleton for any port, which is written for senders.
fn speaking_of(port: &PortSpec, text: &str) -> String {
    let [spec, connected] = port
        .type_names()
        .map(|path| path.rsplit("::").collect::<Vec<_>>());
    let second = |path: &[&'static str]| path.get(1).copied().unwrap_or_default();
    let first = |path: &[&'static str]| path.first().copied().unwrap_or_default();
    text.replace("notification::", &format!("{}::", second(&spec)))
        .replace("ConnectedSender", first(&connected))
        .replace("Senders", first(&spec))
        .replace("SENDERS", &port.name.to_uppercase())
        .replace("senders", port.name)
        .replace("message sender", &port.title.to_lowercase())
}

/// A plugin to be: what it is called and where it lies.
struct Place {
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
        let text = template
            .replace("portcullis-provider-", &format!("portcullis-{kind}-"))
            .replace("portcullis_provider_", &format!("portcullis_{kind}_"))
            .replace("providers/acme", &self.path())
            .replace("acme-", &format!("{}-", self.name.snake.replace('_', "-")))
            .replace("acme", &self.name.snake)
            .replace("ACME", &self.name.snake.to_uppercase());
        let mut parts = text.split("Acme");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let in_a_type = part.starts_with(|c: char| c.is_ascii_uppercase());
            filled.push_str(if in_a_type {
                &self.name.camel
            } else {
                &self.name.title
            });
            filled.push_str(part);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        repository(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn place(folder: PluginFolder) -> Place {
        Place {
            name: Name::parse("fast_text").unwrap(),
            folder,
        }
    }

    #[test]
    fn every_port_has_a_skeleton_that_takes_the_name_and_the_place_everywhere() {
        for port in PORTS {
            let files = files(&root(), port).unwrap_or_else(|error| {
                panic!(
                    "ports/skeleton/{}: a port brings what its plugins start from: {error}",
                    port.name
                )
            });
            let file = PathBuf::from(format!("src/{}.rs", port.name));
            assert!(files.contains_key(&file), "{} has no {file:?}", port.name);
            for (path, template) in files {
                let text = place(PluginFolder::Adapters).fill(&template);
                assert!(!text.to_lowercase().contains("acme"), "{path:?}");
                assert!(
                    !text.contains("provider-") && !text.contains("provider_"),
                    "{path:?}"
                );
                let of_senders = ["senders", "Senders", "message sender"];
                let foreign = of_senders.iter().any(|word| text.contains(word));
                assert!(port.name == "senders" || !foreign, "{}: {path:?}", port.name);
            }
        }
    }

    #[test]
    fn a_name_is_written_as_its_place_demands() {
        assert_eq!(
            place(PluginFolder::Adapters).fill("providers/acme ACME_KEY AcmePlan Acme acme-refused"),
            "adapters/fast_text FAST_TEXT_KEY FastTextPlan Fast Text fast-text-refused"
        );
    }

    #[test]
    fn the_first_run_of_the_tests_names_the_file_to_write() {
        let files = files(&root(), port("senders").unwrap()).unwrap();
        let text = |path: &str| place(PluginFolder::Providers).fill(&files[Path::new(path)]);
        let sends_nothing = "fn body(_message: &Message) -> Option<Vec<u8>> {\n    None\n}";
        assert!(text("src/wire.rs").contains(sends_nothing));
        let said =
            "\"send is not written yet: make the body of the request in providers/fast_text/src/wire.rs\"";
        assert!(text("src/senders.rs").contains(said));
        assert!(text("tests/it.rs").contains("suite::every_plugin_conforms().await;"));
    }

    #[test]
    fn a_folder_outside_is_no_repository() {
        assert_eq!(repository(Path::new("/")), None);
    }
}
