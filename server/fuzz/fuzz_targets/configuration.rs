//! Settings in variables and in files.
#![no_main]

use std::sync::LazyLock;

use portcullis_server::config::{document, fuzzing};

static SCHEMA: LazyLock<serde_json::Value> = LazyLock::new(|| document(&[]));

libfuzzer_sys::fuzz_target!(|input: (&str, &str)| {
    fuzzing::read(&SCHEMA, input.0, input.1);
});
