//! What fuzzing asks of access tokens: an entry point that fails when a promise does not hold.

use portcullis_ports::Timestamp;

use super::token::{PREFIX, PURPOSE, read, sign};
use crate::foundation::keyring::Keyring;

/// Nobody without the key makes a token; and whatever was signed with it is refused, or says the same when it is signed
/// again.
///
/// # Panics
/// When that does not hold.
pub fn access_token(text: &str, claims: &[u8]) {
    let keyring = Keyring::of(b"root");
    let long_ago = Timestamp::from_millis(i64::MIN);
    assert!(
        read(&keyring, text, long_ago).is_err(),
        "a token that nobody signed"
    );
    let Ok(signed) = keyring.sign_bytes(PURPOSE, claims.to_vec()) else {
        return;
    };
    let token = format!("{PREFIX}{signed}");
    if let Ok(claims) = read(&keyring, &token, long_ago) {
        let again = sign(&keyring, &claims).and_then(|token| read(&keyring, &token, long_ago));
        assert!(again.is_ok_and(|again| again == claims));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tokens_are_read_or_refused(
            text in "(pct_)?[A-Za-z0-9_-]{0,120}",
            times in proptest::array::uniform16(any::<u64>()),
            session in prop_oneof![Just(""), Just("ses_01h2xcejqtf2nbrexx3vqjhp41"), Just("ses_")],
            subject in "[a-z0-9_|]{0,20}",
        ) {
            let mut claims: Vec<u8> = times[..6].iter().flat_map(|time| time.to_be_bytes()).collect();
            claims.extend([u8::from(times[6] % 2 == 0), u8::try_from(session.len()).unwrap()]);
            claims.extend(session.bytes().chain(subject.bytes()));
            super::access_token(&text, &claims);
        }
    }
}
