//! The certificates that SNS signs with: fetched from SNS alone, kept for a while, and used to check a signature.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_ports::error::{Error, Result};
use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest};
use portcullis_ports::inbound::{CERTIFICATE_UNAVAILABLE, refused};
use portcullis_ports::{Retry, Timestamp};
use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;
use webpki::{EndEntityCert, KeyUsage};

use crate::sns::is_certificate;

/// How many certificates are kept; SNS uses one at a time in a region.
const KEPT: usize = 8;
/// The longest time that fetching one may take: SNS waits 15 seconds for us.
const FETCH: Duration = Duration::from_secs(5);
/// How many certificates are fetched at the same time. What names yet another one meanwhile is asked to come again.
const FETCHES: usize = 4;
/// How many addresses without a certificate are remembered.
const MISSING: usize = 256;
/// How long there is taken to be none at an address that answered so.
const ABSENT_FOR: Duration = Duration::from_mins(10);
/// The back-off after an answer that says nothing of the certificate: doubled with every further one, up to the longest.
const SHORTEST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// The largest certificate file that is read, in bytes.
const MAX_FILE: usize = 64 * 1024;

/// What a signature is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha1,
    Sha256,
}

/// Certificates by the address they come from.
pub(crate) struct Certificates {
    http: Arc<dyn HttpClient>,
    known: Mutex<VecDeque<(String, Certificate)>>,
    /// Addresses that gave no certificate: forgeries invent them, and a proxy may stand in the way of genuine ones.
    missing: Mutex<VecDeque<Missing>>,
    /// The fetches under way, by address, so that whoever names the same one waits for it.
    fetching: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// An address that gave no certificate.
struct Missing {
    url: String,
    since: Timestamp,
    /// How long it is not asked again.
    wait: Duration,
    /// Whether it answered that there is none.
    absent: bool,
}

impl Missing {
    fn counts(&self, now: Timestamp) -> bool {
        now.since(self.since) < self.wait
    }
}

/// One certificate, possibly used at several places.
type Certificate = Arc<CertificateDer<'static>>;

impl Certificates {
    pub(crate) fn new(http: Arc<dyn HttpClient>) -> Self {
        Self {
            http,
            known: Mutex::default(),
            missing: Mutex::default(),
            fetching: Mutex::default(),
        }
    }

    /// Whether the certificate at `url` need not be fetched.
    ///
    /// # Errors
    /// `webhook-not-verified` if there cannot be one, or was none a moment ago; `webhook-certificate-unavailable` if it
    /// could not be had a moment ago.
    pub(crate) fn knows(&self, url: &str, now: Timestamp) -> Result<bool> {
        if !is_certificate(url) {
            return Err(refused("the certificate is not at an address of SNS"));
        }
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        match missing.iter().find(|one| one.url == url && one.counts(now)) {
            Some(one) if one.absent => return Err(refused("there is no certificate at the address")),
            Some(one) => {
                let left = one.wait.saturating_sub(now.since(one.since));
                return Err(unavailable()
                    .with_context("why", "it could not be had a moment ago")
                    .retry_after(left));
            }
            None => {}
        }
        drop(missing);
        Ok(self.known(url).is_some())
    }

    /// Checks a signature over `text` with the certificate at `url`.
    pub(crate) async fn check(
        &self,
        url: &str,
        digest: Digest,
        text: &str,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        self.knows(url, now)?;
        let certificate = self.get(url, now).await?;
        let parsed =
            EndEntityCert::try_from(&*certificate).map_err(|_| refused("the certificate cannot be read"))?;
        if !is_current(&parsed, now) {
            return Err(refused("the certificate has expired or is not valid yet"));
        }
        let algorithm: &dyn SignatureVerificationAlgorithm = match digest {
            Digest::Sha1 => &RsaSha1,
            Digest::Sha256 => RSA_PKCS1_2048_8192_SHA256,
        };
        parsed
            .verify_signature(algorithm, text.as_bytes(), signature)
            .map_err(|_| refused("the signature is wrong"))
    }

