//! Forms with files (RFC 7578), as plugins send them and as simulators take them apart.

use crate::payments::CallKey;

/// A form that is being written.
#[derive(Debug, Clone)]
pub struct Form {
    boundary: String,
    body: Vec<u8>,
}

/// A part of a form that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// The name of the field.
    pub name: String,
    /// The name of the file, if it is one.
    pub file_name: Option<String>,
    /// What it says to be; nothing where it says nothing.
    pub media_type: Option<String>,
    /// What it holds.
    pub bytes: &'a [u8],
}

impl Form {
    /// A form without parts. Its boundary is made of the key of the call, which is drawn by a secret: no file holds it.
    pub fn new(key: &CallKey) -> Self {
        let letters = key.as_str().chars().filter(char::is_ascii_alphanumeric);
        Self {
            boundary: letters.take(60).collect(),
            body: Vec::new(),
        }
    }

    /// Adds a text, of this media type if it has one. Names are those of the vendor's document.
    #[must_use]
    pub fn text(self, name: &str, media_type: Option<&str>, text: &str) -> Self {
        self.part(&format!("name=\"{name}\""), media_type, text.as_bytes())
    }

    /// Adds a file. The name is one of ours, of letters, digits, `-`, `_` and `.`.
    #[must_use]
    pub fn file(self, name: &str, file_name: &str, media_type: &str, bytes: &[u8]) -> Self {
        let head = format!("name=\"{name}\"; filename=\"{file_name}\"");
        self.part(&head, Some(media_type), bytes)
    }

    fn part(mut self, head: &str, media_type: Option<&str>, bytes: &[u8]) -> Self {
        let media_type = media_type.map(|media_type| format!("Content-Type: {media_type}\r\n"));
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; {head}\r\n{}\r\n",
            self.boundary,
            media_type.unwrap_or_default()
        );
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(bytes);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    /// The media type with the boundary, and the body.
    pub fn finish(mut self) -> (String, Vec<u8>) {
        let end = format!("--{}--\r\n", self.boundary);
        self.body.extend_from_slice(end.as_bytes());
        (
            format!("multipart/form-data; boundary={}", self.boundary),
            self.body,
        )
    }
}

/// The parts of a form; nothing if it is none, or does not end.
pub fn read<'a>(media_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let (kind, parameters) = media_type.split_once(';')?;
    let boundary = parameters.trim().strip_prefix("boundary=")?.trim_matches('"');
    if kind.trim() != "multipart/form-data" || boundary.is_empty() {
        return None;
    }
    let line = format!("--{boundary}");
    let mut rest = body.strip_prefix(line.as_bytes())?;
    let mut parts = Vec::new();
    while let Some(inner) = rest.strip_prefix(b"\r\n") {
        let head_end = find(inner, b"\r\n\r\n")?;
        let (head, content) = inner.split_at(head_end);
        let content = content.get(4..)?;
        let end = find(content, format!("\r\n{line}").as_bytes())?;
        let (bytes, behind) = content.split_at(end);
        parts.push(part(std::str::from_utf8(head).ok()?, bytes)?);
        rest = behind.get(2 + line.len()..)?;
    }
    rest.starts_with(b"--").then_some(parts)
}

fn part<'a>(head: &str, bytes: &'a [u8]) -> Option<Part<'a>> {
    let line = |wanted: &str| {
        let mut lines = head.split("\r\n");
        lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let disposition = line("content-disposition")?;
    let quoted = |name: &str| {
        let mut fields = disposition.split(';').map(str::trim);
        let value = fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))?;
        Some(value.trim_matches('"').to_owned())
    };
    Some(Part {
        name: quoted("name")?,
        file_name: quoted("filename"),
        media_type: line("content-type").map(str::to_owned),
        bytes,
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> CallKey {
        CallKey::parse("k3y-of-this-call").expect("a key")
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let form = Form::new(&key())
                .text("input", Some("application/json"), "{}")
                .text("purpose", None, "dispute_evidence")
                .file("file", "receipt.pdf", "application/pdf", &bytes);
            let (media_type, body) = form.finish();
            let parts = read(&media_type, &body).expect("a form");
            let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
            prop_assert_eq!(names, ["input", "purpose", "file"]);
            prop_assert_eq!(parts[1].media_type.as_deref(), None);
            prop_assert_eq!(parts[2].file_name.as_deref(), Some("receipt.pdf"));
            prop_assert_eq!(parts[2].media_type.as_deref(), Some("application/pdf"));
            prop_assert_eq!(parts[2].bytes, bytes.as_slice());
        }

        #[test]
        fn anything_may_be_read(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let parts = read("multipart/form-data; boundary=a", &body);
            prop_assert!(parts.is_none_or(|parts| parts.len() <= body.len()));
        }
    }

    #[test]
    fn a_form_that_does_not_end_is_none() {
        let (media_type, body) = Form::new(&key()).text("a", None, "b").finish();
        assert!(read(&media_type, &body).is_some());
        assert!(read(&media_type, &body[..body.len() - 4]).is_none());
        assert!(read("application/json", &body).is_none());
    }
}
