//! Appends the signature field: merged into the form and the first page's annotations, never in place of what is there.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, IncrementalDocument, Object, ObjectId, StringFormat};
use signum_core::Timestamp;

use super::budget::weight;
use super::placeholder::{BYTE_RANGE_ROOM, signature_dictionary};
use super::{CONTENTS_SIZE, PdfRefused};

/// SignaturesExist and AppendOnly (ISO 32000-1 table 219).
const SIGNATURE_FLAGS: i64 = 3;
/// Print and Locked (ISO 32000-1 table 165).
const WIDGET_FLAGS: i64 = 132;
/// An object that is written again may weigh this much; writing takes time that grows faster than size.
const MAX_REWRITTEN: usize = 512 * 1024;
/// File identifiers are 16 octets in practice; longer ones are not carried on.
const MAX_FILE_ID: usize = 64;

const DAMAGED: PdfRefused = PdfRefused::Malformed("form");

/// The octets of `pdf` and after them the update with an unfilled signature.
pub(super) fn append(
    pdf: &[u8],
    previous: Document,
    page: ObjectId,
    claimed: Timestamp,
) -> Result<Vec<u8>, PdfRefused> {
    let mut update = IncrementalDocument::create_from(pdf.to_vec(), previous);
    let name = free_name(update.get_prev_documents());
    let widget = update
        .new_document
        .try_new_object_id()
        .map_err(|_| PdfRefused::Malformed("object numbers"))?;
    add_to_form(&mut update, widget)?;
    add_to_page(&mut update, page, widget)?;
    // The signature comes last, so that its number is the highest.
    let signature = update
        .new_document
        .try_add_object(signature_dictionary(claimed, BYTE_RANGE_ROOM, CONTENTS_SIZE))
        .map_err(|_| PdfRefused::Malformed("object numbers"))?;
    update
        .new_document
        .set_object(widget, widget_dictionary(&name, page, signature));
    update.new_document.trailer = trailer(&update.new_document.trailer);
    let mut out = Vec::with_capacity(pdf.len() + 3 * CONTENTS_SIZE);
    update
        .save_to(&mut out)
        .map_err(|_| PdfRefused::Malformed("structure"))?;
    Ok(out)
}

fn widget_dictionary(name: &str, page: ObjectId, signature: ObjectId) -> Object {
    let mut widget = Dictionary::new();
    widget.set("Type", "Annot");
    widget.set("Subtype", "Widget");
    widget.set("FT", "Sig");
    widget.set("T", Object::String(name.as_bytes().to_vec(), StringFormat::Literal));
    widget.set("Rect", vec![Object::Integer(0); 4]);
    widget.set("F", WIDGET_FLAGS);
    widget.set("P", page);
    widget.set("V", signature);
    Object::Dictionary(widget)
}

/// Only what an update's trailer needs; entries of a cross-reference stream do not carry over (ISO 32000-1 table 15).
fn trailer(previous: &Dictionary) -> Dictionary {
    let mut trailer = Dictionary::new();
    for key in [b"Size".as_slice(), b"Root", b"Info", b"Prev"] {
        if let Ok(value) = previous.get(key)
            && matches!(value, Object::Integer(_) | Object::Reference(_))
        {
            trailer.set(key, value.clone());
        }
    }
    if let Ok(Object::Array(id)) = previous.get(b"ID")
        && id.len() == 2
        && id
            .iter()
            .all(|part| part.as_str().is_ok_and(|part| part.len() <= MAX_FILE_ID))
    {
        trailer.set("ID", Object::Array(id.clone()));
    }
    trailer
}

/// `Signum1`, or the first number whose name no object of the document bears as a partial field name.
fn free_name(document: &Document) -> String {
    let taken: HashSet<&[u8]> = document
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok())
        .filter_map(|dictionary| dictionary.get(b"T").and_then(Object::as_str).ok())
        .collect();
    (1u32..)
        .map(|number| format!("Signum{number}"))
        .find(|name| !taken.contains(name.as_bytes()))
        .unwrap_or_default()
}

