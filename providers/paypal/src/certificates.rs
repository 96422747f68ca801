//! The certificates that webhooks are signed with.
//!
//! They are fetched from PayPal alone, believed if they lead to a root that is known here, and kept for a while.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_ports::http::{HttpClient, HttpMethod, HttpRequest};
use portcullis_ports::inbound::{CERTIFICATE_UNAVAILABLE, refused};
use portcullis_ports::{Endpoint, Error, Result, Timestamp};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::ring::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512};
use webpki::{EndEntityCert, KeyUsage};

/// How many chains are kept; PayPal uses one at a time, and two while it changes them.
const KEPT: usize = 8;
/// How many addresses without a certificate are remembered, and for how long.
const MISSING: usize = 64;
const ABSENT_FOR: Duration = Duration::from_mins(10);
const UNAVAILABLE_FOR: Duration = Duration::from_secs(5);
/// The longest time that fetching one may take.
const FETCH: Duration = Duration::from_secs(5);
/// The largest file that is read, in bytes.
const MAX_FILE: usize = 64 * 1024;
/// Where PayPal keeps its certificates, on each of its hosts.
const FOLDER: &str = "/v1/notifications/certs/";
/// Whom a certificate must have been made for.
const OWNER: &str = ".paypal.com";

/// The roots that PayPal's certificates lead to: those of DigiCert, from which PayPal has them.
pub(crate) const ROOTS: &str = include_str!("roots.pem");

/// A certificate with those that lead to its root.
type Chain = Arc<Vec<CertificateDer<'static>>>;

/// Certificates by the address they come from.
pub(crate) struct Certificates {
    http: Arc<dyn HttpClient>,
    /// The API of the account, which may keep certificates as well: a simulated one is nowhere else.
    endpoint: Endpoint,
    roots: Vec<TrustAnchor<'static>>,
    known: Mutex<VecDeque<(String, Chain)>>,
    missing: Mutex<VecDeque<Missing>>,
    /// One is fetched at a time, and all others wait to see it.
    fetching: tokio::sync::Mutex<()>,
}

struct Missing {
    url: String,
    until: Timestamp,
    absent: bool,
}

/// Why a signature could not be checked here.
pub(crate) enum Unchecked {
    /// It was, and is wrong.
    Refused(Error),
    /// The certificate cannot be had, or leads to a root that is not known here: PayPal itself may be asked.
    Unsettled(Error),
}

/// Certificates in the PEM form as roots.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn roots(pem: &str) -> Result<Vec<TrustAnchor<'static>>, &'static str> {
    const ADVICE: &str =
        "certificates in the PEM form are expected, each between BEGIN CERTIFICATE and END CERTIFICATE";
    let mut all = Vec::new();
    for one in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let one = one.map_err(|_| ADVICE)?;
        all.push(
            webpki::anchor_from_trusted_cert(&one)
                .map_err(|_| ADVICE)?
                .to_owned(),
        );
    }
    if all.is_empty() { Err(ADVICE) } else { Ok(all) }
}

