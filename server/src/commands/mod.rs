//! The commands, one file each, and what they share: finding the settings and waiting for asynchronous work.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path as FilePath, PathBuf};

use portcullis_core::App;
use portcullis_core::input::TypedPhone;
use portcullis_ports::notification::Destination;
use portcullis_ports::plugin::{Access, Runtime};
use portcullis_ports::storage::{ConnectedStore, Storage};

use crate::cli::{FileArgument, SettingsArguments};
use crate::compose::{connect_all, dependencies};
use crate::config::{Development, LoadedConfig, Path, Request, Setting, Source, ValidatedConfig};
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::{plugins, system};

pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod inbox;
pub(crate) mod keys;
pub(crate) mod ledger;
mod moment;
pub(crate) mod openapi;
pub(crate) mod operators;
pub(crate) mod outbox;
pub(crate) mod providers;
pub(crate) mod reconcile;
pub(crate) mod reencrypt;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod skeleton;
pub(crate) mod store;
pub(crate) mod tables;

/// What the options say about where the settings are.
fn request(file: FileArgument, data: Option<&FilePath>) -> Result<Request, Failure> {
    let development = data.map(|data| development(data, None, Vec::new())).transpose()?;
    Ok(Request {
        file: file.config,
        development,
        ..Request::default()
    })
}

/// `portcullis dev` in a data folder. The path is made absolute, so that messages name the folder in full.
fn development(
    data: &FilePath,
    store: Option<String>,
    identity: Vec<String>,
) -> Result<Development, Failure> {
    let data: PathBuf = std::path::absolute(data)?;
    Ok(Development {
        data,
        store,
        identity,
        simulate: Vec::new(),
        simulated: Vec::new(),
    })
}

/// The option `--listen`.
fn listen(address: Option<SocketAddr>) -> Vec<Setting> {
    let (path, source) = (Path::of(["server", "listen"]), Source::Flag("--listen"));
    let flag = address.map(|address| Setting::new(&path, address.to_string(), &source));
    flag.into_iter().collect()
}

/// Every setting, with its errors.
fn look(request: &Request, environment: &Environment) -> Result<LoadedConfig, Failure> {
    let linked = plugins::linked().map_err(Failure::Other)?;
    Ok(crate::config::load(request, environment, &linked)?)
}

/// Settings that can be run.
fn load(request: &Request, environment: &Environment) -> Result<ValidatedConfig, Failure> {
    Ok(look(request, environment)?.plan()?)
}

/// The same for the commands that may look at either kind of configuration.
fn load_any(arguments: SettingsArguments, environment: &Environment) -> Result<ValidatedConfig, Failure> {
    load(&request(arguments.file, arguments.data.as_deref())?, environment)
}

/// Waits for asynchronous work on all cores.
fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Connects everything that is configured, and does something with the use cases and the store below them.
fn with_deployment<T>(
    settings: SettingsArguments,
    environment: &Environment,
    work: impl AsyncFnOnce(&App, &ConnectedStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_access(Access::Full, settings, environment, work)
}

/// The same for work that only reads, and may be done while the service runs.
fn with_reader<T>(
    settings: SettingsArguments,
    environment: &Environment,
    work: impl AsyncFnOnce(&App, &ConnectedStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_access(Access::Reading, settings, environment, work)
}

fn with_access<T>(
    access: Access,
    settings: SettingsArguments,
    environment: &Environment,
    work: impl AsyncFnOnce(&App, &ConnectedStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    existing(settings.data.as_deref())?;
    let config = load_any(settings, environment)?;
    let runtime = Runtime {
        access,
        ..system::runtime()?
    };
    wait(async {
        let server = &config.server;
        let limit = server.connect_timeout.get();
        let connected = connect_all(config.plugins, server.public_url.as_ref(), &runtime, limit).await?;
        let dependencies = dependencies(connected.clone(), &runtime, None, config.texts);
        let app = App::open(dependencies, config.settings)
            .await
            .map_err(|error| Failure::Unavailable(in_full(&error)))?;
        let store = connected.one::<Storage>();
        work(
            &app,
            store.map_err(|error| Failure::Unavailable(in_full(&error)))?,
        )
        .await
    })
}

/// Refuses a data folder that is not there, which the plugins would otherwise create.
fn existing(data: Option<&FilePath>) -> Result<(), Failure> {
    match data.filter(|data| !data.is_dir()) {
        Some(data) => Err(Failure::Usage(format!(
            "there is no data folder {}",
            data.display()
        ))),
        None => Ok(()),
    }
}

/// Asks before something is destroyed.
fn confirm(question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "this destroys data; say --yes where nobody can be asked".to_owned(),
        ));
    }
    let mut terminal = io::stderr();
    write!(terminal, "{question}")?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == "yes" {
        Ok(())
    } else {
        Err(Failure::Other("nothing was changed".to_owned()))
    }
}

/// A destination from what somebody typed: an address, or a number with its country code.
///
/// # Errors
/// What would be right.
fn destination(text: &str) -> Result<Destination, String> {
    let email = text.parse().map(Destination::Email);
    let number = || TypedPhone::parse(text)?.e164(None);
    email
        .or_else(|_| number().map(Destination::Sms))
        .map_err(|_| format!("{text} is neither an e-mail address nor a phone number with its country code"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_number_are_told_apart() {
        let channel = |text: &str| destination(text).map(|to| to.channel().as_str());
        assert_eq!(channel("ada@example.com"), Ok("email"));
        assert_eq!(channel("+1 500 555 0006"), Ok("sms"));
        assert_eq!(channel("+49 (0)170 1234567"), Ok("sms"));
        assert!(destination("0900123").is_err() && destination("ada@").is_err());
    }
}
