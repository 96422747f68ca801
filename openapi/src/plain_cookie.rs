//! The session cookie on a developer's machine without TLS.
//!
//! Some browsers keep neither `Secure` nor the prefix `__Host-` over plain http, so there it goes without both. Handlers
//! see the usual cookie.

use poem::http::HeaderMap;
use poem::http::header::{COOKIE, HeaderName, HeaderValue, SET_COOKIE};

use crate::cookie::NAME;

/// The name in the browser.
pub const PLAIN_NAME: &str = "portcullis";

/// Gives the cookie of a request its usual name.
pub fn read(headers: &mut HeaderMap) {
    replace(headers, &COOKIE, |line| {
        let pairs = line.split(';').map(|pair| {
            let pair = pair.trim();
            let value = pair
                .strip_prefix(PLAIN_NAME)
                .and_then(|rest| rest.strip_prefix('='));
            value.map_or_else(|| pair.to_owned(), |value| format!("{NAME}={value}"))
        });
        pairs.collect::<Vec<_>>().join("; ")
    });
}

/// Takes from the cookie of an answer what browsers keep over TLS only.
pub fn write(headers: &mut HeaderMap) {
    replace(headers, &SET_COOKIE, |line| {
        let value = line.strip_prefix(NAME).and_then(|rest| rest.strip_prefix('='));
        value.map_or_else(
            || line.to_owned(),
            |value| format!("{PLAIN_NAME}={}", value.replace("; Secure", "")),
        )
    });
}

/// Rewrites every line of a header; what is no text stays as it is.
fn replace(headers: &mut HeaderMap, name: &HeaderName, change: impl Fn(&str) -> String) {
    let lines: Vec<HeaderValue> = headers.get_all(name).iter().cloned().collect();
    headers.remove(name);
    for line in lines {
        let changed = line
            .to_str()
            .ok()
            .and_then(|text| HeaderValue::try_from(change(text)).ok());
        let mut changed = changed.unwrap_or_else(|| line.clone());
        changed.set_sensitive(line.is_sensitive());
        headers.append(name, changed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(name: HeaderName, line: &str, change: fn(&mut HeaderMap)) -> String {
        let mut headers = HeaderMap::new();
        headers.append(&name, HeaderValue::try_from(line).expect("a header"));
        change(&mut headers);
        headers[name].to_str().expect("text").to_owned()
    }

    #[test]
    fn the_cookie_changes_its_name_both_ways_and_no_other_does() {
        let asked = changed(
            COOKIE,
            "a=portcullis=1; portcullis=ses_x.y;portcullis2=z; xportcullis=w",
            read,
        );
        assert_eq!(
            asked,
            "a=portcullis=1; __Host-portcullis=ses_x.y; portcullis2=z; xportcullis=w"
        );
        let set = "__Host-portcullis=ses_x.y; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=9";
        assert_eq!(
            changed(SET_COOKIE, set, write),
            "portcullis=ses_x.y; Path=/; HttpOnly; SameSite=Strict; Max-Age=9"
        );
        assert_eq!(
            changed(SET_COOKIE, "other=1; Path=/; Secure", write),
            "other=1; Path=/; Secure"
        );
    }
}
