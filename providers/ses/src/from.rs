//! The sender that recipients see, as SES wants it: seven-bit, with the name quoted (RFC 5322) or encoded (RFC 2047).

use data_encoding::BASE64;
use portcullis_ports::contact::EmailAddress;

/// What is said to whoever writes it wrongly.
pub(crate) const ADVICE: &str =
    "an address such as no-reply@example.com or Example <no-reply@example.com> is expected";
/// The most bytes of a name in one encoded word: 75 characters with frame and base64.
const MAX_WORD: usize = 45;

/// Reads an address, or a name and an address, and writes it for SES.
pub(crate) fn read(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text),
    };
    EmailAddress::parse(address).map_err(|_| ADVICE)?;
    let quoted = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let name = quoted.unwrap_or(name);
    if name.contains(|c: char| c.is_control() || "\"\\<>".contains(c)) {
        return Err(ADVICE);
    }
    // The spelling stays: a verified identity may be spelled with capitals.
    let address = address.trim();
    Ok(match name {
        "" => address.to_owned(),
        name if name.is_ascii() => format!("\"{name}\" <{address}>"),
        name => format!("{} <{address}>", encoded(name)),
    })
}

fn encoded(name: &str) -> String {
    let mut words = vec![String::new()];
    for c in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= MAX_WORD => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let framed = |word: &String| format!("=?UTF-8?B?{}?=", BASE64.encode(word.as_bytes()));
    words.iter().map(framed).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_or_encoded_and_addresses_left_as_they_are() {
        for (text, expected) in [
            (" No-Reply@example.com ", "No-Reply@example.com"),
            ("<a@example.com>", "a@example.com"),
            (
                "Example, Inc. <a@example.com>",
                "\"Example, Inc.\" <a@example.com>",
            ),
            ("\"Example\" <a@example.com>", "\"Example\" <a@example.com>"),
            ("Zoë <a@example.com>", "=?UTF-8?B?Wm/Dqw==?= <a@example.com>"),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        let long = read(&format!("{} <a@example.com>", "é".repeat(60))).unwrap();
        assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
    }

    #[test]
    fn what_could_name_somebody_else_is_refused() {
        for wrong in [
            "",
            "Example",
            "a@localhost",
            "a@example.com, b@example.com",
            "A\r\nBcc: e@example.net <a@example.com>",
            "A\" <e@example.net>, \"B <a@example.com>",
            "Example a@example.com",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
