//! The files of this repository as the rules see them.

use std::fs;
use std::path::{Path, PathBuf};

/// A file that git would take, by its path from the root, with its text (`None` when it is not UTF-8).
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: Option<String>,
}

impl File {
    /// A made-up file.
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: Some(text.to_owned()),
        }
    }

    /// Its text, empty for a picture or a font.
    pub(super) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Whether its name ends in one of these extensions.
    pub(super) fn is(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| extensions.iter().any(|known| found == *known))
    }
}

/// The root of the workspace.
pub(super) fn root() -> PathBuf {
    let server = Path::new(env!("CARGO_MANIFEST_DIR"));
    server
        .parent()
        .expect("the server lies in the workspace")
        .to_owned()
}

/// The patterns of a `.gitignore`, of the two plain kinds that this repository uses.
pub(super) struct Ignored {
    anchored: Vec<String>,
    anywhere: Vec<String>,
}

impl Ignored {
    pub(super) fn parse(text: &str) -> Self {
        let mut ignored = Self {
            anchored: Vec::new(),
            anywhere: vec![".git".to_owned()],
        };
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            assert!(
                !line.contains(['*', '?', '!', '[']),
                ".gitignore: the house rules read plain names only, not {line}"
            );
            let plain = line.trim_end_matches('/');
            match plain.strip_prefix('/') {
                Some(path) => ignored.anchored.push(path.to_owned()),
                None if plain.contains('/') => ignored.anchored.push(plain.to_owned()),
                None => ignored.anywhere.push(plain.to_owned()),
            }
        }
        ignored
    }

    /// Whether git would leave out the file or folder at this path from the root.
    pub(super) fn covers(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.anywhere.iter().any(|known| known == name) || self.anchored.iter().any(|known| known == path)
    }
}

/// Every file of the repository, sorted by path. Read from the disk, so that it also works without git.
pub(super) fn files() -> Vec<File> {
    let root = root();
    let ignored =
        Ignored::parse(&fs::read_to_string(root.join(".gitignore")).expect("the root has a .gitignore"));
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).expect("a folder of the repository can be listed") {
            let entry = entry.expect("a folder of the repository can be listed");
            let name = entry.file_name().into_string().expect("file names are UTF-8");
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if ignored.covers(&path) {
                continue;
            }
            if entry.file_type().expect("a file has a type").is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(entry.path()) {
                // A file that an editor removed meanwhile is none of ours.
                files.push(File {
                    path,
                    text: String::from_utf8(bytes).ok(),
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[test]
fn ignored_paths_are_told_from_tracked_ones() {
    let ignored = Ignored::parse("# built\n/target\nnode_modules\n/ui/dist\nui/shots/\n");
    for path in [
        "target",
        "node_modules",
        "ui/node_modules",
        "ui/dist",
        "ui/shots",
        ".git",
    ] {
        assert!(ignored.covers(path), "{path}");
    }
    for path in ["ui/target", "ui", "ui/dist-notes", ".ci", ".gitignore"] {
        assert!(!ignored.covers(path), "{path}");
    }
}

#[test]
#[should_panic(expected = "plain names only")]
fn an_ignore_pattern_that_is_not_understood_is_refused() {
    Ignored::parse("*.log\n");
}
