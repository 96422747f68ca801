//! The signature under a webhook: how it is made, and whether a delivery carries one of ours.
//!
//! Source: "Validating requests are coming from Twilio" (Twilio Docs, Webhooks security) and the vendor's own library.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use portcullis_ports::Secret;
use portcullis_ports::inbound::WebhookRequest;
use portcullis_ports::secret::same_secret;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The header that carries the signature.
pub(crate) const SIGNATURE: &str = "x-twilio-signature";
/// The header that names the key and the algorithm, where the key is not the Auth Token.
pub(crate) const SETTINGS: &str = "x-twilio-webhooks-signature-settings";
/// The query parameter with the digest of a body that is no form.
const BODY_DIGEST: &str = "bodySHA256";

/// How a text is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    HmacSha1,
    HmacSha256,
}

/// The secrets a signature may be made with.
pub(crate) struct Keys {
    /// Auth Tokens.
    pub(crate) tokens: Vec<Secret>,
    /// Shared keys, by id.
    pub(crate) shared: BTreeMap<String, Secret>,
}

impl Keys {
    /// Checks that a delivery is signed with one of these keys.
    ///
    /// # Errors
    /// Why it is not, for the operator; nothing of the delivery is quoted.
    pub(crate) fn check(&self, delivery: &WebhookRequest<'_>) -> Result<(), &'static str> {
        let given = delivery
            .headers
            .header(SIGNATURE)
            .ok_or("there is no header X-Twilio-Signature")?;
        let (algorithm, secrets) = self.meant(delivery.headers.header(SETTINGS)).ok_or(
            "it is signed with a key or an algorithm that is not set up: add the key to `shared_keys`",
        )?;
        let parameters = parameters(delivery)
            .ok_or("the address does not hold the digest of the body, which is no form")?;
        let mut signed = false;
        for url in spellings(delivery.url) {
            for secret in &secrets {
                let expected = sign(algorithm, secret, &url, &parameters);
                signed |= expected.is_some_and(|expected| same_secret(expected.as_bytes(), given.as_bytes()));
            }
        }
        if signed {
            Ok(())
        } else {
            Err(
                "the signature is wrong: if it is from Twilio, set `auth_token` to the token of the account, and \
                 `server.public_url` to the address that Twilio calls",
            )
        }
    }

    /// The algorithm and the secrets that a delivery claims; `None` for what is not known here.
    fn meant(&self, settings: Option<&str>) -> Option<(Algorithm, Vec<&Secret>)> {
        let Some(settings) = settings else {
            return Some((Algorithm::HmacSha1, self.tokens.iter().collect()));
        };
        let mut algorithm = Algorithm::HmacSha1;
        let mut key = None;
        for setting in settings.split(',') {
            match setting.trim().split_once('=')? {
                ("key", id) => key = Some(id),
                ("algorithm", "HMAC_SHA1") => algorithm = Algorithm::HmacSha1,
                ("algorithm", "HMAC_SHA256") => algorithm = Algorithm::HmacSha256,
                ("algorithm", _) => return None,
                _ => {}
            }
        }
        Some((algorithm, vec![self.shared.get(key?)?]))
    }
}

/// The parameters that are signed: those of a form, none of other bodies. `None` if the digest in the address, which a
/// body that is no form must have, is not that of the body.
fn parameters(delivery: &WebhookRequest<'_>) -> Option<Vec<(String, String)>> {
    let media_type = delivery.headers.header("content-type").unwrap_or_default();
    let is_form = delivery.body.is_empty() || media_type.starts_with("application/x-www-form-urlencoded");
    match body_digest(delivery.url) {
        Some(named) => {
            let found = data_digest(delivery.body);
            if !same_secret(named.as_bytes(), found.as_bytes()) {
                return None;
            }
        }
        None if !is_form => return None,
        None => {}
    }
    Some(if is_form { form(delivery.body) } else { Vec::new() })
}

/// A form as names and values.
pub(crate) fn form(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn body_digest(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| name == BODY_DIGEST)
        .map(|(_, value)| value.into_owned())
}

/// The lower-case hexadecimal SHA-256 of a body.
pub(crate) fn data_digest(body: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(body))
}

/// Signs an address and parameters: names sorted by code point, the distinct values of each sorted, nothing between.
pub(crate) fn sign(
    algorithm: Algorithm,
    secret: &Secret,
    url: &str,
    parameters: &[(String, String)],
) -> Option<String> {
    let mut text = url.to_owned();
    let sorted: BTreeSet<_> = parameters.iter().collect();
    for (name, value) in sorted {
        text.push_str(name);
        text.push_str(value);
    }
    let (key, text) = (secret.expose().as_bytes(), text.as_bytes());
    match algorithm {
        Algorithm::HmacSha1 => mac::<Hmac<Sha1>>(key, text),
        Algorithm::HmacSha256 => mac::<Hmac<Sha256>>(key, text),
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Option<String> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(BASE64.encode(&mac.finalize().into_bytes()))
}

/// An address as it was called and with its port added or left out: Twilio signs either.
fn spellings(url: &str) -> Vec<String> {
    let mut spellings = vec![url.to_owned()];
    if let Some((scheme, rest)) = url.split_once("://") {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|c| c.is_ascii_digit());
        spellings.push(match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => format!("{scheme}://{host}{path}"),
            _ => {
                let port = if scheme == "http" { 80 } else { 443 };
                format!("{scheme}://{authority}:{port}{path}")
            }
        });
    }
    spellings
}
