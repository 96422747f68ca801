//! The list of providers: who works for Portcullis. A crate that is not named here is dropped by the linker.

#[cfg(feature = "mailbox")]
use portcullis_provider_mailbox as _;
#[cfg(feature = "mmdb")]
use portcullis_provider_mmdb as _;
#[cfg(feature = "ses")]
use portcullis_provider_ses as _;
#[cfg(feature = "smtp")]
use portcullis_provider_smtp as _;
#[cfg(feature = "twilio")]
use portcullis_provider_twilio as _;
