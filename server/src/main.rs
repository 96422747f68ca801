//! The program `portcullis`: hands its surroundings to the library and reports how it went.

use std::process::ExitCode;

use portcullis_server::cli;
use portcullis_server::environment::Environment;

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &Environment::of_process())
}
