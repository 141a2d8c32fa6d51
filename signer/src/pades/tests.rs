//! What `prepare` appends, what it refuses, and that every octet outside the Contents is signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use lopdf::{Document, Object};
use signum_core::Timestamp;

use super::*;

const LIMITS: Limits = Limits {
    max_size: 20 * 1024 * 1024,
};
const AT: Timestamp = Timestamp::from_seconds(1_790_000_000);

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/pdf/");
    std::fs::read(format!("{path}{name}")).unwrap()
}

fn prepared(name: &str) -> Prepared {
    prepare(&fixture(name), AT, LIMITS).unwrap()
}

fn fields(pdf: &[u8]) -> Vec<String> {
    let document = Document::load_mem(pdf).unwrap();
    let form = document
        .catalog()
        .unwrap()
        .get_deref(b"AcroForm", &document)
        .unwrap()
        .as_dict()
        .unwrap();
    assert_eq!(form.get(b"SigFlags").unwrap().as_i64().unwrap(), 3);
    let list = form.get_deref(b"Fields", &document).unwrap().as_array().unwrap();
    let name = |field: &Object| {
        let field = document.dereference(field).unwrap().1.as_dict().unwrap();
        String::from_utf8(field.get(b"T").unwrap().as_str().unwrap().to_vec()).unwrap()
    };
    list.iter().map(name).collect()
}

fn annotations(pdf: &[u8]) -> usize {
    let document = Document::load_mem(pdf).unwrap();
    let page = document.page_iter().next().unwrap();
    let page = document.get_dictionary(page).unwrap();
    page.get_deref(b"Annots", &document).unwrap().as_array().unwrap().len()
}

const GOOD: [(&str, u32); 6] = [
    ("plain.pdf", 1),
    ("three-pages.pdf", 3),
    ("object-streams.pdf", 3),
    ("linearized.pdf", 3),
    ("form.pdf", 1),
    ("form-indirect.pdf", 1),
];

#[test]
fn uploaded_octets_stay_an_exact_prefix() {
    for (name, pages) in GOOD {
        let original = fixture(name);
        let prepared = prepared(name);
        assert!(prepared.bytes.starts_with(&original), "{name}");
        assert_eq!(prepared.pages, pages, "{name}");
    }
}

#[test]
fn byte_range_covers_all_but_the_contents_string() {
    for (name, _) in GOOD {
        let Prepared { bytes, byte_range, .. } = prepared(name);
        let [start, first, second, length] = byte_range.numbers();
        assert_eq!((start, second + length), (0, bytes.len()), "{name}");
        assert_eq!(bytes[first], b'<');
        assert_eq!(bytes[second - 1], b'>');
        assert!(bytes[first + 1..second - 1].iter().all(|octet| *octet == b'0'));
        assert_eq!(second - first - 2, 2 * CONTENTS_SIZE);
        let written = format!("[{start} {first} {second} {length}");
        assert!(
            bytes.windows(written.len()).any(|window| window == written.as_bytes()),
            "{name}"
        );
    }
}

#[test]
fn existing_form_fields_and_annotations_are_kept() {
    for name in ["form.pdf", "form-indirect.pdf"] {
        let bytes = prepared(name).bytes;
        assert_eq!(fields(&bytes), ["Emri", "Signum1"], "{name}");
        assert_eq!(annotations(&bytes), 2, "{name}");
        let document = Document::load_mem(&bytes).unwrap();
        let form = document
            .catalog()
            .unwrap()
            .get_deref(b"AcroForm", &document)
            .unwrap()
            .as_dict()
            .unwrap();
        assert!(form.has(b"DA") && form.has(b"DR"), "{name}");
    }
}

#[test]
fn second_signature_gets_a_field_of_its_own_and_changes_no_octet_of_the_first() {
    let first = prepared("linearized.pdf").bytes;
    let second = prepare(&first, AT, LIMITS).unwrap();
    assert!(second.bytes.starts_with(&first));
    assert_eq!(fields(&second.bytes), ["Signum1", "Signum2"]);
    assert_eq!(annotations(&second.bytes), 2);
}

