//! The product under measurement: how it is started, with which settings, and how load is put on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::Extent;
use crate::Result;
use crate::http::Url;
use crate::load::Measured;
use crate::process::{Cores, Server};
use crate::seed;
use crate::stripe::Stripe;

/// Settings that let one machine sign in and out all day.
///
/// The budgets are counted as ever; only their limits are out of reach.
const ROOMY: &str = r#"
[server]
log_level = "warn"

[accounts]
sign_up = "open"
access_token_lifetime = "30d"

[sessions]
lifetime = "90d"
idle = "30d"
step_up = "12h"

[factors]
require = "all"

[api_keys]
rate_per_minute = 1000000000
daily_quota = 1000000000

[budgets]
attempts = { most = 1000000000, window = "1h" }
attempts_from_unknown = { most = 1000000000, window = "1h" }
sign_in_per_source = { most = 1000000000, window = "1h" }
sign_up_per_source = { most = 1000000000, window = "1h" }
"#;

/// The cheapest hash that the hasher accepts: what is left is the rest of a sign-in.
const CHEAP_HASH: &str = r#"
[passwords]
use = "cheap"

[passwords.cheap.argon2id]
memory = "8KiB"
iterations = 1
waiting = 1000
"#;

/// Which password hash the product uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    AsShipped,
    Cheap,
}

/// Starts the product on a folder of its own below the run's.
pub(super) fn start(extent: &Extent, name: &str, cores: &Cores, hash: Hash) -> Result<Server> {
    start_with(extent, (name, hash), cores, "", None)
}

/// The same, paid by way of that vendor.
pub(super) fn start_paid(
    extent: &Extent,
    name: &str,
    cores: &Cores,
    hash: Hash,
    stripe: &Stripe,
) -> Result<Server> {
    start_with(extent, (name, hash), cores, &stripe.settings(), None)
}

/// The same with its records in the DynamoDB at that address.
pub(super) fn start_on(
    extent: &Extent,
    name: &str,
    cores: &Cores,
    stripe: &Stripe,
    dynamodb: &str,
) -> Result<Server> {
    let named = (name, Hash::Cheap);
    start_with(extent, named, cores, &stripe.settings(), Some(dynamodb))
}

fn start_with(
    extent: &Extent,
    (name, hash): (&str, Hash),
    cores: &Cores,
    more: &str,
    dynamodb: Option<&str>,
) -> Result<Server> {
    let settings = extent.folder.join(format!("{name}.toml"));
    let hash = if hash == Hash::Cheap { CHEAP_HASH } else { "" };
    fs::write(&settings, format!("{ROOMY}{hash}{more}"))?;
    let mut command = cores.command(&extent.server);
    command
        .args(["dev", "--listen", "127.0.0.1:0", "--config"])
        .arg(&settings);
    command
        .arg("--data")
        .arg(data(extent, name))
        .current_dir(&extent.folder);
    if let Some(endpoint) = dynamodb {
        command
            .args(["--store", "dynamodb"])
            .env("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local");
    }
    Server::start(&mut command, &extent.folder.join(format!("{name}.log")))
}

/// The folder of the product that was started under this name.
pub(super) fn data(extent: &Extent, name: &str) -> PathBuf {
    extent.folder.join(name)
}

/// The bare server beside it.
pub(super) fn start_bare(extent: &Extent, cores: &Cores) -> Result<Server> {
    let mut command = cores.command(&std::env::current_exe()?);
    Server::start(command.arg("bare"), &extent.folder.join("bare.log"))
}

/// Makes so many sessions and returns the file with the credentials of a thousand of them.
pub(super) fn fill(extent: &Extent, server: &Server, sessions: usize) -> Result<PathBuf> {
    let out = extent.folder.join(format!("sessions-{sessions}.jsonl"));
    seed::run(&seed::Options {
        url: server.url.clone(),
        sessions,
        per_account: 20,
        connections: 64,
        known: 1000,
        out: out.clone(),
    })?;
    Ok(out)
}

/// What is asked of a server.
pub(super) struct Ask<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) vary: Option<&'a Path>,
    pub(super) connections: u16,
}

impl<'a> Ask<'a> {
    /// A plain GET.
    pub(super) fn get(path: &'a str) -> Self {
        Self {
            method: "GET",
            path,
            vary: None,
            connections: 32,
        }
    }

    /// The question that a thousand sessions put in turn.
    pub(super) fn session_check(sessions: &'a Path) -> Self {
        Self {
            vary: Some(sessions),
            ..Self::get("/ui/me")
        }
    }
}

/// Puts load on a server from a process of its own; an answer that is not 200 fails the measurement.
pub(super) fn load(extent: &Extent, cores: &Cores, url: &Url, ask: &Ask<'_>) -> Result<Measured> {
    let mut command = cores.command(&std::env::current_exe()?);
    command
        .args(["load", "--json", "--method", ask.method, "--url"])
        .arg(url.at(ask.path).to_string());
    command.args([
        "--connections",
        &ask.connections.to_string(),
        "--seconds",
        &extent.seconds.to_string(),
    ]);
    if let Some(file) = ask.vary {
        command.arg("--vary").arg(file);
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the load generator failed on {}", ask.path).into());
    }
    let measured: Measured = serde_json::from_slice(&output.stdout)?;
    match &measured.first_error {
        Some(first) => Err(format!(
            "{} {}: {} errors, first: {first}",
            ask.method, ask.path, measured.errors
        )
        .into()),
        None => Ok(measured),
    }
}

/// The size of a folder's files, in MB.
pub(super) fn size_mb(folder: &Path) -> Result<f64> {
    let mut total = 0.0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        total += if meta.is_dir() {
            size_mb(&entry.path())?
        } else {
            f64::from(u32::try_from(meta.len() / 1000)?) / 1000.0
        };
    }
    Ok(total)
}
