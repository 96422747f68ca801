//! A message text as a page, for mail programs: the same text always gives the same page.
//!
//! No images, no colours: mail programs show it in their own, light or dark. The one link is a paragraph that holds
//! nothing but the address of a page.

use std::fmt::Write as _;

use crate::foundation::texts::Language;

const PARAGRAPH: &str = "margin:0 0 16px";
const CODE: &str = "margin:24px 0;font:700 32px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:4px";

/// The page of a text. A paragraph that holds nothing but the code is shown large.
pub(super) fn html(language: Language, subject: &str, text: &str, code: Option<&str>) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>{}</title>\n</head>\n\
         <body style=\"margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif\">\n\
         <div style=\"max-width:560px;margin:0 auto\">\n",
        escaped(subject)
    );
    for paragraph in text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) {
        let style = if code == Some(paragraph) { CODE } else { PARAGRAPH };
        let lines: Vec<String> = paragraph.lines().map(|line| escaped(line.trim())).collect();
        let shown = lines.join("<br>");
        let written = if is_address(paragraph) {
            writeln!(page, "<p style=\"{style}\"><a href=\"{shown}\">{shown}</a></p>")
        } else {
            writeln!(page, "<p style=\"{style}\">{shown}</p>")
        };
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    page.push_str("</div>\n</body>\n</html>\n");
    page
}

/// Whether a paragraph is the address of a page and nothing else.
fn is_address(paragraph: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| paragraph.starts_with(scheme))
        && !paragraph.contains(char::is_whitespace)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_code_stands_large_in_a_paragraph_of_its_own() {
        let page = html(
            Language::EN,
            "Your code",
            "Your code is:\n\n    492817\n\nKeep it.\nAlways.",
            Some("492817"),
        );
        assert!(page.contains("<title>Your code</title>"), "{page}");
        assert!(
            page.contains(&format!("<p style=\"{CODE}\">492817</p>")),
            "{page}"
        );
        assert!(
            page.contains(&format!("<p style=\"{PARAGRAPH}\">Keep it.<br>Always.</p>")),
            "{page}"
        );
        assert_eq!(page.matches("492817").count(), 1);
    }

    #[test]
    fn nothing_in_a_text_becomes_markup() {
        let page = html(
            Language::EN,
            "<b>",
            "A <script>alert('x')</script> & \"more\"",
            None,
        );
        assert!(page.contains("<title>&lt;b&gt;</title>"), "{page}");
        assert!(
            page.contains("A &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;"),
            "{page}"
        );
    }

    #[test]
    fn a_paragraph_that_is_an_address_is_a_link() {
        let page = html(
            Language::EN,
            "s",
            "Open this:\n\nhttps://example.com/a#b=1&c=2\n\nOr not.",
            None,
        );
        let link = "<a href=\"https://example.com/a#b=1&amp;c=2\">https://example.com/a#b=1&amp;c=2</a>";
        assert!(page.contains(link), "{page}");
        let page = html(Language::EN, "s", "https://example.com/\"onclick=x", None);
        assert!(!page.contains("\"onclick"), "{page}");
    }

    #[test]
    fn there_are_no_other_links_and_no_images() {
        let page = html(Language::EN, "s", "See https://example.com/a?b=c&d", None);
        for mark in ["<a ", "href", "<img", "url(", "src="] {
            assert!(!page.contains(mark), "{mark} in {page}");
        }
    }

    proptest! {
        #[test]
        fn a_page_has_no_more_elements_than_its_paragraphs_and_lines(text in "[ -~\n]{0,200}") {
            let page = html(Language::EN, "s", &text, None);
            let paragraphs = page.matches("<p ").count();
            let breaks = page.matches("<br>").count();
            let frame = html(Language::EN, "s", "", None).matches('<').count();
            prop_assert_eq!(page.matches('<').count(), frame + 2 * paragraphs + breaks);
        }
    }
}
