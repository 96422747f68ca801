//! Reading Rust just well enough to tell code from comments and one path from another.
#![expect(
    clippy::string_slice,
    reason = "every position was found in the text that is cut"
)]

/// The text without its comments. Strings stay; line breaks stay.
pub(super) fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = token(rest);
        let comment = rest.starts_with("//") || rest.starts_with("/*");
        let (taken, left) = rest.split_at(length.max(first.len_utf8()));
        if comment {
            kept.extend(taken.chars().filter(|c| *c == '\n'));
            kept.push(' ');
        } else {
            kept.push_str(taken);
        }
        rest = left;
    }
    kept
}

/// The length of the comment, string or character at the start; 0 for anything else, which is read letter by letter.
fn token(text: &str) -> usize {
    let to = |end: Option<usize>| end.unwrap_or(text.len());
    if text.starts_with("//") {
        return to(text.find('\n'));
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    if let Some(hashes) = raw_string(text) {
        let close = format!("\"{}", "#".repeat(hashes));
        let open = 1 + hashes + 1;
        return to(text[open..].find(&close).map(|at| open + at + close.len()));
    }
    match text.as_bytes() {
        [b'"', ..] => quoted(text),
        // A character, not a lifetime: 'x' or an escape.
        [b'\'', b'\\', ..] => to(text[3..].find('\'').map(|at| at + 4)),
        [b'\'', ..] => {
            let mut letters = text.char_indices().skip(2);
            letters
                .next()
                .filter(|(_, c)| *c == '\'')
                .map_or(0, |(at, _)| at + 1)
        }
        // The prefix alone, so that the raw string after it is seen.
        [b'b' | b'c', b'r', b'"' | b'#', ..] => 1,
        // A word, taken whole so that the `r` at its end opens no raw string.
        _ => text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len()),
    }
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The number of `#` of a raw string that starts here.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let quote = after.trim_start_matches('#');
    quote.starts_with('"').then_some(after.len() - quote.len())
}

fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The line numbers on which code names `path`, such as `std::env`: written out, or picked from a `use std::{..}`.
pub(super) fn uses_of(code: &str, path: &str) -> Vec<usize> {
    let mut found: Vec<usize> = whole(code, path).map(|at| line_of(code, at)).collect();
    if let Some((parent, child)) = path.rsplit_once("::") {
        let open = format!("{parent}::{{");
        for start in whole(code, &open) {
            let group = group(&code[start + open.len()..]);
            let picked = group.split(',').any(|item| first_word(item) == child);
            found.extend(picked.then(|| line_of(code, start)));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Where `needle` stands as a path of its own, not as the tail or head of a longer name.
fn whole<'a>(code: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(needle).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back().is_some_and(in_name);
        let ends_in_name = needle.chars().next_back().is_some_and(in_name);
        let after = code[at + needle.len()..].chars().next().is_some_and(in_name);
        !(before || ends_in_name && after)
    })
}

/// The inside of a brace that was just opened, with inner braces emptied.
fn group(text: &str) -> String {
    let mut depth = 0_usize;
    let mut inside = String::new();
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ if depth == 0 => inside.push(c),
            _ => {}
        }
    }
    inside
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    &text[..end]
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[test]
fn comments_go_and_code_stays() {
    let text = "let url = \"http://x\"; // std::env\n/* std::fs /* deep */ std::net */ let c = '\"'; //! end\nlet d = r#\"// \"kept\"#;";
    let code = without_comments(text);
    assert!(
        code.contains("http://x") && code.contains("let c = '\"';"),
        "{code}"
    );
    assert!(code.contains("// \"kept"), "{code}");
    assert!(!code.contains("std::") && !code.contains("end"), "{code}");
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn quotes_lifetimes_and_escapes_do_not_confuse_the_reader() {
    for text in [
        r"fn f<'a>(x: &'a str) -> '\'' {} // gone",
        r#"let x = "\\"; // gone"#,
        r#"let x = "a\"b // in"; // gone"#,
        r##"let x = br#"\"#; // gone"##,
        "let over = 1; // gone",
    ] {
        let code = without_comments(text);
        assert!(!code.contains("gone"), "{code}");
        assert_eq!(
            code.trim_end(),
            text.split(" // gone").next().expect("text").trim_end()
        );
    }
    assert!(without_comments(r#"let x = "a\"b // in"; // gone"#).contains("// in"));
}

#[test]
fn a_path_is_found_written_out_and_in_a_group() {
    assert_eq!(uses_of("let a = std::env::var(x);", "std::env"), [1]);
    assert_eq!(
        uses_of("use std::sync::Arc;\nuse std::{fmt, env};", "std::env"),
        [2]
    );
    assert_eq!(uses_of("use std::{sync::{env, Arc}, fs as f};", "std::fs"), [1]);
    assert_eq!(uses_of("use std::{sync::{env, Arc}};", "std::env"), [0_usize; 0]);
    assert_eq!(
        uses_of("my_std::environment std::envelope", "std::env"),
        [0_usize; 0]
    );
    assert_eq!(uses_of("operand::x; grand::y", "rand"), [0_usize; 0]);
    assert_eq!(uses_of("\nrand::rng()", "rand"), [2]);
}
