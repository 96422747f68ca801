//! Swagger UI: the page, and the script and the style that poem-openapi carries, as files that a strict policy allows.

use std::sync::LazyLock;

use poem_openapi::OpenApiService;

use crate::file::StaticFile;

const PAGE: &str = include_str!("swagger/index.html");
const START: &str = include_str!("swagger/start.js");
const OWN_STYLE: &str = include_str!("swagger/page.css");

/// The page as poem-openapi writes it, with script and style inside.
static BUNDLE: LazyLock<String> = LazyLock::new(|| OpenApiService::new((), "", "").swagger_ui_html());

/// What stands between two marks of the bundle.
fn part(opening: &str, closing: &str) -> &'static str {
    let after = BUNDLE.split_once(opening).map_or("", |(_, after)| after);
    after.split_once(closing).map_or("", |(part, _)| part)
}

/// The files of the page.
pub(crate) fn files() -> Vec<StaticFile> {
    let script = part("<script charset=\"UTF-8\">", "</script>");
    let style = part("<style charset=\"UTF-8\">", "</style>");
    vec![
        StaticFile::new("/docs", "text/html; charset=utf-8", PAGE),
        StaticFile::new("/docs/start.js", "text/javascript; charset=utf-8", START),
        StaticFile::new("/docs/page.css", "text/css; charset=utf-8", OWN_STYLE),
        StaticFile::new("/docs/swagger-ui.js", "text/javascript; charset=utf-8", script),
        StaticFile::new("/docs/swagger-ui.css", "text/css; charset=utf-8", style),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_are_found_in_the_bundle() {
        let files = files();
        let length = |path: &str| {
            files
                .iter()
                .find(|file| file.path == path)
                .map_or(0, |file| file.bytes.len())
        };
        assert!(length("/docs/swagger-ui.js") > 500_000);
        assert!(length("/docs/swagger-ui.css") > 50_000);
    }

    #[test]
    fn the_page_has_nothing_inline() {
        for inline in ["<script>", "<style", "style=", "onclick", "javascript:"] {
            assert!(!PAGE.contains(inline), "{inline}");
        }
    }
}
