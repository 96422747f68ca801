//! Files that never change while the program runs.

use std::borrow::Cow;

/// One file, ready to be served.
#[derive(Debug, Clone)]
pub struct StaticFile {
    /// The path it is served at.
    pub path: &'static str,
    /// Its media type.
    pub mime: &'static str,
    /// Its contents.
    pub bytes: Cow<'static, [u8]>,
}

impl StaticFile {
    pub(crate) fn new(path: &'static str, mime: &'static str, text: &'static str) -> Self {
        Self {
            path,
            mime,
            bytes: Cow::Borrowed(text.as_bytes()),
        }
    }

    pub(crate) fn made(path: &'static str, mime: &'static str, text: String) -> Self {
        Self {
            path,
            mime,
            bytes: Cow::Owned(text.into_bytes()),
        }
    }
}
