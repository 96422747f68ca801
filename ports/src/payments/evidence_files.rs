//! Files that prove something about a dispute: of which types, and how much of them a vendor takes.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::names::CallKey;

/// What a file is. It is told from what the file holds, never from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// A document.
    Pdf,
    /// A picture.
    Png,
    /// A photograph.
    Jpeg,
}

impl FileType {
    /// The type of a file that holds these bytes; nothing for any other.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR";
        let end = bytes.get(bytes.len().saturating_sub(1_024)..).unwrap_or_default();
        let ends = |with: &[u8]| end.windows(with.len()).any(|window| window == with);
        if bytes.starts_with(b"%PDF-1.") || bytes.starts_with(b"%PDF-2.") {
            ends(b"%%EOF").then_some(Self::Pdf)
        } else if bytes.starts_with(PNG) {
            ends(b"IEND").then_some(Self::Png)
        } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            ends(&[0xff, 0xd9]).then_some(Self::Jpeg)
        } else {
            None
        }
    }

    /// As HTTP calls it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// How names of such files end.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

/// What a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum EvidenceDocument {
    /// The receipt that the buyer got.
    Receipt,
    /// What was written to and by the buyer.
    CustomerCommunication,
    /// The buyer's signature.
    CustomerSignature,
    /// That it was sent, and where to.
    ShippingDocumentation,
    /// That it was served.
    ServiceDocumentation,
    /// What the terms say about ending a subscription.
    CancellationPolicy,
    /// What the terms say about refunds.
    RefundPolicy,
    /// The payment that this one is said to repeat.
    DuplicateCharge,
    /// Anything else.
    Other,
}

impl EvidenceDocument {
    /// The word in names of files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::CustomerCommunication => "customer_communication",
            Self::CustomerSignature => "customer_signature",
            Self::ShippingDocumentation => "shipping_documentation",
            Self::ServiceDocumentation => "service_documentation",
            Self::CancellationPolicy => "cancellation_policy",
            Self::RefundPolicy => "refund_policy",
            Self::DuplicateCharge => "duplicate_charge",
            Self::Other => "other",
        }
    }
}

/// A file that is handed in. Nothing of it is kept here.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceFile {
    /// What it shows.
    pub about: EvidenceDocument,
    /// What it is.
    pub file_type: FileType,
    /// What it holds.
    pub bytes: Arc<[u8]>,
    /// The idempotency key of its upload, where that is a call of its own: of the dispute and what the file holds.
    pub key: CallKey,
}

impl EvidenceFile {
    /// A name for it, of our words alone.
    pub fn name(&self) -> String {
        format!("{}.{}", self.about.as_str(), self.file_type.ending())
    }
}

impl fmt::Debug for EvidenceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EvidenceFile({}, {} bytes)", self.name(), self.bytes.len())
    }
}

/// How much of files a vendor takes with one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileTerms {
    /// How many files.
    pub most: usize,
    /// How many bytes all of them together.
    pub most_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_told_from_what_a_file_holds() {
        let png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR....IEND\xaeB`\x82";
        assert_eq!(FileType::of(b"%PDF-1.7\n...\n%%EOF\n"), Some(FileType::Pdf));
        assert_eq!(FileType::of(png), Some(FileType::Png));
        assert_eq!(
            FileType::of(b"\xff\xd8\xff\xe0....\xff\xd9"),
            Some(FileType::Jpeg)
        );
        for none in [
            b"".as_slice(),
            b"%PDF-1.7\n...",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"GIF89a",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"PK\x03\x04",
        ] {
            assert_eq!(FileType::of(none), None, "{none:?}");
        }
    }
}
