//! Builds the panel with npm when its sources changed, and writes the table of its files for the crate to embed.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

/// Whatever the built panel depends on.
const SOURCES: [&str; 9] = [
    "build.rs",
    "index.html",
    "package.json",
    "package-lock.json",
    "public",
    "src",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

const NEEDS_NODE: &str = "the control panel needs Node.js 20 or newer with npm: install it, or build the API alone \
                          with --no-default-features";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => match tell(&format!("cargo::error={problem}")) {
            Ok(()) | Err(_) => ExitCode::FAILURE,
        },
    }
}

fn run() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?);
    let mut files = BTreeMap::new();
    if env::var_os("CARGO_FEATURE_PANEL").is_some() {
        for source in SOURCES.iter().filter(|source| folder.join(source).exists()) {
            tell(&format!("cargo::rerun-if-changed={source}"))?;
        }
        let dist = out.join("dist");
        build(&folder, &dist)?;
        collect(&dist, &dist, &mut files)?;
    } else {
        tell("cargo::rerun-if-changed=build.rs")?;
    }
    fs::write(out.join("files.rs"), table(&files)?).map_err(|error| format!("cannot write files.rs: {error}"))
}

fn tell(line: &str) -> Result<(), String> {
    writeln!(io::stdout(), "{line}").map_err(|error| error.to_string())
}

/// Runs npm as far as needed.
fn build(folder: &Path, dist: &Path) -> Result<(), String> {
    if !installed(folder) {
        npm(folder, dist, &["ci", "--no-audit", "--no-fund"])?;
    }
    npm(folder, dist, &["run", "build"])
}

/// Whether `node_modules` holds what the lock file asks for. npm keeps its own record of what it installed.
fn installed(folder: &Path) -> bool {
    let read =
        |path: &str| -> Option<Value> { serde_json::from_slice(&fs::read(folder.join(path)).ok()?).ok() };
    let (Some(wanted), Some(present)) = (read("package-lock.json"), read("node_modules/.package-lock.json"))
    else {
        return false;
    };
    let packages = |lock: &Value| {
        lock.get("packages")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let present = packages(&present);
    packages(&wanted)
        .iter()
        .filter(|(path, _)| !path.is_empty())
        .all(|(path, package)| match present.get(path) {
            Some(found) => found.get("version") == package.get("version"),
            // Left out by npm when it is for another platform.
            None => package.get("optional").and_then(Value::as_bool) == Some(true),
        })
}

fn npm(folder: &Path, dist: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
        .args(arguments)
        .current_dir(folder)
        .env("PORTCULLIS_UI_OUT", dist)
        .output()
        .map_err(|error| format!("{NEEDS_NODE} (npm: {error})"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    io::stderr().write_all(&said).map_err(|error| error.to_string())?;
    Err(format!(
        "`npm {}` failed in ui/, see its output; {NEEDS_NODE}",
        arguments.join(" ")
    ))
}

/// All files below `folder`, by their path relative to `root`.
fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<(), String> {
    let read = |error: io::Error| format!("cannot read {}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let relative = path.strip_prefix(root).map_err(|error| error.to_string())?;
            let name: Vec<_> = relative
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            files.insert(name.join("/"), path);
        }
    }
    Ok(())
}

/// The table as Rust source: path, contents, a mark of the contents.
fn table(files: &BTreeMap<String, PathBuf>) -> Result<String, String> {
    let mut source = String::from("&[\n");
    for (name, path) in files {
        let bytes = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let mark = hasher.finish();
        let path = path
            .to_str()
            .ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
        writeln!(
            source,
            "    ({name:?}, include_bytes!({path:?}), \"\\\"{mark:016x}\\\"\"),"
        )
        .map_err(|error| error.to_string())?;
    }
    source.push_str("]\n");
    Ok(source)
}
