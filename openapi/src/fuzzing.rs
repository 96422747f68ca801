//! What fuzzing asks of cookies: an entry point that fails when a promise does not hold.

use poem::http::HeaderMap;
use poem::http::header::{COOKIE, HeaderValue};

use crate::cookie::{MOST, NAME, find};

/// Only values under the whole name are found, none of them empty, and not many.
///
/// # Panics
/// When that does not hold.
pub fn cookies(lines: &[&[u8]]) {
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(COOKIE, value);
        }
    }
    let found = find(&headers);
    assert!(found.len() <= MOST);
    for value in found {
        assert!(!value.is_empty() && !value.contains(';'));
        let under_its_name = |line: &[u8]| {
            let text = String::from_utf8_lossy(line);
            let mut names = text.match_indices(NAME).map(|(at, name)| at + name.len());
            names.any(|behind| text.get(behind..).is_some_and(|rest| rest.contains(value)))
        };
        assert!(
            lines.iter().any(|line| under_its_name(line)),
            "a value that nobody sent"
        );
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn cookies_are_found_or_left_alone() {
        for line in [
            "",
            ";;;=",
            "__Host-portcullis=",
            "__Host-portcullis=\"\"; a=__Host-portcullis=x",
            "a=b; __Host-portcullis=ses.x;__Host-portcullis=\"ses.y\"",
            "__Host-portcullis=\u{e4}; x",
        ] {
            super::cookies(&[line.as_bytes(), b"__Host-portcullis==x", &[0xff, b'=']]);
        }
    }
}
