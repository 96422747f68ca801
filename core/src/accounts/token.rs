//! Access tokens: short-lived, signed, opaque to clients.

use data_encoding::BASE64URL_NOPAD;
use portcullis_ports::identity::{Subject, UNAUTHENTICATED};
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keyring::Keyring;

/// What makes a token recognisable as ours, in requests and in scanners for leaked secrets.
pub(super) const PREFIX: &str = "pct_";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: Subject,
    /// When the token was made.
    pub(super) iat: Timestamp,
    /// When it ends.
    pub(super) exp: Timestamp,
    /// When the first factor was proven.
    pub(super) auth: Timestamp,
}

/// Signs claims.
pub(super) fn sign(keyring: &Keyring, claims: &Claims) -> Result<String> {
    let json = serde_json::to_vec(claims)
        .map_err(|error| Error::internal("claims cannot be written").because(error))?;
    let payload = BASE64URL_NOPAD.encode(&json);
    let signature = keyring.mac_text("access-token", &[&payload])?;
    Ok(format!("{PREFIX}{payload}.{signature}"))
}

/// Reads a token that is ours and not too old.
///
/// # Errors
/// `unauthenticated`, with the remedy.
pub(super) fn read(keyring: &Keyring, token: &str, now: Timestamp) -> Result<Claims> {
    let invalid = || UNAUTHENTICATED.says("The access token is not valid: sign in again.");
    let (payload, signature) = token
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('.'))
        .ok_or_else(invalid)?;
    let expected = keyring.mac_text("access-token", &[payload])?;
    if !same_secret(expected.as_bytes(), signature.as_bytes()) {
        return Err(invalid());
    }
    let json = BASE64URL_NOPAD
        .decode(payload.as_bytes())
        .map_err(|_| invalid())?;
    let claims: Claims = serde_json::from_slice(&json).map_err(|_| invalid())?;
    if now >= claims.exp {
        return Err(UNAUTHENTICATED.says("The access token has expired: refresh it or sign in again."));
    }
    Ok(claims)
}
