//! Headers that keep a browser from doing with our answers what nobody meant it to do.

use poem::http::header::{self, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};

/// Nothing may be loaded, and nobody may frame it: right for everything that is not a page.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Pages load from this service alone and hold no script or style of their own.
const PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
);

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
/// Two years, as browsers ask of sites that mean it.
const TWO_YEARS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// What a page may do on which scripts of payment vendors run.
pub(super) struct VendorPolicy {
    content: HeaderValue,
    permissions: HeaderValue,
}

impl VendorPolicy {
    /// Scripts, frames and requests of these origins are allowed besides, and they may ask the browser for stored payment
    /// details.
    ///
    /// # Errors
    /// If an origin cannot stand in a header.
    pub(super) fn allowing(origins: &[String]) -> Result<Self, InvalidHeaderValue> {
        let listed = origins.join(" ");
        let content = format!(
            "default-src 'none'; script-src 'self' {listed}; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             connect-src 'self' {listed}; frame-src {listed}; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'"
        );
        let quoted: Vec<String> = origins.iter().map(|origin| format!("\"{origin}\"")).collect();
        let permissions = format!(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(self {}), usb=()",
            quoted.join(" ")
        );
        Ok(Self {
            content: HeaderValue::from_str(&content)?,
            permissions: HeaderValue::from_str(&permissions)?,
        })
    }

    /// Sets it for a page, before [`add`].
    pub(super) fn set(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_SECURITY_POLICY, self.content.clone());
        headers.insert(PERMISSIONS_POLICY, self.permissions.clone());
    }
}

/// Adds them to an answer. `secure` says that browsers reach the service over TLS. A page that has a policy of its own keeps it.
pub(super) fn add(headers: &mut HeaderMap, secure: bool) {
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|mime| mime.as_bytes().starts_with(b"text/html"));
    let own = is_page && headers.contains_key(header::CONTENT_SECURITY_POLICY);
    if !own {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            if is_page { PAGE } else { NOTHING },
        );
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(RESOURCE_POLICY, SAME_ORIGIN);
    if is_page {
        headers.insert(header::X_FRAME_OPTIONS, DENY);
        headers.insert(header::REFERRER_POLICY, SAME_ORIGIN);
        headers.insert(OPENER_POLICY, SAME_ORIGIN);
        if !headers.contains_key(PERMISSIONS_POLICY) {
            headers.insert(PERMISSIONS_POLICY, PERMISSIONS);
        }
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, NO_STORE);
    }
}
