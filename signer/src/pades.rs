//! PAdES baseline signatures as incremental updates of the person's own bytes (EN 319 142-1, ISO 32000-1 section 12.8).
//!
//! [`prepare`] appends an invisible signature field with room for the CMS; what was uploaded stays an exact prefix.
//! [`embed`] fills the room. In between, [`digest`] over the [`ByteRange`] is what the person's gesture commits to.

mod budget;
mod field;
mod open;
mod placeholder;

#[cfg(test)]
pub(crate) mod tests;

use signum_core::Timestamp;

pub use placeholder::{ByteRange, digest, embed};

/// Octets reserved for the CMS: a signature with two certificates and a timestamp with its own chain takes about 8 KiB.
pub const CONTENTS_SIZE: usize = 16 * 1024;

/// A document with an empty signature in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The uploaded octets followed by the incremental update.
    pub bytes: Vec<u8>,
    pub byte_range: ByteRange,
    /// SHA-256 over the ByteRange.
    pub digest: [u8; 32],
    pub pages: u32,
}

/// Why a document cannot be signed here. Codes are stable; none carries anything of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PdfRefused {
    #[error("larger than allowed")]
    TooLarge,
    #[error("not a PDF")]
    NotPdf,
    #[error("damaged: {0}")]
    Malformed(&'static str),
    #[error("takes too much work to read")]
    TooComplex,
    #[error("encrypted")]
    Encrypted,
    #[error("a dynamic form (XFA)")]
    DynamicForm,
    #[error("certified against any change")]
    Certified,
    #[error("no pages")]
    NoPages,
    #[error("the signature does not fit into its place")]
    SignatureTooLarge,
}

impl PdfRefused {
    /// Stable name, for problems, words and audit records.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::NotPdf => "not-pdf",
            Self::Malformed(_) => "malformed",
            Self::TooComplex => "too-complex",
            Self::Encrypted => "encrypted",
            Self::DynamicForm => "dynamic-form",
            Self::Certified => "certified",
            Self::NoPages => "no-pages",
            Self::SignatureTooLarge => "signature-too-large",
        }
    }
}

/// What a document must keep to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of the upload.
    pub max_size: usize,
}

/// Appends a signature field to `pdf` with room for a CMS of [`CONTENTS_SIZE`] octets.
///
/// `claimed` goes into the dictionary's `M`, the claimed signing time (EN 319 142-1 section 6.3: never a signed attribute).
/// CPU-bound: call it on a blocking thread. Never panics on hostile input.
pub fn prepare(pdf: &[u8], claimed: Timestamp, limits: Limits) -> Result<Prepared, PdfRefused> {
    budget::contain(pdf.len(), || {
        let document = open::open(pdf, limits)?;
        let appended = field::append(pdf, document.document, document.first_page, claimed)?;
        let (bytes, byte_range) = placeholder::patch(appended, pdf, document.pages)?;
        let digest = digest(&bytes, byte_range).ok_or(PdfRefused::Malformed("byte range"))?;
        Ok(Prepared {
            bytes,
            byte_range,
            digest,
            pages: document.pages,
        })
    })
}
