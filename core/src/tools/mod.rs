//! What handles the store as a whole: folds over all areas and services.

mod events_reference;
pub mod key_rotation;
mod records_reference;
pub mod reencryption;
pub mod restoring;
pub mod store_copy;

pub use events_reference::events_reference;
pub use records_reference::records_reference;
