//! The signature dictionary, its ByteRange and the room for the CMS (ISO 32000-1 section 12.8.1).

use lopdf::xref::XrefEntry;
use lopdf::{Dictionary, Object, StringFormat};
use sha2::{Digest, Sha256};
use signum_core::Timestamp;

use super::{PdfRefused, open};

/// A number as wide as any that takes its place.
pub(super) const BYTE_RANGE_ROOM: i64 = 9_999_999_999;

const DAMAGED: PdfRefused = PdfRefused::Malformed("signature dictionary");

/// The two stretches that are signed: everything but the hexadecimal string of the Contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// Octets from the start of the file to the `<` of the Contents.
    pub first_length: usize,
    /// Where the octet after the `>` is.
    pub second_start: usize,
    /// Octets from there to the end of the file.
    pub second_length: usize,
}

impl ByteRange {
    /// The four numbers as they stand in the file.
    pub fn numbers(self) -> [usize; 4] {
        [0, self.first_length, self.second_start, self.second_length]
    }
}

/// The dictionary with room: `ByteRange` of fixed width and `contents` octets of zeros.
pub(super) fn signature_dictionary(claimed: Timestamp, room: i64, contents: usize) -> Object {
    let mut signature = Dictionary::new();
    signature.set("Type", "Sig");
    signature.set("Filter", "Adobe.PPKLite");
    signature.set("SubFilter", "ETSI.CAdES.detached");
    signature.set("M", Object::string_literal(pdf_date(claimed)));
    let number = Object::Integer(room);
    signature.set(
        "ByteRange",
        vec![Object::Integer(0), number.clone(), number.clone(), number],
    );
    signature.set("Contents", Object::String(vec![0; contents], StringFormat::Hexadecimal));
    Object::Dictionary(signature)
}

/// `D:YYYYMMDDHHmmSSZ` (ISO 32000-1 section 7.9.4).
fn pdf_date(at: Timestamp) -> String {
    let t = at.to_offset();
    format!(
        "D:{:04}{:02}{:02}{:02}{:02}{:02}Z",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// Writes the ByteRange into `file`, after reading it back: `original` is its prefix, it has as many pages, and the signature
/// is where its cross-reference entry says.
pub(super) fn patch(mut file: Vec<u8>, original: &[u8], pages: u32) -> Result<(Vec<u8>, ByteRange), PdfRefused> {
    if !file.starts_with(original) {
        return Err(DAMAGED);
    }
    let signature = read_back(&file, pages)?;
    if signature < original.len() {
        return Err(DAMAGED);
    }
    // The dictionary is ours from here on: nothing of the person's document stands between.
    let room = format!("[0 {BYTE_RANGE_ROOM} {BYTE_RANGE_ROOM} {BYTE_RANGE_ROOM}]");
    let numbers = find(&file, signature, room.as_bytes())?;
    let open = find(&file, numbers, b"/Contents<")? + b"/Contents".len();
    let close = find(&file, open, b">")?;
    let range = ByteRange {
        first_length: open,
        second_start: close + 1,
        second_length: file.len() - (close + 1),
    };
    let [start, first, second, length] = range.numbers();
    let text = format!("[{start} {first} {second} {length}");
    let text = format!("{text:<width$}]", width = room.len() - 1);
    let place = file.get_mut(numbers..numbers + room.len()).ok_or(DAMAGED)?;
    if place.len() != text.len() {
        return Err(DAMAGED);
    }
    place.copy_from_slice(text.as_bytes());
    Ok((file, range))
}

/// Offset of the signature object, the highest-numbered dictionary of type Sig.
fn read_back(file: &[u8], pages: u32) -> Result<usize, PdfRefused> {
    let document = open::load(file)?;
    if document.page_iter().take(pages as usize + 1).count() != pages as usize {
        return Err(DAMAGED);
    }
    let (id, _) = document
        .objects
        .iter()
        .rev()
        .find(|(_, object)| object.as_dict().is_ok_and(|dictionary| dictionary.has_type(b"Sig")))
        .ok_or(DAMAGED)?;
    match document.reference_table.get(id.0) {
        Some(XrefEntry::Normal { offset, .. }) => Ok(*offset as usize),
        _ => Err(DAMAGED),
    }
}

fn find(file: &[u8], from: usize, what: &[u8]) -> Result<usize, PdfRefused> {
    let rest = file.get(from..).ok_or(DAMAGED)?;
    let at = rest.windows(what.len()).position(|window| window == what);
    at.map(|at| from + at).ok_or(DAMAGED)
}

/// SHA-256 over both stretches; `None` when `range` does not cover `file` to its last octet.
pub fn digest(file: &[u8], range: ByteRange) -> Option<[u8; 32]> {
    let first = file.get(..range.first_length)?;
    let end = range.second_start.checked_add(range.second_length)?;
    if end != file.len() || range.second_start < range.first_length {
        return None;
    }
    let second = file.get(range.second_start..)?;
    Some(Sha256::new().chain_update(first).chain_update(second).finalize().into())
}

/// Fills the room of a prepared file with `cms`; the rest of the room stays zeros.
pub fn embed(mut file: Vec<u8>, range: ByteRange, cms: &[u8]) -> Result<Vec<u8>, PdfRefused> {
    let room = file.get_mut(range.first_length..range.second_start).ok_or(DAMAGED)?;
    let [b'<', digits @ .., b'>'] = room else {
        return Err(DAMAGED);
    };
    let text = hex::encode(cms);
    if text.len() > digits.len() {
        return Err(PdfRefused::SignatureTooLarge);
    }
    digits.fill(b'0');
    let (head, _) = digits.split_at_mut(text.len());
    head.copy_from_slice(text.as_bytes());
    Ok(file)
}
