//! Places in lists, signed, so that a client can neither make one nor take it to another list.

use std::fmt::Display;
use std::str::FromStr;

use portcullis_ports::{Code, Kind, Result, text};

use super::fingerprint::fingerprint;
use super::keyring::Keyring;

/// The cursor was not made by this list.
pub const INVALID_CURSOR: Code = Code::new(
    "invalid-cursor",
    Kind::Invalid,
    "This is no cursor of this list: take `next_cursor` of the page before, or leave it out.",
);

text!(
    /// A place in a list, as a page before gave it. Whether it is one is told by whoever asks for the list.
    SignedCursor, "cursor", "NDUAkd7DBs3nPJnTLyHVjJ2R1pcaYcYPLxfVzdwlSsk", in "^[0-9A-Za-z._-]{1,256}$", |text| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || [b'.', b'_', b'-'].contains(&byte);
        if (1..=256).contains(&text.len()) && text.bytes().all(plain) {
            Ok(text.to_owned())
        } else {
            Err("`next_cursor` of the page before is expected")
        }
    }
);

/// What cursors are signed for.
const CURSOR: &str = "list-cursor";
/// How much of the fingerprint of a list a cursor holds.
const LIST: usize = 32;

impl SignedCursor {
    /// The cursor for a place in the list that these words name.
    pub(crate) fn sign(keyring: &Keyring, list: &[&str], place: impl Display) -> Result<Self> {
        let text = format!("{}{place}", name(list));
        keyring.sign_bytes(CURSOR, text.into_bytes()).map(Self)
    }

    /// The place in that list.
    ///
    /// # Errors
    /// `invalid-cursor` if it is of another list or was made by somebody else.
    pub(crate) fn place<P: FromStr>(&self, keyring: &Keyring, list: &[&str]) -> Result<P> {
        let bytes = keyring.verified_bytes(CURSOR, self.as_str())?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let place = text
            .as_deref()
            .and_then(|text| text.strip_prefix(name(list).as_str())?.parse().ok());
        place.ok_or_else(|| INVALID_CURSOR.error())
    }
}

fn name(list: &[&str]) -> String {
    // The length of every word stands before it, so that no two lists are named alike.
    let words: Vec<String> = list.iter().map(|word| format!("{}:{word}", word.len())).collect();
    let mut name = fingerprint(&words.concat());
    name.truncate(LIST);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_the_list_that_made_it() {
        let keyring = Keyring::of(b"root");
        let cursor = SignedCursor::sign(&keyring, &["ledger", "usr_ada"], 42).unwrap();
        assert_eq!(SignedCursor::parse(cursor.as_str()).as_ref(), Ok(&cursor));
        assert_eq!(cursor.place::<u64>(&keyring, &["ledger", "usr_ada"]).unwrap(), 42);
        for other in [
            &["ledger", "usr_bob"][..],
            &["ledgerusr_ada"],
            &["ledger", "usr_", "ada"],
        ] {
            let refused = cursor.place::<u64>(&keyring, other).unwrap_err();
            assert_eq!(refused.code(), INVALID_CURSOR);
        }
        assert!(
            cursor
                .place::<u64>(&Keyring::of(b"other"), &["ledger", "usr_ada"])
                .is_err()
        );
        let text = cursor.as_str();
        let forged = SignedCursor::parse(&text.replace(text.get(..4).unwrap(), "AAAA")).unwrap();
        assert!(forged.place::<u64>(&keyring, &["ledger", "usr_ada"]).is_err());
    }
}
