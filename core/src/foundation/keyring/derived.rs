//! One secret, and the keys that are derived from it for each purpose.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use portcullis_ports::{Error, Result};
use sha2::Sha256;
use zeroize::Zeroizing;

pub(super) struct DerivedKeys {
    secret: Hkdf<Sha256>,
    /// By purpose, the state after the key went in: deriving it costs more than using it.
    keyed: RwLock<HashMap<&'static str, Hmac<Sha256>>>,
}

impl DerivedKeys {
    pub(super) fn of(secret: &[u8]) -> Self {
        Self {
            secret: Hkdf::new(None, secret),
            keyed: RwLock::default(),
        }
    }

    /// A code over `parts` that nobody without the secret can make; each part is bound to its place.
    pub(super) fn code(&self, purpose: &'static str, parts: &[impl AsRef<[u8]>]) -> Result<[u8; 32]> {
        let mut mac = self.keyed(purpose)?;
        for part in parts.iter().map(AsRef::as_ref) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes().into())
    }

    fn keyed(&self, purpose: &'static str) -> Result<Hmac<Sha256>> {
        let known = self.keyed.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(mac) = known.get(purpose) {
            return Ok(mac.clone());
        }
        drop(known);
        let mut key = Zeroizing::new([0; 32]);
        self.secret
            .expand(purpose.as_bytes(), key.as_mut_slice())
            .map_err(|error| Error::internal(format!("key derivation: {error}")))?;
        let mac = Hmac::<Sha256>::new_from_slice(key.as_slice())
            .map_err(|error| Error::internal(format!("key length: {error}")))?;
        let mut known = self.keyed.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(purpose, mac.clone());
        Ok(mac)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_depends_on_every_part_its_place_and_the_purpose(a in ".{0,12}", b in ".{0,12}", c in ".{0,12}") {
            let keys = DerivedKeys::of(b"root");
            let code = keys.code("purpose", &[&a, &b]).unwrap();
            prop_assert_eq!(code, keys.code("purpose", &[&a, &b]).unwrap());
            prop_assert_ne!(code, keys.code("another", &[&a, &b]).unwrap());
            prop_assert_ne!(code, DerivedKeys::of(b"other").code("purpose", &[&a, &b]).unwrap());
            prop_assert_ne!(code, keys.code("purpose", &[&format!("{a}{b}")]).unwrap());
            if b != c {
                prop_assert_ne!(code, keys.code("purpose", &[&a, &c]).unwrap());
            }
        }
    }
}