    async fn get(&self, url: &str, now: Timestamp) -> Result<Certificate> {
        if let Some(known) = self.known(url) {
            return Ok(known);
        }
        let turn = self.turn(url)?;
        let _one_at_a_time = turn.lock().await;
        // Whoever had the turn before may have found out.
        if self.knows(url, now)? {
            return self.known(url).ok_or_else(unavailable);
        }
        let fetched = self.fetch(url).await;
        match &fetched {
            Ok(certificate) => self.remember(url, certificate),
            Err(error) => self.miss(url, now, error.retry() == Retry::Never),
        }
        // Only now that everybody can see what was found: until then all others wait for this turn.
        let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        fetching.remove(url);
        fetched
    }

    fn remember(&self, url: &str, certificate: &Certificate) {
        self.missing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|one| one.url != url);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == KEPT {
            known.pop_front();
        }
        known.push_back((url.to_owned(), Arc::clone(certificate)));
    }

    fn miss(&self, url: &str, now: Timestamp, absent: bool) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        // What is over is kept a while longer: it says how long to wait the next time.
        missing.retain(|one| one.counts(now) || now.since(one.since) < ABSENT_FOR);
        let before = missing
            .iter()
            .position(|one| one.url == url)
            .and_then(|at| missing.remove(at));
        if missing.len() == MISSING {
            missing.pop_front();
        }
        let doubled = before.map_or(SHORTEST_WAIT, |before| before.wait.saturating_mul(2));
        missing.push_back(Missing {
            url: url.to_owned(),
            since: now,
            wait: if absent {
                ABSENT_FOR
            } else {
                doubled.min(LONGEST_WAIT)
            },
            absent,
        });
    }

    /// A turn to fetch what is at `url`, shared by all who want the same.
    fn turn(&self, url: &str) -> Result<Arc<tokio::sync::Mutex<()>>> {
        let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        // A fetch that was given up half-way left its entry behind.
        fetching.retain(|_, turn| Arc::strong_count(turn) > 1);
        if !fetching.contains_key(url) && fetching.len() >= FETCHES {
            return Err(unavailable().with_context("why", "too many other certificates are being fetched"));
        }
        Ok(Arc::clone(fetching.entry(url.to_owned()).or_default()))
    }

    async fn fetch(&self, url: &str) -> Result<Certificate> {
        let request = HttpRequest::new(HttpMethod::Get, url).within(FETCH);
        let answer = self
            .http
            .send(request)
            .await
            .map_err(|none| unavailable().with_source(none))?;
        match answer.status {
            200 if answer.body.len() <= MAX_FILE => {}
            // SNS itself redirects nowhere and says 404 for what it never had.
            200 | 300..=399 | 404 | 410 => return Err(refused("there is no certificate at the address")),
            // Somebody on the way does not let us through, or SNS is not well: nothing is known of the certificate.
            status => return Err(unavailable().with_context("status", status.to_string())),
        }
        let certificate = CertificateDer::from_pem_slice(&answer.body)
            .map_err(|_| refused("the certificate cannot be read"))?;
        Ok(Arc::new(certificate.into_owned()))
    }

    fn known(&self, url: &str) -> Option<Certificate> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(from, _)| from == url);
        found.map(|(_, certificate)| Arc::clone(certificate))
    }
}

fn unavailable() -> Error {
    CERTIFICATE_UNAVAILABLE.error().retry_after(SHORTEST_WAIT)
}

/// Whether the certificate's dates allow its use. Who issued it does not matter: it came from SNS itself, over TLS.
fn is_current(certificate: &EndEntityCert<'_>, now: Timestamp) -> bool {
    let Ok(seconds) = u64::try_from(now.seconds()) else {
        return false;
    };
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    // The dates are looked at before an issuer is searched for, and none is given to be found.
    let checked = certificate.verify_for_usage(&[], &[], &[], time, KeyUsage::server_auth(), None, None);
    matches!(checked.err(), Some(webpki::Error::UnknownIssuer))
}

/// RSASSA-PKCS1-v1_5 with SHA-1, which only `SignatureVersion` 1 uses.
struct RsaSha1;

impl fmt::Debug for RsaSha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaSha1")
    }
}

impl SignatureVerificationAlgorithm for RsaSha1 {
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    /// `sha1WithRSAEncryption` (RFC 3279, section 2.2.1).
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(&[
            0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
        ])
    }

    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> std::result::Result<(), InvalidSignature> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, public_key)
            .verify(message, signature)
            .map_err(|_| InvalidSignature)
    }
}