impl Certificates {
    pub(crate) fn new(
        http: Arc<dyn HttpClient>,
        endpoint: Endpoint,
        roots: Vec<TrustAnchor<'static>>,
    ) -> Self {
        Self {
            http,
            endpoint,
            roots,
            known: Mutex::default(),
            missing: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// Whether the certificate at `url` need not be fetched.
    ///
    /// # Errors
    /// `webhook-not-verified` if there cannot be one, or was none a moment ago.
    pub(crate) fn knows(&self, url: &str, now: Timestamp) -> Result<bool> {
        if !self.is_paypals(url) {
            return Err(refused("the certificate is not at an address of PayPal"));
        }
        match self.missed(url, now) {
            Some(true) => Err(refused("there is no certificate at the address")),
            _ => Ok(self.known(url).is_some()),
        }
    }

    /// Checks a signature over `text` with the certificate at `url`.
    pub(crate) async fn check(
        &self,
        url: &str,
        text: &str,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<(), Unchecked> {
        let no = |why: &str| Unchecked::Refused(refused(why));
        self.knows(url, now).map_err(Unchecked::Refused)?;
        let chain = self.get(url, now).await?;
        let (leaf, between) = chain
            .split_first()
            .ok_or_else(|| no("the certificate cannot be read"))?;
        let leaf = EndEntityCert::try_from(leaf).map_err(|_| no("the certificate cannot be read"))?;
        let time = u64::try_from(now.seconds()).map_err(|_| no("the clock is before 1970"))?;
        let trusted = leaf.verify_for_usage(
            &[
                RSA_PKCS1_2048_8192_SHA256,
                RSA_PKCS1_2048_8192_SHA384,
                RSA_PKCS1_2048_8192_SHA512,
            ],
            &self.roots,
            between,
            UnixTime::since_unix_epoch(Duration::from_secs(time)),
            KeyUsage::server_auth(),
            None,
            None,
        );
        match trusted {
            Ok(_) => {}
            Err(webpki::Error::UnknownIssuer) => {
                let error = CERTIFICATE_UNAVAILABLE.error();
                return Err(Unchecked::Unsettled(error.with_context(
                    "why",
                    "the certificate leads to no root that is known here: see `webhook_roots`",
                )));
            }
            Err(_) => return Err(no("the certificate has expired, or was not made for this")),
        }
        if !leaf.valid_dns_names().any(|name| name.ends_with(OWNER)) {
            return Err(no("the certificate is not of PayPal"));
        }
        leaf.verify_signature(RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), signature)
            .map_err(|_| no("the signature is wrong: is `webhook_id` the id of this webhook?"))
    }

    /// Whether an address is one of PayPal's certificates: anybody may have written it.
    fn is_paypals(&self, url: &str) -> bool {
        let own = url.strip_prefix(self.endpoint.as_str());
        let theirs = url.strip_prefix("https://").and_then(|rest| {
            let (host, _) = rest.split_once('/')?;
            let path = rest.strip_prefix(host)?;
            let known = host.ends_with(OWNER)
                && host
                    .bytes()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b".-".contains(&c));
            known.then_some(path)
        });
        let name = own.or(theirs).and_then(|path| path.strip_prefix(FOLDER));
        name.is_some_and(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c))
        })
    }

    async fn get(&self, url: &str, now: Timestamp) -> Result<Chain, Unchecked> {
        if let Some(known) = self.known(url) {
            return Ok(known);
        }
        let _one_at_a_time = self.fetching.lock().await;
        // Whoever had the turn before may have found out.
        if let Some(known) = self.known(url) {
            return Ok(known);
        }
        match self.missed(url, now) {
            Some(true) => {
                return Err(Unchecked::Refused(refused(
                    "there is no certificate at the address",
                )));
            }
            Some(false) => return Err(Unchecked::Unsettled(unavailable())),
            None => {}
        }
        let fetched = self.fetch(url).await;
        match &fetched {
            Ok(chain) => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.truncate(KEPT - 1);
                known.push_front((url.to_owned(), Arc::clone(chain)));
            }
            Err(unchecked) => {
                let absent = matches!(unchecked, Unchecked::Refused(_));
                let wait = if absent { ABSENT_FOR } else { UNAVAILABLE_FOR };
                let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
                missing.retain(|one| now < one.until);
                missing.truncate(MISSING - 1);
                missing.push_front(Missing {
                    url: url.to_owned(),
                    until: now + wait,
                    absent,
                });
            }
        }
        fetched
    }

    async fn fetch(&self, url: &str) -> Result<Chain, Unchecked> {
        let answer = self
            .http
            .send(HttpRequest::new(HttpMethod::Get, url).within(FETCH))
            .await;
        let answer = answer.map_err(|none| Unchecked::Unsettled(unavailable().with_source(none)))?;
        match answer.status {
            200 if answer.body.len() <= MAX_FILE => {}
            200 | 300..=399 | 404 | 410 => {
                return Err(Unchecked::Refused(refused(
                    "there is no certificate at the address",
                )));
            }
            status => {
                let error = unavailable().with_context("status", status.to_string());
                return Err(Unchecked::Unsettled(error));
            }
        }
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&answer.body).collect();
        match chain {
            Ok(chain) if !chain.is_empty() => Ok(Arc::new(chain)),
            _ => Err(Unchecked::Refused(refused("the certificate cannot be read"))),
        }
    }

    fn known(&self, url: &str) -> Option<Chain> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(from, _)| from == url);
        found.map(|(_, chain)| Arc::clone(chain))
    }

    /// Whether there was none a moment ago (`true`), or nobody could tell (`false`).
    fn missed(&self, url: &str, now: Timestamp) -> Option<bool> {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        let found = missing.iter().find(|one| one.url == url && now < one.until);
        found.map(|one| one.absent)
    }
}

fn unavailable() -> Error {
    CERTIFICATE_UNAVAILABLE.error().retry_after(UNAVAILABLE_FOR)
}
