//! The tokens by which a request says on which known devices it is made.

use std::fmt;

use portcullis_ports::id::KnownDeviceId;
use serde::{Deserialize, Serialize};

use super::fingerprint::fingerprint;

/// What separates the tokens of several accounts on one device.
pub(crate) const SEPARATOR: char = '~';
/// How many tokens of one device are looked at: those of the accounts that signed in on it last.
pub(crate) const MOST_ACCOUNTS: usize = 5;

/// A token that a request presents. It is checked by its hash; the text goes back to the client with others.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceProof {
    pub(crate) id: KnownDeviceId,
    pub(crate) secret_hash: String,
    /// Not stored with a request that is worked on later.
    #[serde(skip)]
    pub(crate) text: String,
}

impl fmt::Debug for DeviceProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceProof({}…)", self.id)
    }
}

/// Reads the tokens that a device presents; what is none is left out.
pub(crate) fn proofs<'a>(presented: impl IntoIterator<Item = &'a str>) -> Vec<DeviceProof> {
    let tokens = presented.into_iter().flat_map(|text| text.split(SEPARATOR));
    let proof = |token: &str| {
        let (id, secret) = token.trim().split_once('.')?;
        // Anything longer was not made here, and would only be work.
        (secret.len() <= 64).then_some(())?;
        Some(DeviceProof {
            id: KnownDeviceId::parse(id).ok()?,
            secret_hash: fingerprint(secret),
            text: token.trim().to_owned(),
        })
    };
    tokens
        .take(2 * MOST_ACCOUNTS)
        .filter_map(proof)
        .take(MOST_ACCOUNTS)
        .collect()
}
