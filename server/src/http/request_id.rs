//! The id of a request, which finds it in answers, problems and the log.

use std::sync::atomic::{AtomicU64, Ordering};

use poem::Request;
use poem::http::HeaderMap;
use poem::http::header::{HeaderName, HeaderValue};
use portcullis_openapi::RequestContext;
use portcullis_ports::{Entropy, Result};

/// The header that carries it, in both directions.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a request that did not pass the pipeline has.
static UNKNOWN: HeaderValue = HeaderValue::from_static("-");

/// The longest id that is taken over from a proxy.
const LONGEST: usize = 64;

/// The id that the pipeline gave to a request.
pub(super) fn of(request: &Request) -> &HeaderValue {
    request
        .data::<RequestContext>()
        .map_or(&UNKNOWN, |context| &context.request_id)
}

/// Makes ids: a random beginning per process, then one after the other, in an order that shows nothing.
pub(super) struct RequestIds {
    seed: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(super) fn new(entropy: &dyn Entropy) -> Result<Self> {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes)?;
        Ok(Self {
            seed: u64::from_le_bytes(bytes),
            next: AtomicU64::new(0),
        })
    }

    /// The id that a proxy gave, if it is harmless in a log, or a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let given = headers
            .get(REQUEST_ID)
            .filter(|value| is_harmless(value.as_bytes()));
        given.cloned().unwrap_or_else(|| self.new_id())
    }

    /// A new one, for what brings none.
    pub(super) fn new_id(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // SplitMix64: a different result for every number.
        let mut mixed = self.seed.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let mut digits = [b'0'; 16];
        for (digit, shift) in digits.iter_mut().zip((0..16).rev().map(|place| place * 4)) {
            let value = (mixed >> shift & 0xF) as u8;
            *digit = if value < 10 {
                b'0' + value
            } else {
                b'a' + value - 10
            };
        }
        HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("-"))
    }
}

fn is_harmless(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portcullis_ports::testkit::FakeEntropy;

    use super::*;

    fn of(id: &str) -> String {
        let ids = RequestIds::new(&FakeEntropy::default()).unwrap();
        let headers = HeaderMap::from_iter([(REQUEST_ID, id.parse().unwrap())]);
        ids.of(&headers).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_harmless_id_is_taken_over() {
        for id in ["a", "0191-7c2e_4.x", &"x".repeat(64)] {
            assert_eq!(of(id), id);
        }
    }

    #[test]
    fn anything_else_is_replaced() {
        for id in ["", "a b", "a\"b", "a,b", "{}", &"x".repeat(65)] {
            let made = of(id);
            assert!(
                made != id && made.len() == 16 && made.chars().all(|c| c.is_ascii_hexdigit()),
                "{made}"
            );
        }
    }

    #[test]
    fn ids_do_not_repeat() {
        let ids = RequestIds::new(&FakeEntropy::default()).unwrap();
        let made: BTreeSet<_> = (0..1000)
            .map(|_| ids.new_id().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(made.len(), 1000);
    }
}
