//! Which records hold sealed texts, and how to get at them without knowing the record.

use portcullis_ports::keys::{EncryptionContext, Sealed};
use portcullis_ports::storage::Collection;
use portcullis_ports::{Error, Result};

use crate::areas::factors::TotpDevices;
use crate::foundation::keyring::RootSecret;
use crate::foundation::table::Stored;
use crate::services::outbox::sealed::StoredMessage;

/// Something stored that holds sealed texts. Every type with a field of type [`Sealed`] has this, which a test demands.
pub(crate) trait SealedTexts {
    /// All of them, to be replaced, each with what it was sealed for.
    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)>;
}

/// One type of record that holds sealed texts.
pub(super) struct Kind {
    pub(super) collection: Collection,
    pub(super) read: fn(&str) -> Result<Box<dyn Held>>,
}

/// Every type of record that holds sealed texts.
pub(super) const KINDS: [Kind; 3] = [
    kind::<RootSecret>(),
    kind::<TotpDevices>(),
    kind::<StoredMessage>(),
];

/// A record whose type is not known any more.
pub(super) trait Held: Send {
    /// Its sealed texts.
    fn texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)>;

    /// What is to be stored.
    fn body(&self) -> Result<String>;
}

impl<T: Stored + SealedTexts + Send> Held for T {
    fn texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        self.sealed_texts()
    }

    fn body(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            Error::internal(format!("a record of {} cannot be written", T::COLLECTION.name))
                .with_source(error)
        })
    }
}

const fn kind<T: Stored + SealedTexts + Send + 'static>() -> Kind {
    Kind {
        collection: T::COLLECTION,
        read: read::<T>,
    }
}

fn read<T: Stored + SealedTexts + Send + 'static>(body: &str) -> Result<Box<dyn Held>> {
    let value: T = serde_json::from_str(body).map_err(|error| {
        Error::internal(format!("a record of {} cannot be read", T::COLLECTION.name)).with_source(error)
    })?;
    Ok(Box::new(value))
}