/// Adds `widget` to AcroForm/Fields; form and list may each be direct, indirect or absent.
fn add_to_form(update: &mut IncrementalDocument, widget: ObjectId) -> Result<(), PdfRefused> {
    let root = update.new_document.trailer.get(b"Root").and_then(Object::as_reference);
    let root = target(update, root.map_err(|_| DAMAGED)?)?;
    let catalog = dictionary(update, root)?;
    let form = match catalog.get(b"AcroForm") {
        Ok(Object::Reference(id)) => Place::Object(target(update, *id)?),
        Ok(Object::Dictionary(_)) | Err(_) => Place::Entry(root),
        Ok(_) => return Err(DAMAGED),
    };
    let mut fields = match form {
        Place::Object(id) => dictionary(update, id)?.clone(),
        Place::Entry(id) => match dictionary(update, id)?.get(b"AcroForm") {
            Ok(Object::Dictionary(form)) => form.clone(),
            _ => Dictionary::new(),
        },
    };
    let flags = fields.get(b"SigFlags").and_then(Object::as_i64).unwrap_or(0);
    fields.set("SigFlags", flags | SIGNATURE_FLAGS);
    push_reference(update, &mut fields, b"Fields", widget)?;
    match form {
        Place::Object(id) => write(update, id, Object::Dictionary(fields)),
        Place::Entry(id) => {
            let mut catalog = dictionary(update, id)?.clone();
            catalog.set("AcroForm", fields);
            write(update, id, Object::Dictionary(catalog))
        }
    }
}

fn add_to_page(update: &mut IncrementalDocument, page: ObjectId, widget: ObjectId) -> Result<(), PdfRefused> {
    let page = target(update, page)?;
    let mut dictionary = dictionary(update, page)?.clone();
    let indirect = matches!(dictionary.get(b"Annots"), Ok(Object::Reference(_)));
    push_reference(update, &mut dictionary, b"Annots", widget)?;
    match indirect {
        true => Ok(()),
        false => write(update, page, Object::Dictionary(dictionary)),
    }
}

/// Where a dictionary lives: an object of its own, or an entry of another object.
enum Place {
    Object(ObjectId),
    Entry(ObjectId),
}

/// Appends `widget` to the list under `key`: in place when the list is direct, in its own object when it is indirect.
fn push_reference(
    update: &mut IncrementalDocument,
    holder: &mut Dictionary,
    key: &'static [u8],
    widget: ObjectId,
) -> Result<(), PdfRefused> {
    match holder.get(key) {
        Ok(Object::Reference(id)) => {
            let id = target(update, *id)?;
            let mut list = current(update, id)?.as_array().map_err(|_| DAMAGED)?.clone();
            list.push(Object::Reference(widget));
            write(update, id, Object::Array(list))
        }
        Ok(Object::Array(list)) => {
            let mut list = list.clone();
            list.push(Object::Reference(widget));
            holder.set(key, list);
            Ok(())
        }
        Ok(Object::Null) | Err(_) => {
            holder.set(key, vec![Object::Reference(widget)]);
            Ok(())
        }
        Ok(_) => Err(DAMAGED),
    }
}

/// The object at the end of a chain of references.
fn target(update: &IncrementalDocument, id: ObjectId) -> Result<ObjectId, PdfRefused> {
    let reference = Object::Reference(id);
    let (last, _) = update
        .get_prev_documents()
        .dereference(&reference)
        .map_err(|_| DAMAGED)?;
    last.ok_or(DAMAGED)
}

/// The object as this update has it by now.
fn current(update: &IncrementalDocument, id: ObjectId) -> Result<&Object, PdfRefused> {
    let object = match update.new_document.objects.get(&id) {
        Some(object) => Some(object),
        None => update.get_prev_documents().objects.get(&id),
    };
    object.ok_or(DAMAGED)
}

fn dictionary(update: &IncrementalDocument, id: ObjectId) -> Result<&Dictionary, PdfRefused> {
    current(update, id)?.as_dict().map_err(|_| DAMAGED)
}

fn write(update: &mut IncrementalDocument, id: ObjectId, object: Object) -> Result<(), PdfRefused> {
    if weight(&object, 0) > MAX_REWRITTEN {
        return Err(PdfRefused::TooComplex);
    }
    update.new_document.set_object(id, object);
    Ok(())
}
