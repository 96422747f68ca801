//! The control panel as a build of npm left it: files by path, ready to be served.
//!
//! With feature `panel` (the default) the build script runs npm and the files are part of the program. Without it
//! there are no files, and Node.js is not needed.

use std::borrow::Cow;

/// One file of the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its contents.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type, ready for `Content-Type`.
    pub mime: &'static str,
    /// A strong entity tag, quotes included.
    pub etag: &'static str,
    /// Whether the name changes with the contents, so that a browser may keep the file for good.
    pub immutable: bool,
}

/// Path, contents and entity tag of every file, ordered by path.
static FILES: &[(&str, &[u8], &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The folder in which Vite puts files named after their contents.
const HASHED: &str = "assets/";

/// Whether the panel was built into this program.
pub fn is_included() -> bool {
    !FILES.is_empty()
}

/// The file of that path, which is relative and never begins with a slash: `index.html`.
pub fn asset(path: &str) -> Option<Asset> {
    let at = FILES.binary_search_by(|(name, ..)| (*name).cmp(path)).ok()?;
    let (name, bytes, etag) = FILES.get(at)?;
    Some(Asset {
        bytes: Cow::Borrowed(bytes),
        mime: mime(name),
        etag,
        immutable: name.starts_with(HASHED),
    })
}

/// The paths of all files, in order.
pub fn paths() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, ..)| *name)
}

fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(all(test, feature = "panel"))]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_there_and_is_asked_for_anew() {
        let page = asset("index.html").expect("the page");
        assert_eq!(page.mime, "text/html; charset=utf-8");
        assert!(!page.immutable);
        assert!(String::from_utf8_lossy(&page.bytes).contains("<script type=\"module\""));
    }

    #[test]
    fn files_named_after_their_contents_may_be_kept_for_good() {
        let hashed: Vec<_> = paths().filter(|path| path.starts_with(HASHED)).collect();
        let kinds: Vec<_> = hashed.iter().map(|path| mime(path)).collect();
        for kind in ["text/javascript; charset=utf-8", "text/css; charset=utf-8"] {
            assert!(kinds.contains(&kind), "{hashed:?}");
        }
        for path in hashed {
            let file = asset(path).expect("listed");
            assert!(file.immutable && !file.bytes.is_empty(), "{path}");
            assert_ne!(file.mime, "application/octet-stream", "{path}");
        }
    }

    #[test]
    fn the_page_names_only_files_that_are_there() {
        let page = asset("index.html").expect("the page");
        let text = String::from_utf8_lossy(&page.bytes).into_owned();
        let named = text
            .split('"')
            .filter_map(|part| part.strip_prefix('/'))
            .filter(|path| path.contains('.'));
        let missing: Vec<_> = named.filter(|path| asset(path).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn entity_tags_are_quoted_and_differ() {
        let tags: Vec<_> = paths().filter_map(asset).map(|file| file.etag).collect();
        for tag in &tags {
            assert!(
                tag.len() == 18 && tag.starts_with('"') && tag.ends_with('"'),
                "{tag}"
            );
        }
        let unique: std::collections::BTreeSet<_> = tags.iter().collect();
        assert_eq!(unique.len(), tags.len());
    }

    #[test]
    fn nothing_outside_the_table_is_reached() {
        for path in ["", "/index.html", "../Cargo.toml", "assets/", "index.html/"] {
            assert_eq!(asset(path), None, "{path}");
        }
    }
}
