//! The map of the code: the first line of every Rust file, generated, committed and compared.

use std::fmt::Write as _;
use std::fs;

use super::project::{File, files, root};

const PLACE: &str = "docs/map.md";

const HEAD: &str = "# The map of the code\n\n\
    What every Rust file holds, by its own first line. Generated: `UPDATE=1 cargo test -p portcullis --test it architecture`\n\
    rewrites it, and the same test fails when it is out of date.\n";

/// The map of these files, one table per crate.
fn map(files: &[File]) -> String {
    let mut crates: Vec<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_suffix("/Cargo.toml"))
        .collect();
    crates.sort_unstable();
    let mut map = HEAD.to_owned();
    for folder in &crates {
        // A facade holds the folders of its plugins: a file belongs to the innermost crate around it.
        let inside = |path: &str| {
            path.strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'))
                .map(str::to_owned)
        };
        let deeper = |path: &str| {
            crates
                .iter()
                .any(|other| other.len() > folder.len() && path.starts_with(&format!("{other}/")))
        };
        let mut rows: Vec<(String, &str)> = files
            .iter()
            .filter(|file| file.is(&["rs"]) && !deeper(&file.path))
            .filter_map(|file| Some((inside(&file.path)?, first_line(file))))
            .collect();
        rows.sort();
        write!(map, "\n## {folder}\n\n| file | holds |\n|---|---|\n").expect("a string takes text");
        for (path, holds) in rows {
            writeln!(map, "| {path} | {} |", holds.replace('|', "\\|")).expect("a string takes text");
        }
    }
    map
}

fn first_line(file: &File) -> &str {
    file.text()
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("//!")
        .trim()
}

#[test]
fn the_map_is_up_to_date() {
    let drawn = map(&files());
    let place = root().join(PLACE);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&place, &drawn).expect("the map can be written");
    }
    let committed = fs::read_to_string(&place).unwrap_or_default();
    let first_difference = drawn
        .lines()
        .zip(committed.lines().chain(std::iter::repeat("")))
        .find(|(new, old)| new != old);
    assert!(
        drawn == committed,
        "{PLACE} is out of date ({first_difference:?}); UPDATE=1 rewrites it"
    );
}

#[test]
fn the_map_has_a_table_per_crate() {
    let files = [
        File::new("adapters/Cargo.toml", ""),
        File::new("adapters/src/lib.rs", "//! The list.\n"),
        File::new("adapters/x/Cargo.toml", ""),
        File::new("adapters/x/src/lib.rs", "//! Either a|b.\n//! More.\n"),
        File::new("adapters/x/tests/it.rs", "//! Its tests.\n"),
        File::new("adapters/x/docs.md", "# X\n"),
    ];
    let expected = "\n## adapters\n\n| file | holds |\n|---|---|\n| src/lib.rs | The list. |\n\
        \n## adapters/x\n\n| file | holds |\n|---|---|\n| src/lib.rs | Either a\\|b. |\n| tests/it.rs | Its tests. |\n";
    assert_eq!(map(&files).strip_prefix(HEAD), Some(expected));
}
