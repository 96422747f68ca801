//! The signature under a webhook: `t` and one `v1` or more, over `t.body`, with the whole secret as the key.
//!
//! Source: "Resolve webhook signature verification errors" of Stripe's documentation, and the vendor's own library.

use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use portcullis_ports::secret::same_secret;
use portcullis_ports::{Secret, Timestamp};
use sha2::Sha256;

/// The header that carries the signature.
pub(crate) const SIGNATURE: &str = "stripe-signature";
/// How far from its arrival a delivery may say it was made: the tolerance of the vendor's libraries.
pub(crate) const TOLERANCE: Duration = Duration::from_mins(5);
/// The most signatures of one delivery that are looked at.
const MOST: usize = 16;

/// Whether a delivery is signed with one of the secrets, and not long ago.
///
/// # Errors
/// Why it is not, for the operator; nothing of the delivery is quoted.
pub(crate) fn check(
    header: &str,
    body: &[u8],
    secrets: &[Secret],
    now: Timestamp,
) -> Result<(), &'static str> {
    let mut at = None;
    let mut given: Vec<&str> = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) => at = Some(text),
            Some(("v1", signature)) => given.push(signature),
            // Other schemes, of today and tomorrow, prove nothing here.
            _ => {}
        }
    }
    let at = at.ok_or("the header Stripe-Signature holds no time")?;
    let seconds: i64 = at
        .parse()
        .map_err(|_| "the time in the header Stripe-Signature is no number")?;
    if given.is_empty() {
        return Err("the header Stripe-Signature holds no signature of the scheme v1");
    }
    let mut signed = false;
    for secret in secrets {
        let expected = sign(at, body, secret);
        for given in given.iter().take(MOST) {
            signed |= expected
                .as_ref()
                .is_some_and(|expected| same_secret(expected.as_bytes(), given.as_bytes()));
        }
    }
    if !signed {
        return Err(
            "the signature is wrong: if it is from Stripe, set `webhook_secret` to the signing secret of this endpoint",
        );
    }
    let made = Timestamp::from_seconds(seconds);
    if now.seconds().abs_diff(made.seconds()) > TOLERANCE.as_secs() {
        return Err("it was signed too long ago, or the clocks are apart");
    }
    Ok(())
}

/// The signature over a body at a time.
pub(crate) fn sign(at: &str, body: &[u8], secret: &Secret) -> Option<String> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(at.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(HEXLOWER.encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn signatures_are_judged_as_the_vendors_library_does_but_for_the_future() {
        let vectors: Value =
            serde_json::from_str(include_str!("../tests/it/data/webhook_signature.json")).unwrap();
        let mut judged = 0;
        for case in vectors["cases"].as_array().unwrap() {
            let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
            // The tolerance is the house's, and what is signed for the future is refused.
            let now = case["now"].as_i64().unwrap();
            let tolerance = case["tolerance_seconds"].as_i64();
            if tolerance != Some(300) {
                continue;
            }
            let future = text("name").contains("future");
            let expected = case["valid"].as_bool().unwrap() && !future;
            let secrets = [Secret::new(text("secret"))];
            let found = check(
                &text("header"),
                text("payload").as_bytes(),
                &secrets,
                Timestamp::from_seconds(now),
            );
            assert_eq!(found.is_ok(), expected, "{}: {found:?}", text("name"));
            judged += 1;
        }
        assert!(judged > 15, "{judged} cases were judged");
    }

    #[test]
    fn while_secrets_are_rolled_either_is_taken() {
        let (old, new) = (Secret::new("whsec_old"), Secret::new("whsec_new"));
        let now = Timestamp::from_seconds(1_790_000_000);
        let header = |secret| format!("t=1790000000,v1={}", sign("1790000000", b"{}", secret).unwrap());
        for secret in [&old, &new] {
            assert_eq!(
                check(&header(secret), b"{}", &[new.clone(), old.clone()], now),
                Ok(())
            );
        }
        assert!(check(&header(&old), b"{}", std::slice::from_ref(&new), now).is_err());
    }

    proptest! {
        #[test]
        fn no_header_and_no_body_but_the_signed_one_is_believed(header in ".{0,80}", body: Vec<u8>, at in 0i64..2_000_000_000) {
            let secret = Secret::new("whsec_of_this_test");
            let now = Timestamp::from_seconds(at);
            let genuine = format!("t={at},v1={}", sign(&at.to_string(), &body, &secret).unwrap());
            let secrets = [secret];
            prop_assert!(check(&genuine, &body, &secrets, now).is_ok());
            prop_assert!(check(&header, &body, &secrets, now).is_err());
            let mut altered = body.clone();
            altered.push(b' ');
            prop_assert!(check(&genuine, &altered, &secrets, now).is_err());
        }
    }
}
