//! What fuzzing asks of credentials and cursors: entry points that fail when a promise does not hold.

use serde_json::json;

use super::listing::Cursor;
use super::{PageCursor, RevokeSession, split};

/// A credential has exactly one reading: the public id before the first dot, and everything behind it.
///
/// # Panics
/// When that does not hold.
pub fn credential(text: &str) {
    let read = split(text);
    if let Some((id, secret)) = &read {
        assert_eq!(format!("{id}.{secret}"), text.trim());
    }
    let named = serde_json::from_value::<RevokeSession>(json!({ "session_id": text.trim() }));
    if let (Some((id, _)), Ok(named)) = (&read, &named) {
        assert_eq!(named.session_id, *id);
    }
    assert!(read.is_none() || named.is_ok());
}

/// A cursor is refused, or means the same when it is written again.
///
/// # Panics
/// When that does not hold.
pub fn cursor(text: &str) {
    let read = |text: &str| Cursor::parse(&PageCursor::parse(text).ok()?).ok();
    if let Some(place) = read(text) {
        assert_eq!(read(&place.text()), Some(place));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn credentials_and_cursors_are_read_or_refused(
            before in "[ \\t]?",
            id in prop_oneof![Just("ses_01h2xcejqtf2nbrexx3vqjhp41"), Just("ses_"), Just("")],
            secret in ".{0,50}",
            time in any::<i64>(),
            text in ".{0,70}",
        ) {
            super::credential(&format!("{before}{id}.{secret}"));
            super::credential(&text);
            super::cursor(&format!("{time}.{id}"));
            super::cursor(&text);
        }
    }
}
