//! The cookies on a developer's machine without TLS.
//!
//! Some browsers keep neither `Secure` nor the prefix `__Host-` over plain http, so there they go without both. Handlers
//! see the usual cookies.

use poem::http::HeaderMap;
use poem::http::header::{COOKIE, HeaderName, HeaderValue, SET_COOKIE};

use crate::cookie::{DEVICE_NAME, NAME};

/// The name in the browser.
pub const PLAIN_NAME: &str = "portcullis";
/// The name of the cookie that tells a device from strangers.
pub const PLAIN_DEVICE_NAME: &str = "portcullis-device";
/// Both names of each cookie.
const NAMES: [(&str, &str); 2] = [(NAME, PLAIN_NAME), (DEVICE_NAME, PLAIN_DEVICE_NAME)];

/// Gives the cookies of a request their usual names.
pub fn read(headers: &mut HeaderMap) {
    replace(headers, &COOKIE, |line| {
        let pairs = line.split(';').map(|pair| {
            let pair = pair.trim();
            let renamed = NAMES.iter().find_map(|(name, plain)| {
                let value = pair.strip_prefix(plain)?.strip_prefix('=')?;
                Some(format!("{name}={value}"))
            });
            renamed.unwrap_or_else(|| pair.to_owned())
        });
        pairs.collect::<Vec<_>>().join("; ")
    });
}

/// Takes from the cookies of an answer what browsers keep over TLS only.
pub fn write(headers: &mut HeaderMap) {
    replace(headers, &SET_COOKIE, |line| {
        let renamed = NAMES.iter().find_map(|(name, plain)| {
            let value = line.strip_prefix(name)?.strip_prefix('=')?;
            Some(format!("{plain}={}", value.replace("; Secure", "")))
        });
        renamed.unwrap_or_else(|| line.to_owned())
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
            changed(COOKIE, "portcullis-device=kdev_x.y; portcullis=ses_x.y", read),
            "__Host-portcullis-device=kdev_x.y; __Host-portcullis=ses_x.y"
        );
        let set = "__Host-portcullis-device=kdev_x.y; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=9";
        assert_eq!(
            changed(SET_COOKIE, set, write),
            "portcullis-device=kdev_x.y; Path=/; HttpOnly; SameSite=Strict; Max-Age=9"
        );
        assert_eq!(
            changed(SET_COOKIE, "other=1; Path=/; Secure", write),
            "other=1; Path=/; Secure"
        );
    }
}
