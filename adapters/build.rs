//! Links every plugin whose feature is on: the linker drops a crate that nobody names. Adapters and providers share it.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let features = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut plugins: Vec<String> = features
        .filter_map(|name| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase()))
        .filter(|feature| feature != "default")
        .collect();
    plugins.sort();
    let lines: Vec<String> = plugins
        .iter()
        .map(|plugin| format!("extern crate {plugin} as _;\n"))
        .collect();
    let folder =
        env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no folder for what is built"))?;
    fs::write(PathBuf::from(folder).join("plugins.rs"), lines.concat())?;
    println!("cargo::rustc-env=PLUGINS={}", plugins.join(" "));
    println!("cargo::rerun-if-changed=../adapters/build.rs");
    Ok(())
}
