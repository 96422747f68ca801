//! `portcullis providers new` in a copy of the workspace: a crate for every port, which compiles with its tests.
//!
//! That its tests say what is missing follows from the words of the skeleton, which its own unit tests look at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portcullis_ports::registry::PORTS;

use crate::setup::says;

/// A copy of the folders that a plugin needs. It lies where built things lie, always at the same place, and what did not
/// change in it is not written again: so the next run finds what was built for it.
struct Clone {
    root: PathBuf,
}

impl Clone {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let house = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for folder in ["ports", "providers", "adapters"] {
            mirror(&house.join(folder), &root.join(folder));
        }
        for file in ["Cargo.lock", ".rustfmt.toml", ".clippy.toml"] {
            write(&root.join(file), &fs::read(house.join(file)).unwrap());
        }
        let manifest = fs::read_to_string(house.join("Cargo.toml")).unwrap();
        let smaller = manifest.lines().filter_map(|line| match line {
            line if line.starts_with("members = ") => Some("members = [\"ports\", \"providers\"]"),
            line if line.starts_with("default-members = ") => None,
            line => Some(line),
        });
        let smaller = smaller.collect::<Vec<_>>().join("\n");
        write(&root.join("Cargo.toml"), smaller.as_bytes());
        Self { root }
    }

    fn portcullis(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        said(command.current_dir(self.root.join("providers")).args(arguments))
    }

    fn cargo(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut command = Command::new(env!("CARGO"));
        command
            .current_dir(&self.root)
            .args(arguments)
            .env("CARGO_TARGET_DIR", built);
        said(&mut command)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }
}

/// Makes one folder like another.
fn mirror(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(to).unwrap() {
        let entry = entry.unwrap();
        let extra = !from.join(entry.file_name()).exists();
        if extra && entry.file_type().unwrap().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        } else if extra {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            mirror(&entry.path(), &to);
        } else {
            write(&to, &fs::read(entry.path()).unwrap());
        }
    }
}

fn write(file: &Path, content: &[u8]) {
    if fs::read(file).is_ok_and(|known| known == content) {
        return;
    }
    fs::write(file, content).unwrap();
}

fn said(command: &mut Command) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (status.code(), text.concat())
}

#[test]
fn a_new_plugin_of_any_port_compiles_and_is_linked() {
    let clone = Clone::new("skeleton");
    let lines = clone.text("providers/Cargo.toml").lines().count();
    let names: Vec<String> = PORTS.iter().map(|port| format!("fast_{}", port.name)).collect();
    for (port, name) in PORTS.iter().zip(&names) {
        let (code, text) = clone.portcullis(&["providers", "new", port.name, name]);
        assert_eq!(code, Some(0), "{text}");
        says(
            &text,
            &[
                &format!("wrote    providers/{name}/src/{}.rs", port.name),
                "changed  providers/Cargo.toml",
                "cargo test -p",
            ],
        );
        assert!(!text.contains("Not formatted"), "{text}");
    }
    let manifest = clone.text("providers/Cargo.toml");
    assert_eq!(manifest.lines().count(), lines + PORTS.len());

    let packages: Vec<String> = names
        .iter()
        .map(|name| format!("portcullis-provider-{name}"))
        .collect();
    let selected: Vec<&str> = packages
        .iter()
        .flat_map(|package| ["-p", package.as_str()])
        .collect();
    let (code, text) = clone.cargo(&[&["fmt", "--check"], selected.as_slice()].concat());
    assert_eq!(code, Some(0), "{text}");

    let check = [
        "check",
        "--offline",
        "--all-targets",
        "-p",
        "portcullis-providers",
    ];
    let (code, text) = clone.cargo(&[&check, selected.as_slice()].concat());
    assert_eq!(code, Some(0), "{text}");
    assert!(
        !text.contains(") generated "),
        "it compiles with warnings: {text}"
    );

    let (code, text) = clone.portcullis(&["providers", "new", "senders", "fast_senders"]);
    assert_eq!(code, Some(64), "{text}");
    says(&text, &["providers/fast_senders is there already"]);
}

#[test]
fn what_cannot_be_begun_is_refused_and_nothing_is_written() {
    let here = tempfile::tempdir().unwrap();
    let new = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        let (code, text) = said(
            command
                .current_dir(here.path())
                .args(["providers", "new"])
                .args(arguments),
        );
        assert_eq!(code, Some(64), "{text}");
        text
    };
    says(
        &new(&["sender", "x"]),
        &["no port `sender`", "Did you mean `senders`?", "store, keys"],
    );
    says(&new(&["store", "x"]), &["clone of the repository"]);
    says(&new(&["senders", "Fast-Text"]), &["a-z, 0-9 and _"]);
    says(&new(&["senders", "x"]), &["clone of the repository"]);
    says(
        &new(&["senders", "x", "--into", "somewhere"]),
        &["adapters", "providers"],
    );
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
}
