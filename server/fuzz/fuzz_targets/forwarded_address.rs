//! The client's address behind proxies.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (std::net::IpAddr, Vec<&str>)| {
    portcullis_server::http::fuzzing::forwarded(input.0, &input.1);
});
