//! The certificates that SNS signs with: fetched from SNS alone, kept for a while, and used to check a signature.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_ports::error::Result;
use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest};
use portcullis_ports::inbound::{CERTIFICATE_UNAVAILABLE, NOT_VERIFIED};
use portcullis_ports::{Error, Timestamp};
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
    /// Lets one fetch at a time, so that a flood of forgeries is no flood of requests.
    fetching: tokio::sync::Mutex<()>,
}

/// One certificate, possibly used at several places.
type Certificate = Arc<CertificateDer<'static>>;

impl Certificates {
    pub(crate) fn new(http: Arc<dyn HttpClient>) -> Self {
        Self {
            http,
            known: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
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
        if !is_certificate(url) {
            return Err(refused("the certificate is not at an address of SNS"));
        }
        let certificate = self.get(url).await?;
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

    async fn get(&self, url: &str) -> Result<Certificate> {
        if let Some(known) = self.known(url) {
            return Ok(known);
        }
        let _one_at_a_time = self.fetching.lock().await;
        if let Some(known) = self.known(url) {
            return Ok(known);
        }
        let request = HttpRequest::new(HttpMethod::Get, url).within(FETCH);
        let unavailable = || {
            CERTIFICATE_UNAVAILABLE
                .error()
                .retry_after(Duration::from_secs(5))
        };
        let answer = self
            .http
            .send(request)
            .await
            .map_err(|none| unavailable().because(none))?;
        if answer.status >= 500 || answer.status == 429 {
            return Err(unavailable().with("status", answer.status.to_string()));
        }
        if answer.status != 200 || answer.body.len() > MAX_FILE {
            return Err(refused("there is no certificate at the address"));
        }
        let certificate = CertificateDer::from_pem_slice(&answer.body)
            .map_err(|_| refused("the certificate cannot be read"))?;
        let certificate = Arc::new(certificate.into_owned());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == KEPT {
            known.pop_front();
        }
        known.push_back((url.to_owned(), Arc::clone(&certificate)));
        Ok(certificate)
    }

    fn known(&self, url: &str) -> Option<Certificate> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(from, _)| from == url);
        found.map(|(_, certificate)| Arc::clone(certificate))
    }
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

/// The error of a delivery that is not believed.
pub(crate) fn refused(why: &'static str) -> Error {
    NOT_VERIFIED.error().with("why", why)
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
