//! Settings in variables and in files.
#![no_main]

use std::sync::LazyLock;

static SCHEMA: LazyLock<portcullis_server::config::fuzzing::Schema> =
    LazyLock::new(portcullis_server::config::fuzzing::schema);

libfuzzer_sys::fuzz_target!(|input: (&str, &str)| {
    portcullis_server::config::fuzzing::variable(&SCHEMA, input.0, input.1);
    portcullis_server::config::fuzzing::file(input.1);
});
