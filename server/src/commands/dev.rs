//! `portcullis dev`: the whole product on one machine, nothing to set up.

use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_adapters::keyfile;
use portcullis_core::operators::{ACCOUNT_NOT_FOUND, ADDRESS_NOT_PROVEN, GrantOperator, Named, Role};
use portcullis_core::{App, Source};
use portcullis_ports::Clock as _;
use portcullis_ports::contact::EmailAddress;

use super::{development, listen, load, wait};
use crate::cli::DevArguments;
use crate::config::{Development, Request};
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::logging;
use crate::run::{self, Ready};
use crate::simulators::Simulators;
use crate::system::{self, SystemClock, SystemEntropy};

/// How often it is asked whether the address of an operator is proven.
const ASK_FOR_OPERATOR: Duration = Duration::from_millis(500);

/// Only the owner.
const PRIVATE: u32 = 0o700;

pub(crate) fn run(
    arguments: DevArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut simulators = Simulators::bind()?;
    let development = Development {
        simulated: simulators.plugins(),
        simulate: arguments.simulate,
        ..development(&arguments.data, arguments.store, arguments.identity)?
    };
    known(&development)?;
    let request = Request {
        file: arguments.file.config,
        flags: listen(arguments.listen),
        development: Some(development.clone()),
        ..Request::default()
    };
    let config = load(&request, environment)?;
    let address = config.server.listen;
    if !address.ip().is_loopback() && !arguments.expose {
        return Err(Failure::Usage(format!(
            "{address} can be reached by other machines, and `portcullis dev` shows everybody every message. \
             Listen on 127.0.0.1, or say --expose if that is what you want."
        )));
    }
    prepare(&development)?;
    simulators.used_by(&config.plugins);
    let http = system::runtime()
        .map_err(|error| Failure::Other(in_full(&error)))?
        .http;
    logging::start(&config.server, environment);
    let docs = config.server.docs;
    wait(run::start(config, |ready, app| {
        if let Some(address) = arguments.operator {
            tokio::spawn(operator(Arc::clone(app), address));
        }
        announce(ready, docs, &development.data, &simulators.lines(), out)?;
        simulators.run(&format!("http://{}", ready.address), &http)
    }))
}

/// Waits until somebody has proven an address, and makes them an operator.
async fn operator(app: Arc<App>, address: EmailAddress) {
    let source = Source::internal("portcullis dev --operator");
    loop {
        let command = GrantOperator {
            whom: Named::Address(address.clone()),
            role: Role::Admin,
        };
        match app.operators.grant(command, &source).await {
            Ok(_) => {
                tracing::info!("whom --operator names is one now: admin");
                return;
            }
            Err(error) if [ACCOUNT_NOT_FOUND, ADDRESS_NOT_PROVEN].contains(&error.code()) => {}
            Err(error) => tracing::error!("whom --operator names cannot become one: {}", in_full(&error)),
        }
        tokio::time::sleep(ASK_FOR_OPERATOR).await;
    }
}

/// Makes the data folder and, the first time, the key file.
fn prepare(development: &Development) -> Result<(), Failure> {
    let data = &development.data;
    let key_file = data.join(keyfile::DEVELOPMENT_PATH);
    let secrets = key_file.parent().unwrap_or(data);
    for folder in [data.as_path(), secrets] {
        private_folder(folder).map_err(|error| {
            Failure::Other(format!("cannot create the folder {}: {error}", folder.display()))
        })?;
    }
    // Data of a developer does not belong into a repository, and keys even less.
    let ignored = data.join(".gitignore");
    if !ignored.exists() {
        fs::write(&ignored, "*\n")?;
    }
    if key_file.exists() {
        return Ok(());
    }
    match keyfile::create(&key_file, &SystemEntropy, SystemClock.now()) {
        // Another process that started with the same folder was faster; its file is whole.
        Err(_) if key_file.exists() => Ok(()),
        made => made.map_err(|error| Failure::Other(in_full(&error))),
    }
}

fn private_folder(folder: &Path) -> std::io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(PRIVATE).create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        other => other,
    }
}

/// Refuses names of plugins whose vendors are not simulated.
fn known(development: &Development) -> Result<(), Failure> {
    let names: Vec<&str> = development.simulated.iter().map(|one| one.plugin).collect();
    match development
        .simulate
        .iter()
        .find(|name| !names.contains(&name.as_str()))
    {
        Some(name) => Err(Failure::Usage(format!(
            "the vendor of `{name}` cannot be simulated. Those that can: {}.",
            if names.is_empty() {
                "none in this build".to_owned()
            } else {
                names.join(", ")
            }
        ))),
        None => Ok(()),
    }
}

fn announce(
    ready: &Ready,
    docs: bool,
    data: &Path,
    simulated: &[[String; 3]],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let url = format!("http://{}", ready.address);
    writeln!(out, "Portcullis is ready at {url}\n\n  Control panel  {url}/")?;
    if docs {
        writeln!(out, "  Swagger UI     {url}/docs")?;
    }
    if ready.mailbox {
        writeln!(out, "  Mailbox        {url}/dev/inbox")?;
    }
    for [vendor, address, used] in simulated {
        let what = format!("Simulated {vendor}");
        writeln!(out, "  {what:<20} {address}/ ({used})")?;
    }
    writeln!(
        out,
        "  Data           {}\n\nFor development only. Stop it with Ctrl-C.",
        data.display()
    )?;
    Ok(out.flush()?)
}
