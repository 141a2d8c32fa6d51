//! DER by hand where structures are too many or too long for a tree of values: tag and length (X.690 section 8.1).

pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const BIT_STRING: u8 = 0x03;
/// [0], constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;

/// Appends tag and length of a value of `length` octets.
pub(crate) fn head(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    let octets = length.to_be_bytes();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let significant = octets.get(zeros..).unwrap_or_default();
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            out.extend_from_slice(significant);
        }
    }
}

/// How many octets tag and length take.
pub(crate) fn head_length(length: usize) -> usize {
    let mut out = Vec::with_capacity(10);
    head(&mut out, SEQUENCE, length);
    out.len()
}

/// Appends a whole value.
pub(crate) fn value(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    head(out, tag, content.len());
    out.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use der::Encode;
    use der::asn1::OctetString;

    #[test]
    fn lengths_are_those_of_the_der_crate() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let mut ours = Vec::new();
            value(&mut ours, OCTET_STRING, &vec![7; length]);
            let theirs = OctetString::new(vec![7; length]).unwrap().to_der().unwrap();
            assert_eq!(ours, theirs, "{length}");
            assert_eq!(ours.len(), head_length(length) + length);
        }
    }
}
