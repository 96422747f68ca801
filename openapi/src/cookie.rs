//! The cookies of a session and of a device: how they are found, set and cleared.

use std::time::Duration;

use poem::http::HeaderMap;
use poem::http::header::{COOKIE, HeaderValue};
use portcullis_core::known_devices::IssuedDevice;
use portcullis_core::sessions::Granted;

use crate::auth::DEVICE_HEADER;

/// Browsers accept the prefix `__Host-` only from this very host, over TLS (or on the own machine), for all paths.
pub const NAME: &str = "__Host-portcullis";
/// The cookie by which a device is told from strangers. It outlives sessions.
pub(crate) const DEVICE_NAME: &str = "__Host-portcullis-device";

/// What an answer does to the cookies: the header lines.
#[derive(Default)]
pub(crate) struct Changes(Vec<HeaderValue>);

impl Changes {
    pub(crate) fn lines(self) -> Vec<HeaderValue> {
        self.0
    }

    /// Takes the session from the browser. The device stays known.
    pub(crate) fn clear() -> Self {
        let mut changes = Self::default();
        changes.set(NAME, "", Duration::ZERO);
        changes
    }

    /// Hands the credential of a new session to the browser, and the token of its device.
    pub(crate) fn session(granted: &Granted) -> Self {
        let session = &granted.session;
        let lifetime = session.expires_at.since(session.created_at);
        let mut changes = Self::default();
        changes.set(NAME, granted.credential.expose(), lifetime);
        if let Some(device) = &granted.device {
            changes.add_device(device);
        }
        changes
    }

    /// Hands the token of a device to the browser.
    pub(crate) fn device(device: &IssuedDevice) -> Self {
        let mut changes = Self::default();
        changes.add_device(device);
        changes
    }

    fn add_device(&mut self, device: &IssuedDevice) {
        self.set(DEVICE_NAME, device.expose(), device.lifetime);
    }

    fn set(&mut self, name: &str, value: &str, lifetime: Duration) {
        let seconds = lifetime.as_secs();
        let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}");
        // Credentials and tokens are made of letters and digits, so that every one is a header.
        if let Ok(mut line) = HeaderValue::try_from(text) {
            line.set_sensitive(true);
            self.0.push(line);
        }
    }
}

/// How many cookies of the name are looked at.
pub(crate) const MOST: usize = 8;

/// The values of all cookies of the name, without empty ones, in the order in which they were sent. A browser sends one;
/// a client that keeps cookies by itself may send older ones along.
pub(crate) fn find(headers: &HeaderMap) -> Vec<&str> {
    named(NAME, headers)
}

/// The device tokens that a request presents: in the cookies, or in the header of a client that keeps its token itself.
pub(crate) fn devices(headers: &HeaderMap) -> Vec<&str> {
    let header = headers.get(DEVICE_HEADER).and_then(|value| value.to_str().ok());
    header.into_iter().chain(named(DEVICE_NAME, headers)).collect()
}

fn named<'a>(name: &str, headers: &'a HeaderMap) -> Vec<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        // A cookie that an application set may hold anything.
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .map(|value| value.trim_matches('"'))
        .filter(|value| !value.is_empty())
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_found_in_its_header_and_in_its_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            HeaderValue::from_static("__Host-portcullis=ses.x; __Host-portcullis-device=kdev.y"),
        );
        assert_eq!(find(&headers), ["ses.x"]);
        assert_eq!(devices(&headers), ["kdev.y"]);
        headers.insert(DEVICE_HEADER, HeaderValue::from_static("kdev.z"));
        assert_eq!(devices(&headers), ["kdev.z", "kdev.y"]);
    }

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
        let mut headers = HeaderMap::new();
        let line = b"theme=\xc3\xa9; other=\xff; __Host-portcullis=ses.x; last=\xe9";
        headers.append(COOKIE, HeaderValue::from_bytes(line).expect("a header value"));
        assert_eq!(super::find(&headers), ["ses.x"]);
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
