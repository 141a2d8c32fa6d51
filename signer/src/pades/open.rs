//! Opens an uploaded document and refuses what must not be signed.

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};

use super::budget::{MAX_INFLATED, spend};
use super::{Limits, PdfRefused};

/// Object numbers above this are beyond what readers support (ISO 32000-1 annex C).
const MAX_OBJECT_NUMBER: u32 = 8_388_000;
/// More pages than a person can be shown the number of in good faith.
const MAX_PAGES: usize = 100_000;

pub(super) struct Opened {
    pub document: Document,
    pub first_page: ObjectId,
    pub pages: u32,
}

/// Reads `pdf`; damaged, encrypted, dynamic and locked documents are refused, never repaired.
pub(super) fn open(pdf: &[u8], limits: Limits) -> Result<Opened, PdfRefused> {
    if pdf.len() > limits.max_size {
        return Err(PdfRefused::TooLarge);
    }
    if !pdf.starts_with(b"%PDF-") {
        return Err(PdfRefused::NotPdf);
    }
    let document = load(pdf)?;
    refuse_encrypted(&document)?;
    if document.xref_recovery.is_some() {
        return Err(PdfRefused::Malformed("cross-reference table"));
    }
    // A zero offset is the library's sign for a table it did not read from the file.
    if document.xref_start == 0 || document.max_id > MAX_OBJECT_NUMBER {
        return Err(PdfRefused::Malformed("cross-reference table"));
    }
    let catalog = document.catalog().map_err(|_| PdfRefused::Malformed("catalog"))?;
    refuse_dynamic_form(&document, catalog)?;
    refuse_certified(&document)?;
    let mut pages = 0;
    let mut first_page = None;
    for page in document.page_iter().take(MAX_PAGES) {
        first_page = first_page.or(Some(page));
        pages += 1;
    }
    let first_page = first_page.ok_or(PdfRefused::NoPages)?;
    document
        .get_dictionary(first_page)
        .map_err(|_| PdfRefused::Malformed("first page"))?;
    Ok(Opened {
        document,
        first_page,
        pages,
    })
}

pub(super) fn load(pdf: &[u8]) -> Result<Document, PdfRefused> {
    let options = LoadOptions {
        filter: Some(spend),
        max_decompressed_size: Some(MAX_INFLATED),
        ..LoadOptions::default()
    };
    Document::load_mem_with_options(pdf, options).map_err(|error| match error {
        lopdf::Error::Decompress(_) => PdfRefused::TooComplex,
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => PdfRefused::Encrypted,
        _ => PdfRefused::Malformed("structure"),
    })
}

fn refuse_encrypted(document: &Document) -> Result<(), PdfRefused> {
    match document.was_encrypted() || document.trailer.has(b"Encrypt") {
        true => Err(PdfRefused::Encrypted),
        false => Ok(()),
    }
}

/// XFA draws what the reader's script decides: what is hashed is not what is shown.
fn refuse_dynamic_form(document: &Document, catalog: &Dictionary) -> Result<(), PdfRefused> {
    let form = catalog.get_deref(b"AcroForm", document).and_then(Object::as_dict);
    let dynamic = form.is_ok_and(|form| form.has(b"XFA")) || catalog.has(b"NeedsRendering");
    match dynamic {
        true => Err(PdfRefused::DynamicForm),
        false => Ok(()),
    }
}

/// A certification with P=1, or a signed field whose lock says so, forbids every later change (ISO 32000-2 section 12.8.2.2).
fn refuse_certified(document: &Document) -> Result<(), PdfRefused> {
    let locked = document
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok())
        .any(|dictionary| forbids_change(document, dictionary));
    match locked {
        true => Err(PdfRefused::Certified),
        false => Ok(()),
    }
}

fn forbids_change(document: &Document, dictionary: &Dictionary) -> bool {
    let one = |dictionary: &Dictionary| dictionary.get_deref(b"P", document).and_then(Object::as_i64).ok() == Some(1);
    let references = dictionary.get_deref(b"Reference", document).and_then(Object::as_array);
    let certified = references.is_ok_and(|references| {
        references
            .iter()
            .filter_map(|reference| resolve(document, reference))
            .any(|reference| {
                let method = reference
                    .get_deref(b"TransformMethod", document)
                    .and_then(Object::as_name);
                let parameters = reference
                    .get_deref(b"TransformParams", document)
                    .and_then(Object::as_dict);
                method.ok() == Some(b"DocMDP") && parameters.is_ok_and(one)
            })
    });
    let signed_lock = dictionary.has(b"V")
        && dictionary
            .get_deref(b"Lock", document)
            .and_then(Object::as_dict)
            .is_ok_and(one);
    certified || signed_lock
}

fn resolve<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Dictionary> {
    let (_, object) = document.dereference(object).ok()?;
    object.as_dict().ok()
}
