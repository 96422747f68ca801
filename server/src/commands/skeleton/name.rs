//! The name of a plugin to be: fit for a key, a variable, a folder and a type.

/// The most letters, so that lines stay short.
const LONGEST: usize = 20;

/// Names that are taken: by folders of a facade, or by crates that a plugin would hide.
const TAKEN: [&str; 14] = [
    "alloc",
    "aws",
    "core",
    "default",
    "inventory",
    "portcullis_ports",
    "proc_macro",
    "serde",
    "src",
    "std",
    "target",
    "test",
    "tests",
    "tokio",
];

/// Words that no crate can have as its name (The Rust Reference, Keywords).
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// A name in the forms in which it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Such as `fast_text`.
    pub(super) snake: String,
    /// Such as `FastText`.
    pub(super) camel: String,
    /// Such as `Fast Text`.
    pub(super) title: String,
}

impl Name {
    /// Takes a name, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let wrong = if text.is_empty() || text.len() > LONGEST {
            "has to have 1 to 20 letters"
        } else if !text.chars().all(fits) {
            "may hold a-z, 0-9 and _ only"
        } else if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            "has to begin with a letter"
        } else if text.ends_with('_') || text.contains("__") {
            "may hold single underscores between letters only"
        } else if TAKEN.contains(&text) {
            "is taken"
        } else if KEYWORDS.contains(&text) {
            "is a word of the language Rust"
        } else if text.contains("acme") {
            "is the one that skeletons use for examples"
        } else {
            let words: Vec<String> = text.split('_').map(capitalised).collect();
            return Ok(Self {
                snake: text.to_owned(),
                camel: words.concat(),
                title: words.join(" "),
            });
        };
        Err(format!("the name `{text}` {wrong}"))
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_are_taken() {
        for (text, camel, title) in [
            ("vonage", "Vonage", "Vonage"),
            ("fast_text2", "FastText2", "Fast Text2"),
            ("a", "A", "A"),
        ] {
            let expected = Name {
                snake: text.to_owned(),
                camel: camel.to_owned(),
                title: title.to_owned(),
            };
            assert_eq!(Name::parse(text), Ok(expected));
        }
    }

    #[test]
    fn bad_names_are_refused_with_the_reason() {
        for (text, reason) in [
            ("", "1 to 20"),
            ("a_name_that_is_too_long", "1 to 20"),
            ("Vonage", "a-z, 0-9 and _ only"),
            ("fast-text", "a-z, 0-9 and _ only"),
            ("../x", "a-z, 0-9 and _ only"),
            ("größe", "a-z, 0-9 and _ only"),
            ("2sms", "begin with a letter"),
            ("_x", "begin with a letter"),
            ("x_", "single underscores"),
            ("a__b", "single underscores"),
            ("src", "taken"),
            ("tokio", "taken"),
            ("fn", "language"),
            ("self", "language"),
            ("acme", "examples"),
        ] {
            let problem = Name::parse(text).unwrap_err();
            assert!(problem.contains(reason), "{problem}");
        }
    }
}
