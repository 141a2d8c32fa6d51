//! Comparison of directory names for name constraints (RFC 5280 sections 4.2.1.10 and 7.1): case and spaces do not matter,
//! lest an excluded name pass in other letters.

use der::Encode;
use der::asn1::{Any, BmpString, Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use der::{Tag, Tagged};
use x509_cert::name::{Name, RelativeDistinguishedName};

/// Whether `name` begins with all the relative names of `base`, in order.
pub(super) fn is_within(name: &Name, base: &Name) -> bool {
    let (mut name, mut base) = (name.iter_rdn(), base.iter_rdn());
    base.all(|expected| name.next().is_some_and(|found| canonical(found) == canonical(expected)))
}

/// Type and value of each attribute, in a fixed order.
fn canonical(rdn: &RelativeDistinguishedName) -> Vec<(String, Vec<u8>)> {
    let mut attributes: Vec<_> = rdn
        .iter()
        .map(|a| (a.oid.to_string(), canonical_value(&a.value)))
        .collect();
    attributes.sort();
    attributes
}

/// Text in lower case with single spaces; what is no text, as it stands.
fn canonical_value(value: &Any) -> Vec<u8> {
    match text(value) {
        Some(text) => text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
            .into_bytes(),
        None => value.to_der().unwrap_or_default(),
    }
}

/// The text of a DirectoryString or IA5String.
pub(super) fn text(value: &Any) -> Option<String> {
    let value = value.to_ref();
    match value.tag() {
        Tag::Utf8String => value
            .decode_as::<Utf8StringRef<'_>>()
            .ok()
            .map(|s| s.as_str().to_owned()),
        Tag::PrintableString => value
            .decode_as::<PrintableStringRef<'_>>()
            .ok()
            .map(|s| s.as_str().to_owned()),
        Tag::Ia5String => value
            .decode_as::<Ia5StringRef<'_>>()
            .ok()
            .map(|s| s.as_str().to_owned()),
        Tag::TeletexString => value
            .decode_as::<TeletexStringRef<'_>>()
            .ok()
            .map(|s| s.as_str().to_owned()),
        Tag::BmpString => value.decode_as::<BmpString>().ok().map(|s| s.to_string()),
        _ => None,
    }
}
