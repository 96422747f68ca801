//! Access tokens: short-lived, signed, opaque to clients.
//!
//! A token is `pct_`, the id of the key that signed it and a dot unless that is the first one, and in URL-safe base64: three times (made, ends, first factor), the epochs of the person and of
//! everybody, and the token's own name, of eight bytes each; one byte that says whether another identity provider knows the
//! person; the session that made it, behind its length in one byte; the subject; and the code over all of it.

use portcullis_ports::id::SessionId;
use portcullis_ports::identity::{Subject, UNAUTHENTICATED};
use portcullis_ports::{Error, Result, Timestamp};

use crate::foundation::keyring::{Keyring, split_key_id};
use crate::services::epochs::{EpochId, Lineage, TokenId};

/// What makes a token recognisable as ours, in requests and in scanners for leaked secrets.
pub(super) const PREFIX: &str = "pct_";

/// What tokens are signed for.
pub(super) const PURPOSE: &str = "access-token-2";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) sub: Subject,
    /// When the token was made.
    pub(super) iat: Timestamp,
    /// When it ends.
    pub(super) exp: Timestamp,
    /// When the first factor was proven.
    pub(super) auth: Timestamp,
    /// What it grew from; with its own name as the token.
    pub(super) lineage: Lineage,
}

impl Claims {
    fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(224);
        for time in [self.iat, self.exp, self.auth] {
            bytes.extend_from_slice(&time.millis().to_be_bytes());
        }
        let Lineage {
            epoch,
            deployment,
            token,
            session,
            foreign,
        } = &self.lineage;
        for id in [epoch.0, deployment.0, token.unwrap_or_default().0] {
            bytes.extend_from_slice(&id.to_be_bytes());
        }
        bytes.push(u8::from(*foreign));
        let session = session.as_ref().map_or("", SessionId::as_str);
        let length = u8::try_from(session.len()).map_err(|_| Error::internal("a session with a long id"))?;
        bytes.push(length);
        bytes.extend_from_slice(session.as_bytes());
        bytes.extend_from_slice(self.sub.as_str().as_bytes());
        Ok(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let ([iat, exp, auth, epoch, deployment, token], rest) =
            bytes.as_chunks::<8>().0.split_first_chunk()?;
        let fixed = bytes.len() - rest.len() * 8 - bytes.len() % 8;
        let (foreign, rest) = bytes.get(fixed..)?.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (session, sub) = rest.split_at_checked(usize::from(*length))?;
        let time = |bytes: &[u8; 8]| Timestamp::from_millis(i64::from_be_bytes(*bytes));
        let id = |bytes: &[u8; 8]| u64::from_be_bytes(*bytes);
        let session = match std::str::from_utf8(session).ok()? {
            "" => None,
            id => Some(SessionId::parse(id).ok()?),
        };
        Some(Self {
            sub: Subject::parse(std::str::from_utf8(sub).ok()?).ok()?,
            iat: time(iat),
            exp: time(exp),
            auth: time(auth),
            lineage: Lineage {
                epoch: EpochId(id(epoch)),
                deployment: EpochId(id(deployment)),
                token: Some(TokenId(id(token))),
                session,
                foreign: *foreign != 0,
            },
        })
    }
}

/// Signs claims.
pub(super) fn sign(keyring: &Keyring, claims: &Claims) -> Result<String> {
    let signed = keyring.sign_bytes(PURPOSE, claims.to_bytes()?)?;
    Ok(format!("{PREFIX}{signed}"))
}

/// The id of the key that a token names.
pub(super) fn key_id(token: &str) -> &str {
    split_key_id(token.strip_prefix(PREFIX).unwrap_or(token)).0
}

/// Reads a token that is ours and not too old.
///
/// # Errors
/// `unauthenticated`, with the remedy.
pub(super) fn read(keyring: &Keyring, token: &str, now: Timestamp) -> Result<Claims> {
    let invalid = || UNAUTHENTICATED.with_detail("The access token is not valid: sign in again.");
    let text = token.strip_prefix(PREFIX).ok_or_else(invalid)?;
    let signed = keyring.verified_bytes(PURPOSE, text)?.ok_or_else(invalid)?;
    let claims = Claims::from_bytes(&signed).ok_or_else(invalid)?;
    if now >= claims.exp {
        return Err(UNAUTHENTICATED.with_detail("The access token has expired: refresh it or sign in again."));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claims(seconds: i64) -> Claims {
        let at = Timestamp::from_seconds;
        Claims {
            sub: Subject::parse("usr_1").unwrap(),
            iat: at(seconds),
            exp: at(seconds + 900),
            auth: at(seconds),
            lineage: Lineage {
                epoch: EpochId(7),
                deployment: EpochId(u64::MAX),
                token: Some(TokenId(seconds.unsigned_abs())),
                session: (seconds % 2 == 0)
                    .then(|| SessionId::parse("ses_01h2xcejqtf2nbrexx3vqjhp41").unwrap()),
                foreign: seconds % 3 == 0,
            },
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_refused(text in ".{0,200}") {
            let keyring = Keyring::of(b"root");
            let now = Timestamp::from_seconds(0);
            prop_assert!(read(&keyring, &text, now).is_err());
            let prefixed = format!("{PREFIX}{text}");
            prop_assert!(read(&keyring, &prefixed, now).is_err());
        }

        #[test]
        fn a_signed_token_reads_back_until_it_ends_and_under_its_own_key_only(seconds in 0i64..4_000_000_000) {
            let keyring = Keyring::of(b"root");
            let claims = claims(seconds);
            let token = sign(&keyring, &claims).unwrap();
            prop_assert_eq!(read(&keyring, &token, claims.iat).unwrap(), claims.clone());
            prop_assert!(read(&keyring, &token, claims.exp).is_err());
            prop_assert!(read(&Keyring::of(b"other"), &token, claims.iat).is_err());
        }

        #[test]
        fn no_single_changed_character_is_accepted(at in 0usize..200, with in "[A-Za-z0-9_.-]") {
            let keyring = Keyring::of(b"root");
            let claims = claims(1_790_000_000);
            let token = sign(&keyring, &claims).unwrap();
            let changed: String = token.chars().enumerate().map(|(i, c)| if i == at % token.len() { with.clone() } else { c.to_string() }).collect();
            prop_assume!(changed != token);
            prop_assert!(read(&keyring, &changed, claims.iat).is_err());
        }
    }
}
