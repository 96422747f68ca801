//! What is sealed of a message, for tools that seal everything anew.

use portcullis_ports::keys::{EncryptionContext, Sealed};

use super::context;
pub(crate) use super::records::StoredMessage;
use crate::foundation::sealed_texts::SealedTexts;

impl SealedTexts for StoredMessage {
    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        let context = context(&self.id);
        self.body.iter_mut().map(|body| (context.clone(), body)).collect()
    }
}
