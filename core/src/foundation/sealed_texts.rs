//! How the sealed texts of a record are reached without knowing the record.

use portcullis_ports::Result;
use portcullis_ports::keys::{EncryptionContext, Sealed};
use portcullis_ports::storage::Collection;

use super::table::{RECORD_UNREADABLE, Stored, decode_body, encode};

/// Something stored that holds sealed texts. Every type with a field of type [`Sealed`] has this, which a test demands.
pub(crate) trait SealedTexts {
    /// All of them, to be replaced, each with what it was sealed for.
    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)>;

    /// Called before they are replaced by the same texts, sealed anew.
    fn note_former_sealing(&mut self) {}
}

/// One type of record that holds sealed texts.
#[derive(Clone, Copy)]
pub(crate) struct SealedKind {
    pub(crate) collection: Collection,
    pub(crate) read: fn(&str) -> Result<Box<dyn Held>>,
}

/// A record whose type is not known any more.
pub(crate) trait Held: Send {
    /// [`SealedTexts::note_former_sealing`].
    fn before_resealing(&mut self);

    /// Its sealed texts.
    fn texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)>;

    /// What is to be stored.
    fn body(&self) -> Result<String>;
}

impl<T: Stored + SealedTexts + Send> Held for T {
    fn before_resealing(&mut self) {
        self.note_former_sealing();
    }

    fn texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        self.sealed_texts()
    }

    fn body(&self) -> Result<String> {
        Ok(encode(self)?.to_string())
    }
}

pub(crate) const fn kind<T: Stored + SealedTexts + Send + 'static>() -> SealedKind {
    SealedKind {
        collection: T::COLLECTION,
        read: read::<T>,
    }
}

fn read<T: Stored + SealedTexts + Send + 'static>(body: &str) -> Result<Box<dyn Held>> {
    let value: T = decode_body(body).map_err(|why| {
        RECORD_UNREADABLE
            .error()
            .with_context("collection", T::COLLECTION.name.to_owned())
            .with_context("why", why.to_string())
    })?;
    Ok(Box::new(value))
}
