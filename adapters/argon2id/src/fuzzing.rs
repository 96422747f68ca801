//! What fuzzing asks of the parsers: entry points that fail when a promise does not hold.

use portcullis_ports::passwords::PasswordHash;

use crate::stored::Stored;

/// A stored hash is refused, or costs no more than settings may ask for: who can write a record cannot exhaust the memory.
///
/// # Panics
/// When that does not hold.
pub fn stored_hash(text: &str) {
    if let Ok(stored) = Stored::read(&PasswordHash(text.to_owned())) {
        assert!(stored.recipe.cost.mistakes().is_empty());
        assert!(stored.recipe.blocks().is_ok());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn stored_hashes_cost_what_is_allowed_or_are_refused(
            text in ".{0,80}",
            memory: u32, iterations in 0u32..100, lanes in 0u32..40,
            salt in "[A-Za-z0-9+/]{0,24}", output in "[A-Za-z0-9+/]{0,50}",
        ) {
            super::stored_hash(&text);
            super::stored_hash(&format!("$argon2id$v=19$m={memory},t={iterations},p={lanes}${salt}${output}"));
        }
    }
}
