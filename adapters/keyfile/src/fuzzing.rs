//! What fuzzing asks of the parsers: entry points that fail when a promise does not hold.

use std::collections::BTreeMap;

use portcullis_ports::keys::{EncryptionContext, Sealed};
use zeroize::Zeroizing;

use crate::file;
use crate::ring::{KEY, Key, NONCE, Ring};

fn ring() -> Ring {
    let key = Key {
        bytes: Zeroizing::new([7; KEY]),
        created_at: 0,
    };
    let keys = BTreeMap::from([("k".to_owned(), key)]);
    Ring::new("k".to_owned(), keys).unwrap_or_else(|| unreachable!("the active key is among the keys"))
}

/// A key file is refused, or written again it reads the same.
///
/// # Panics
/// When that does not hold.
pub fn key_file(text: &str) {
    if let Ok(ring) = file::parse(text) {
        let again = file::parse(&file::render(&ring));
        assert!(
            again.is_ok_and(|again| again.active() == ring.active() && again.keys().len() == ring.keys().len())
        );
    }
}

/// Whatever somebody writes into the store, nothing opens but what was sealed for the same purpose.
///
/// # Panics
/// When that does not hold.
pub fn sealed_text(text: &str, plain: &[u8]) {
    let (ring, context) = (ring(), EncryptionContext::new("fuzzing"));
    let sealed = ring.seal([1; NONCE], plain, &context);
    let sealed = sealed.unwrap_or_else(|| unreachable!("the cipher takes texts of any length here"));
    let opened = ring.open(&sealed, &context);
    assert!(opened.is_ok_and(|opened| opened.as_slice() == plain));
    assert!(
        ring.open(&sealed, &EncryptionContext::new("another purpose"))
            .is_err()
    );
    // Whoever watches the comparisons may learn what was sealed here, and nothing else that opens.
    if let Ok(opened) = ring.open(&Sealed(text.to_owned()), &context) {
        let again = ring.seal([1; NONCE], &opened, &context);
        assert!(again.is_some_and(|again| again.0 == text));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn key_files_are_read_or_refused(text in "(?s).{0,120}", id in "[a-zA-Z0-9]{0,34}", key in "[A-Za-z0-9+/]{42}[AEIM048=]=", at: i64) {
            super::key_file(&text);
            super::key_file(&format!("active = {id:?}\n[[keys]]\nid = {id:?}\nkey = {key:?}\ncreated_at = {at}\n"));
        }

        #[test]
        fn only_what_was_sealed_opens(text in "(k1\\.k\\.)?[A-Za-z0-9_-]{0,80}", plain: Vec<u8>) {
            super::sealed_text(&text, &plain);
        }
    }

    #[test]
    fn the_sealed_form_of_another_text_is_genuine_too() {
        let sealed = super::ring().seal([1; super::NONCE], b"", &super::EncryptionContext::new("fuzzing"));
        super::sealed_text(&sealed.unwrap().0, b"another text");
    }
}
