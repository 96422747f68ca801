//! The list of providers: who works for Portcullis. A crate that is not named here is dropped by the linker.

#[cfg(feature = "mailbox")]
use portcullis_provider_mailbox as _;
