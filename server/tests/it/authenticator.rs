//! An authenticator app: the six digits of a secret at a moment.

use totp_rs::{Algorithm, Builder, Secret};

pub(crate) fn code(secret: &str, unix_seconds: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let builder = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30);
    builder
        .with_secret(secret)
        .build()
        .unwrap()
        .generate(unix_seconds)
        .to_string()
}
