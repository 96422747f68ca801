//! The list of adapters: what Portcullis runs on. A crate that is not named here is dropped by the linker.

#[cfg(feature = "argon2id")]
use portcullis_adapter_argon2id as _;
#[cfg(feature = "dynamodb")]
use portcullis_adapter_dynamodb as _;
#[cfg(feature = "embedded")]
use portcullis_adapter_embedded as _;
#[cfg(feature = "header")]
use portcullis_adapter_header as _;
#[cfg(feature = "keyfile")]
pub use portcullis_adapter_keyfile as keyfile;
#[cfg(feature = "kms")]
use portcullis_adapter_kms as _;
