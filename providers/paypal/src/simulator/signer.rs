//! The keys that simulated deliveries are signed with, and their certificates. All were made for this, and guard nothing.

use data_encoding::BASE64;
use portcullis_ports::http::HttpResponse;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

/// The root that the certificates lead to, in PEM form.
pub const ROOT: &str = include_str!("ca/root.pem");

/// Name, certificate with the one between it and the root, and key; PayPal changes from the first to the second.
const SIGNERS: [(&str, &str, &[u8]); 2] = [
    (
        "CERT-simulated-1",
        include_str!("ca/signer1.pem"),
        include_bytes!("ca/signer1.der"),
    ),
    (
        "CERT-simulated-2",
        include_str!("ca/signer2.pem"),
        include_bytes!("ca/signer2.der"),
    ),
];

/// Answers with a certificate.
pub(super) fn certificate(name: &str) -> HttpResponse {
    let found = SIGNERS.iter().find(|(known, ..)| *known == name);
    HttpResponse {
        status: if found.is_some() { 200 } else { 404 },
        headers: vec![("content-type".to_owned(), "application/x-pem-file".to_owned())],
        body: found
            .map(|(_, pem, _)| pem.as_bytes().to_vec())
            .unwrap_or_default(),
    }
}

/// The name of a certificate.
pub(super) fn name(signer: usize) -> &'static str {
    SIGNERS[signer % SIGNERS.len()].0
}

/// Signs a text. Empty if the key is broken, which no receiver takes for a signature.
pub(super) fn sign(signer: usize, text: &str) -> String {
    let Ok(key) = RsaKeyPair::from_der(SIGNERS[signer % SIGNERS.len()].2) else {
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
