//! What a session, an access token or a challenge grew from.

use portcullis_ports::id::SessionId;
use portcullis_ports::{Entropy, Result};
use serde::{Deserialize, Serialize};

/// Names an epoch. Zero is the one before anything was ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EpochId(pub(crate) u64);

/// Names an access token among those of its person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TokenId(pub(crate) u64);

impl EpochId {
    pub(crate) fn random(entropy: &dyn Entropy) -> Result<Self> {
        random(entropy).map(Self)
    }
}

impl TokenId {
    pub(crate) fn random(entropy: &dyn Entropy) -> Result<Self> {
        random(entropy).map(Self)
    }
}

/// 64 unpredictable bits, not all of them zero.
fn random(entropy: &dyn Entropy) -> Result<u64> {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes).max(1))
}

/// What a session, an access token or a challenge grew from, and ends with. Records of before there were epochs have
/// the empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Lineage {
    /// The epoch of the person.
    pub(crate) epoch: EpochId,
    /// The epoch of everybody.
    pub(crate) deployment: EpochId,
    /// The access token that began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<TokenId>,
    /// The session that made the token, or that began it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<SessionId>,
    /// Whether another identity provider says who the person is, so that there is no account of ours.
    pub(crate) foreign: bool,
}
