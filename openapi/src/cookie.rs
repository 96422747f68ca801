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

/// The value of the session cookie. A browser sends at most one of this name.
pub(crate) fn find(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
        .map(|value| value.trim_matches('"'))
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_by_its_whole_name() {
        let found = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, HeaderValue::from_static("first=1"));
            headers.append(COOKIE, HeaderValue::from_static(line));
            find(&headers).map(str::to_owned)
        };
        assert_eq!(
            found("a=b; __Host-portcullis=ses.x; c=d").as_deref(),
            Some("ses.x")
        );
        assert_eq!(found("__Host-portcullis=\"ses.x\"").as_deref(), Some("ses.x"));
        for other in [
            "__Host-portcullis2=x",
            "portcullis=x",
            "x__Host-portcullis=x",
            "__Host-portcullis=",
            "=",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
