//! How credentials with full entropy, entries of histories and keys in logs are named.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal.
pub(crate) fn fingerprint(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}
