//! Data keys: what seals secrets, in the clear only in memory.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// The length of a data key in bytes.
pub(crate) const LENGTH: usize = 32;

/// A data key in the clear. Wiped from memory when the last of those who use it is done.
pub(crate) type Plain = Arc<Zeroizing<[u8; LENGTH]>>;

/// A data key as KMS gives it.
pub(crate) struct DataKey {
    /// The key itself.
    pub(crate) plain: Plain,
    /// The same, encrypted by KMS.
    pub(crate) encrypted: Vec<u8>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}
