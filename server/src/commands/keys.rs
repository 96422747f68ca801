//! `portcullis keys`: creates and rotates the key file, and seals secrets anew.

use std::io::Write;

use portcullis_adapters::keyfile::{create, rotate};
use portcullis_ports::Clock as _;

use super::reencrypt;
use crate::cli::KeysCommand;
use crate::environment::Environment;
use crate::exit::{Failure, in_full};
use crate::system::{SystemClock, SystemEntropy};

pub(crate) fn run(
    command: KeysCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let now = SystemClock.now();
    let failed = |error: portcullis_ports::Error| Failure::Other(in_full(&error));
    match command {
        KeysCommand::Reencrypt(arguments) => reencrypt::run(arguments, environment, out)?,
        KeysCommand::Create(arguments) => {
            create(&arguments.file, &SystemEntropy, now).map_err(failed)?;
            let file = arguments.file.display();
            writeln!(
                out,
                "Created {file}.\n\nName it in the configuration:\n\n  [keys]\n  use = \"main\"\n  [keys.main.keyfile]\n  \
                 file = \"{file}\"\n\nKeep a copy apart from the backups of the store: without it nothing that was sealed \
                 can be opened,\nand whoever has both can open everything."
            )?;
        }
        KeysCommand::Rotate(arguments) => {
            rotate(&arguments.file, &SystemEntropy, now).map_err(failed)?;
            writeln!(
                out,
                "Added a key to {}. Restart the service to use it, and renew the copy you keep.",
                arguments.file.display()
            )?;
        }
    }
    Ok(())
}
