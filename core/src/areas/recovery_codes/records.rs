//! How recovery codes are stored: one record per account and factor.

use portcullis_ports::storage::Collection;

use super::RecoverySet;
use crate::foundation::table::Stored;

/// Recovery codes.
pub(crate) const RECOVERY_CODES: Collection = Collection {
    name: "recovery_codes",
    table: "recovery_codes",
    variable: "DDB_RECOVERY_TABLE",
};

impl Stored for RecoverySet {
    const COLLECTION: Collection = RECOVERY_CODES;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), self.factor.as_str().into())
    }
}