#[test]
fn any_changed_octet_outside_the_contents_changes_the_digest() {
    let Prepared {
        mut bytes,
        byte_range,
        digest: expected,
        ..
    } = prepared("plain.pdf");
    for at in 0..bytes.len() {
        let inside = at >= byte_range.first_length && at < byte_range.second_start;
        if inside && at % 4096 != 0 {
            continue;
        }
        bytes[at] ^= 1;
        assert_eq!(digest(&bytes, byte_range).unwrap() == expected, inside, "octet {at}");
        bytes[at] ^= 1;
    }
}

#[test]
fn appended_octets_are_not_overlooked_by_the_digest() {
    let Prepared {
        mut bytes, byte_range, ..
    } = prepared("plain.pdf");
    bytes.push(b'\n');
    assert_eq!(digest(&bytes, byte_range), None);
}

#[test]
fn a_signature_larger_than_its_place_is_refused() {
    let Prepared { bytes, byte_range, .. } = prepared("plain.pdf");
    assert!(embed(bytes.clone(), byte_range, &vec![1; CONTENTS_SIZE]).is_ok());
    let refused = embed(bytes, byte_range, &vec![1; CONTENTS_SIZE + 1]);
    assert_eq!(refused.unwrap_err(), PdfRefused::SignatureTooLarge);
}

#[test]
fn what_must_not_be_signed_is_refused_with_its_reason() {
    let refused = |name: &str| prepare(&fixture(name), AT, LIMITS).unwrap_err();
    assert_eq!(refused("encrypted.pdf"), PdfRefused::Encrypted);
    assert_eq!(refused("xfa.pdf"), PdfRefused::DynamicForm);
    assert_eq!(refused("certified-p1.pdf"), PdfRefused::Certified);
    assert_eq!(prepare(b"PK\x03\x04", AT, LIMITS).unwrap_err(), PdfRefused::NotPdf);
    assert_eq!(
        prepare(&fixture("plain.pdf"), AT, Limits { max_size: 100 }).unwrap_err(),
        PdfRefused::TooLarge
    );
}

#[test]
fn damaged_documents_are_refused_and_never_repaired() {
    let plain = fixture("plain.pdf");
    let cut = &plain[..plain.len() - 40];
    assert!(matches!(prepare(cut, AT, LIMITS), Err(PdfRefused::Malformed(_))));
    let mut shifted = b"%PDF-1.7\n% one line more\n".to_vec();
    shifted.extend_from_slice(&plain[9..]);
    assert!(matches!(prepare(&shifted, AT, LIMITS), Err(PdfRefused::Malformed(_))));
    assert!(matches!(
        prepare(b"%PDF-1.7\n", AT, LIMITS),
        Err(PdfRefused::Malformed(_))
    ));
}

/// Every outcome but a panic is allowed; a success must still have the upload as prefix.
#[test]
fn mutated_documents_never_panic() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for name in ["plain.pdf", "object-streams.pdf", "linearized.pdf", "form-indirect.pdf"] {
        let original = fixture(name);
        for _ in 0..150 {
            let mut mutated = original.clone();
            for _ in 0..=next(4) {
                let at = next(mutated.len());
                match next(3) {
                    0 => mutated[at] = u8::try_from(next(256)).unwrap(),
                    1 => drop(mutated.drain(at..(at + next(30)).min(original.len()).min(mutated.len()))),
                    _ => mutated.insert(at, b"0123456789<>[]()/"[next(17)]),
                }
            }
            if let Ok(prepared) = prepare(&mutated, AT, LIMITS) {
                assert!(prepared.bytes.starts_with(&mutated));
            }
        }
    }
}

/// A table that names one large object a hundred thousand times would take minutes to read without a budget.
#[test]
fn a_table_of_many_entries_for_one_large_object_is_refused() {
    let mut pdf = b"%PDF-1.7\n1 0 obj\n[".to_vec();
    pdf.extend(b"1 ".repeat(200_000));
    pdf.extend(b"]\nendobj\n");
    let start = pdf.len();
    pdf.extend(b"xref\n0 100000\n0000000000 65535 f \n");
    for _ in 1..100_000 {
        pdf.extend(b"0000000009 00000 n \n");
    }
    pdf.extend(format!("trailer\n<</Size 100000/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    assert_eq!(prepare(&pdf, AT, LIMITS).unwrap_err(), PdfRefused::TooComplex);
}
