//! `portcullis dev`: the whole product on one machine, nothing to set up.

use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use portcullis_adapters::keyfile;
use portcullis_ports::Clock as _;

use super::{development, listen, load, wait};
use crate::cli::DevArguments;
use crate::config::{Development, Request};
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::logging;
use crate::run::{self, Ready};
use crate::system::{SystemClock, SystemEntropy};

/// Only the owner.
const PRIVATE: u32 = 0o700;

pub(crate) fn run(
    arguments: DevArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let development = development(&arguments.data, arguments.store, arguments.identity)?;
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
    logging::start(&config.server, environment);
    let docs = config.server.docs;
    wait(run::start(config, |ready| {
        announce(ready, docs, &development.data, out)
    }))
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

fn announce(ready: &Ready, docs: bool, data: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let url = format!("http://{}", ready.address);
    writeln!(out, "Portcullis is ready at {url}\n\n  Control panel  {url}/")?;
    if docs {
        writeln!(out, "  Swagger UI     {url}/docs")?;
    }
    if ready.mailbox {
        writeln!(out, "  Mailbox        {url}/dev/inbox")?;
    }
    writeln!(
        out,
        "  Data           {}\n\nFor development only. Stop it with Ctrl-C.",
        data.display()
    )?;
    Ok(out.flush()?)
}
