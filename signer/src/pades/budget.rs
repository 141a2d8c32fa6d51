//! Bounds the work and memory that reading a hostile document takes.
//!
//! The PDF library offers a filter that sees each object after it is parsed, and no way to stop; the filter here adds up what
//! was made and unwinds when it is too much. [`contain`] turns that, and any panic of the library, into a refusal.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use lopdf::{Object, ObjectId, Stream};

use super::PdfRefused;

/// A cross-reference or object stream may inflate to this much.
pub(super) const MAX_INFLATED: usize = 8 * 1024 * 1024;
/// All object streams together.
const MAX_OBJECT_STREAMS: usize = 48 * 1024 * 1024;
/// What any document may take besides four times its own size.
const BASE: usize = 64 * 1024 * 1024;
/// Each parsed value, however small, takes about this much memory.
const VALUE: usize = 64;

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(0) };
    static INFLATE_LEFT: Cell<usize> = const { Cell::new(0) };
}

struct Exhausted;

/// Runs `work` with a budget for a document of `size` octets.
pub(super) fn contain<T>(size: usize, work: impl FnOnce() -> Result<T, PdfRefused>) -> Result<T, PdfRefused> {
    LEFT.set(BASE.saturating_add(size.saturating_mul(4)));
    INFLATE_LEFT.set(MAX_OBJECT_STREAMS);
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(payload) if payload.is::<Exhausted>() => Err(PdfRefused::TooComplex),
        Err(_) => Err(PdfRefused::Malformed("unreadable")),
    }
}

/// The filter for the library's loader: keeps every object until the budget is spent.
pub(super) fn spend(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    take(&LEFT, weight(object, 0));
    if let Object::Stream(stream) = object
        && stream.dict.has_type(b"ObjStm")
    {
        inspect(stream);
    }
    Some((id, object.clone()))
}

/// An object stream's members must lie one after another, so that none is parsed twice (ISO 32000-1 section 7.5.7).
fn inspect(stream: &Stream) {
    let Ok(content) = stream.get_plain_content_with_limit(MAX_INFLATED) else {
        return; // The library meets the same error and reports it.
    };
    take(&INFLATE_LEFT, content.len());
    let first = stream.dict.get(b"First").and_then(Object::as_i64).unwrap_or(0);
    let index = usize::try_from(first).ok().and_then(|first| content.get(..first));
    let text = index.and_then(|index| std::str::from_utf8(index).ok()).unwrap_or("");
    let mut last = None;
    for offset in text.split_whitespace().skip(1).step_by(2) {
        let offset = offset.parse::<u32>().ok();
        if offset.is_none() || (last.is_some() && offset <= last) {
            resume_unwind(Box::new(Exhausted));
        }
        last = offset;
    }
}

fn take(budget: &'static std::thread::LocalKey<Cell<usize>>, amount: usize) {
    match budget.get().checked_sub(amount) {
        Some(left) => budget.set(left),
        None => resume_unwind(Box::new(Exhausted)),
    }
}

/// Octets that an object takes in memory, roughly.
pub(super) fn weight(object: &Object, depth: usize) -> usize {
    if depth > 200 {
        return usize::MAX;
    }
    let inner = match object {
        Object::String(text, _) => text.len(),
        Object::Name(name) => name.len(),
        Object::Array(items) => items
            .iter()
            .fold(0usize, |sum, item| sum.saturating_add(weight(item, depth + 1))),
        Object::Dictionary(dictionary) => dictionary_weight(dictionary, depth),
        Object::Stream(stream) => dictionary_weight(&stream.dict, depth).saturating_add(stream.content.len()),
        _ => 0,
    };
    inner.saturating_add(VALUE)
}

fn dictionary_weight(dictionary: &lopdf::Dictionary, depth: usize) -> usize {
    dictionary.iter().fold(0usize, |sum, (key, value)| {
        sum.saturating_add(key.len()).saturating_add(weight(value, depth + 1))
    })
}
