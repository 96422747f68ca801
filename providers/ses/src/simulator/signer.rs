//! The key that simulated deliveries are signed with, and its certificate. Both were made for this, and guard nothing.

use data_encoding::BASE64;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

/// Where the certificate is to be had.
pub const CERTIFICATE_URL: &str =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-simulator.pem";
/// The certificate, in PEM form.
pub(super) const CERTIFICATE: &str = include_str!("signer.pem");
const KEY: &[u8] = include_bytes!("signer.der");

/// Signs a text. Empty if the key is broken, which no receiver takes for a signature.
pub(super) fn sign(text: &str) -> String {
    let Ok(key) = RsaKeyPair::from_der(KEY) else {
        return String::new();
    };
    let mut signature = vec![0; key.public().modulus_len()];
    match key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        text.as_bytes(),
        &mut signature,
    ) {
        Ok(()) => BASE64.encode(&signature),
        Err(_) => String::new(),
    }
}
