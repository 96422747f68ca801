//! `portcullis serve`: the service in production.

use std::io::Write;

use super::{listen, load, wait};
use crate::cli::ServeArguments;
use crate::config::Request;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::{logging, run};

pub(crate) fn run(
    arguments: ServeArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let request = Request {
        file: arguments.file.config,
        flags: listen(arguments.listen),
        ..Request::default()
    };
    let config = load(&request, environment)?;
    logging::start(&config.server, environment);
    wait(run::start(config, |ready, _| {
        writeln!(
            out,
            "Portcullis is ready at http://{} and reached as {}",
            ready.address, ready.public_url
        )?;
        Ok(out.flush()?)
    }))
}
