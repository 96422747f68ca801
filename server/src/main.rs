//! The program `portcullis`: hands its surroundings to the library and reports how it went.

use std::process::ExitCode;

use portcullis_server::cli;
use portcullis_server::environment::Environment;

/// Small short-lived pieces are what this program asks for; this allocator gives them in half the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &Environment::of_process())
}
