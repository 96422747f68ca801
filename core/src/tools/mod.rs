//! What handles the store as a whole: folds over all areas and services.

pub mod reencryption;
pub mod restoring;
pub mod store_copy;
