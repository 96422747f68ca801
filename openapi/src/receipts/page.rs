//! A sheet as a page of HTML that needs nothing else, on a screen and on paper.

use std::sync::LazyLock;

use data_encoding::BASE64;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use portcullis_ports::{Error, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::sheet::Sheet;

const TEMPLATE: &str = include_str!("sheet.html");
const STYLE: &str = include_str!("sheet.css");

/// What a browser may do with a page: apply the one style that it holds. It loads, runs, sends and frames nothing.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64.encode(&Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// What the template knows.
#[derive(Serialize)]
struct Shown<'a> {
    sheet: &'a Sheet,
    style: &'static str,
}

/// The page. Whatever people entered is escaped.
///
/// # Errors
/// `internal` if the template does not fit to the sheet.
pub(super) fn html(sheet: &Sheet) -> Result<String> {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("safe", minijinja::filters::safe);
    let shown = Value::from(Serde(Shown { sheet, style: STYLE }));
    let page = environment.render_str(TEMPLATE, shown);
    page.map_err(|wrong| Error::internal("a sheet cannot be written as HTML").with_source(wrong))
}

#[cfg(test)]
mod tests {
    use portcullis_core::texts::Language;

    use super::super::sheet::Row;
    use super::*;

    #[test]
    fn what_people_entered_is_no_part_of_the_page() {
        let evil = "</title><script>alert(1)</script>\"'&";
        let sheet = Sheet {
            language: Language::EN,
            title: "Receipt".to_owned(),
            from: evil.to_owned(),
            rows: vec![Row::plain("For", evil)],
            tables: Vec::new(),
        };
        let page = html(&sheet).expect("a page");
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 3, "{page}");
        assert!(page.contains("<html lang=\"en\">"), "{page}");
    }

    #[test]
    fn the_policy_allows_exactly_the_style_of_the_page() {
        let sheet = Sheet {
            language: Language::DE,
            title: String::new(),
            from: String::new(),
            rows: Vec::new(),
            tables: Vec::new(),
        };
        let page = html(&sheet).expect("a page");
        let (_, rest) = page.split_once("<style>").expect("a style");
        let (style, _) = rest.split_once("</style>").expect("its end");
        let hash = BASE64.encode(&Sha256::digest(style));
        assert!(POLICY.contains(&hash), "{} {}", *POLICY, hash);
        assert!(!POLICY.contains("unsafe"));
    }
}
