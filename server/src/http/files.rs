//! Files that never change while the program runs: cached by browsers, compressed once, when first asked for.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::StatusCode;
use poem::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use poem::{Body, Endpoint, Request, Response};
use portcullis_openapi::StaticFile;
use portcullis_ui::Asset;

/// Files below this size are not worth the effort.
const WORTH_COMPRESSING: usize = 1024;

const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// One file with everything that its answers need.
pub(super) struct File {
    bytes: &'static [u8],
    compressed: OnceLock<Option<&'static [u8]>>,
    mime: HeaderValue,
    etag: String,
    cache: HeaderValue,
}

impl File {
    /// A file of the API: its page, its document.
    pub(super) fn of_the_api(file: StaticFile) -> Self {
        let etag = format!("\"{:016x}\"", fingerprint(&file.bytes));
        Self::new(file.bytes, file.mime, etag, ASK_AGAIN)
    }

    /// A file of the panel.
    pub(super) fn of_the_panel(asset: Asset) -> Self {
        let cache = if asset.immutable { FOR_GOOD } else { ASK_AGAIN };
        Self::new(asset.bytes, asset.mime, asset.etag.to_owned(), cache)
    }

    fn new(bytes: Cow<'static, [u8]>, mime: &'static str, etag: String, cache: HeaderValue) -> Self {
        let bytes: &'static [u8] = match bytes {
            Cow::Borrowed(bytes) => bytes,
            // Kept as long as the program runs, like the borrowed ones.
            Cow::Owned(bytes) => Vec::leak(bytes),
        };
        Self {
            bytes,
            compressed: OnceLock::new(),
            mime: HeaderValue::from_static(mime),
            etag,
            cache,
        }
    }

    /// The file, compressed if that is wanted; nothing but a nod if the browser has it.
    pub(super) fn answer(&self, asked: &HeaderMap) -> Response {
        let compressed = if accepts_gzip(asked) {
            self.compressed()
        } else {
            None
        };
        let mut response = if self.is_known(asked) {
            Response::builder().status(StatusCode::NOT_MODIFIED).finish()
        } else {
            Response::builder().body(Body::from(compressed.unwrap_or(self.bytes)))
        };
        let headers = response.headers_mut();
        let mut etag = self.etag.clone();
        if compressed.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            etag.insert_str(etag.len().saturating_sub(1), "-gz");
        }
        headers.insert(CONTENT_TYPE, self.mime.clone());
        headers.insert(CACHE_CONTROL, self.cache.clone());
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::try_from(etag) {
            headers.insert(ETAG, etag);
        }
        response
    }

    fn is_known(&self, asked: &HeaderMap) -> bool {
        let plain = self.etag.trim_matches('"');
        let known = asked
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|line| line.to_str().ok());
        known.flat_map(|line| line.split(',')).any(|tag| {
            let tag = tag.trim().trim_start_matches("W/").trim_matches('"');
            tag == "*" || tag.strip_suffix("-gz").unwrap_or(tag) == plain
        })
    }

    fn compressed(&self) -> Option<&'static [u8]> {
        *self.compressed.get_or_init(|| {
            let is_text = [
                &b"text/"[..],
                b"application/json",
                b"application/yaml",
                b"image/svg",
            ];
            let mime = self.mime.as_bytes();
            if self.bytes.len() < WORTH_COMPRESSING || !is_text.iter().any(|kind| mime.starts_with(kind)) {
                return None;
            }
            let compressed = gzip(self.bytes)?;
            (compressed.len() < self.bytes.len()).then(|| &*Vec::leak(compressed))
        })
    }
}

impl Endpoint for File {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(request.headers()))
    }
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    // Writing into memory does not fail; should it, the plain bytes are served.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn accepts_gzip(asked: &HeaderMap) -> bool {
    let lines = asked
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|entry| {
        let (name, quality) = entry.split_once(';').unwrap_or((entry, ""));
        let refused = quality
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim_end_matches(['0', '.']).is_empty());
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// FNV-1a: tells versions of a file apart.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> File {
        let text = "a line that repeats\n".repeat(200);
        File::new(
            text.into_bytes().into(),
            "text/plain",
            "\"0123456789abcdef\"".into(),
            ASK_AGAIN,
        )
    }

    fn asked(name: poem::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_browser_that_has_the_file_gets_none() {
        let file = file();
        for tag in [
            "\"0123456789abcdef\"",
            "W/\"0123456789abcdef\"",
            "\"x\", \"0123456789abcdef-gz\"",
            "*",
        ] {
            assert_eq!(
                file.answer(&asked(IF_NONE_MATCH, tag)).status(),
                StatusCode::NOT_MODIFIED,
                "{tag}"
            );
        }
        assert_eq!(
            file.answer(&asked(IF_NONE_MATCH, "\"other\"")).status(),
            StatusCode::OK
        );
    }

    #[test]
    fn compression_is_served_to_those_who_ask_for_it() {
        let file = file();
        for wanted in ["gzip", "br, gzip;q=0.8", "GZIP"] {
            let answer = file.answer(&asked(ACCEPT_ENCODING, wanted));
            assert_eq!(answer.headers()[CONTENT_ENCODING], "gzip", "{wanted}");
            assert_eq!(answer.headers()[ETAG], "\"0123456789abcdef-gz\"");
        }
        for unwanted in ["", "br", "gzip;q=0", "gzip;q=0.0", "identity"] {
            let answer = file.answer(&asked(ACCEPT_ENCODING, unwanted));
            assert!(!answer.headers().contains_key(CONTENT_ENCODING), "{unwanted}");
        }
    }
}
