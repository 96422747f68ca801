//! The versions of records.
//!
//! A version is 64 random bits. A blind put knows nothing of the state it replaces, and after a removal nothing of it is
//! left, so a counter cannot be kept; and a clock is no help, because machines disagree about the time and two of them
//! may write in the same millisecond. Random versions need neither: whoever holds a version is deceived only if one of the
//! later writes to that very key draws the same 64 bits. If a thousand million holders each face a million later
//! writes, the chance that any of them is deceived is 1 in 18,000.

use portcullis_ports::clock::Entropy;
use portcullis_ports::storage::{StoreError, Version};

/// Draws a version.
pub(crate) fn draw(entropy: &dyn Entropy) -> Result<Version, StoreError> {
    let mut bytes = [0; 8];
    fill(entropy, &mut bytes)?;
    Ok(Version(u64::from_le_bytes(bytes)))
}

/// A token that makes a transaction happen once, however often it is sent: 32 characters of at most 36.
pub(crate) fn token(entropy: &dyn Entropy) -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    fill(entropy, &mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

fn fill(entropy: &dyn Entropy, bytes: &mut [u8]) -> Result<(), StoreError> {
    entropy.fill(bytes).map_err(|error| StoreError::Unavailable {
        detail: format!("this machine gives no randomness: {error}"),
        retry: None,
    })
}
