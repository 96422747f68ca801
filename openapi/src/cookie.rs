//! The session cookie: how it is found, set and cleared.

use poem::http::HeaderMap;
use poem::http::header::{COOKIE, HeaderValue};
use portcullis_core::sessions::Granted;

/// Browsers accept the prefix `__Host-` only from this very host, over TLS (or on the own machine), for all paths.
pub const NAME: &str = "__Host-portcullis";

/// What an answer does to the cookie.
pub(crate) enum Change {
    Nothing,
    Set(HeaderValue),
    Clear,
}

impl Change {
    /// The header line, if there is one.
    pub(crate) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Nothing => None,
            Self::Set(value) => Some(value),
            Self::Clear => Some(HeaderValue::from_static(
                "__Host-portcullis=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0",
            )),
        }
    }

    /// Hands the credential of a new session to the browser.
    pub(crate) fn set(granted: &Granted) -> Self {
        let lifetime = granted
            .session
            .expires_at
            .since(granted.session.created_at)
            .as_secs();
        let credential = granted.credential.expose();
        let text =
            format!("{NAME}={credential}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={lifetime}");
        match HeaderValue::try_from(text) {
            Ok(mut value) => {
                value.set_sensitive(true);
                Self::Set(value)
            }
            // A credential is made of letters and digits.
            Err(_) => Self::Nothing,
        }
    }
}

/// How many cookies of the name are looked at.
pub(crate) const MOST: usize = 8;

/// The values of all cookies of the name, without empty ones, in the order in which they were sent. A browser sends one;
/// a client that keeps cookies by itself may send older ones along.
pub(crate) fn find(headers: &HeaderMap) -> Vec<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
        .map(|value| value.trim_matches('"'))
        .filter(|value| !value.is_empty())
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_by_its_whole_name() {
        let found = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, HeaderValue::from_static("first=1"));
            headers.append(COOKIE, HeaderValue::from_str(line).expect("a header value"));
            find(&headers).join(" ")
        };
        assert_eq!(found("a=b; __Host-portcullis=ses.x; c=d"), "ses.x");
        assert_eq!(found("__Host-portcullis=\"ses.x\""), "ses.x");
        let several = "__Host-portcullis=; __Host-portcullis=ses.x;__Host-portcullis=ses.y";
        assert_eq!(found(several), "ses.x ses.y");
        assert_eq!(found(&"__Host-portcullis=x; ".repeat(99)).len(), 2 * MOST - 1);
        for other in [
            "__Host-portcullis2=x",
            "portcullis=x",
            "x__Host-portcullis=x",
            "__Host-portcullis=",
            "=",
        ] {
            assert_eq!(found(other), "", "{other}");
        }
    }
}
