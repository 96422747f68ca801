//! Texts that others wrote, made fit for one line of ours.

/// The most characters of a [`remark`].
const MOST: usize = 200;

/// The same words on one line: every break and every control character becomes one space. What was put together from
/// texts of others cannot add a line, and so no header.
pub fn one_line(text: &str) -> String {
    let visible = text.split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}');
    let words: Vec<&str> = visible.map(str::trim).filter(|part| !part.is_empty()).collect();
    words.join(" ")
}

/// What a vendor said about a message, for the operator: one line of at most 200 characters, without the addresses that
/// vendors like to repeat.
pub fn remark(text: &str) -> String {
    let hide = |word: &str| {
        if word.contains('@') {
            "(address)".to_owned()
        } else {
            word.chars().filter(|c| !c.is_control()).collect()
        }
    };
    let words: Vec<String> = text.split_whitespace().map(hide).collect();
    words.join(" ").chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST, one_line, remark};

    #[test]
    fn whatever_ends_a_line_becomes_one_space() {
        for (text, line) in [
            ("Your code", "Your code"),
            (
                "Code\r\nBcc: eve@example.net\r\n\r\nHi",
                "Code Bcc: eve@example.net Hi",
            ),
            ("a\u{2028}b\u{2029}c\u{85}d\te\0", "a b c d e"),
            ("\r\n", ""),
        ] {
            assert_eq!(one_line(text), line, "{text:?}");
        }
    }

    #[test]
    fn a_remark_holds_no_address_no_break_and_ends_somewhere() {
        assert_eq!(
            remark("550 5.1.1 <ada@example.org>:\r\n no such\u{7} user"),
            "550 5.1.1 (address) no such user"
        );
        assert_eq!(remark(&"é ".repeat(500)).chars().count(), MOST);
    }
}
