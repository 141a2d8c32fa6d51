//! A certificate's subject against the distinguished name that a client registered (RFC 8705 section 2.1.2, RFC 4514): the same
//! attributes in the same order with the same text, whichever string types the authority encoded them in. Nothing else is
//! forgiven: no other case, no other spaces.

use std::str::FromStr;

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Tag, Tagged};
use x509_cert::name::{Name, RelativeDistinguishedName};

/// Whether `text` is a name as RFC 4514 writes it, every value of it text.
pub(crate) fn is_one(text: &str) -> bool {
    Name::from_str(text).is_ok_and(|name| !name.is_empty() && name.iter_rdn().all(|rdn| attributes(rdn).is_some()))
}

/// Whether `subject` is the name that `registered` writes.
pub(super) fn same(registered: &str, subject: &Name) -> bool {
    // RFC 4514 writes the last first, and the parser turns that round.
    let Ok(registered) = Name::from_str(registered) else {
        return false;
    };
    let one = |a, b| attributes(a).is_some_and(|a| Some(a) == attributes(b));
    !subject.is_empty()
        && registered.len() == subject.len()
        && registered.iter_rdn().zip(subject.iter_rdn()).all(|(a, b)| one(a, b))
}

/// The attributes of one step of the name; their order in a set says nothing. `None` where a value is no text.
fn attributes(rdn: &RelativeDistinguishedName) -> Option<Vec<(ObjectIdentifier, String)>> {
    let read = |attribute: &AttributeTypeAndValue| Some((attribute.oid, text(attribute)?));
    let mut all = rdn.iter().map(read).collect::<Option<Vec<_>>>()?;
    all.sort();
    Some(all)
}

fn text(attribute: &AttributeTypeAndValue) -> Option<String> {
    let octets = attribute.value.value();
    let text = match attribute.value.tag() {
        Tag::Utf8String => String::from_utf8(octets.to_vec()).ok()?,
        // T.61 has characters that nobody agrees about; what is beyond ASCII is no text here.
        Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString | Tag::TeletexString => {
            let text = std::str::from_utf8(octets).ok().filter(|text| text.is_ascii())?;
            text.to_owned()
        }
        Tag::BmpString => {
            let (units, rest) = octets.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            let text: Result<String, _> = char::decode_utf16(units).collect();
            text.ok().filter(|_| rest.is_empty())?
        }
        _ => return None,
    };
    (!text.is_empty() && !text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use x509_cert::der::asn1::{Any, SetOfVec};

    const C: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
    const O: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
    const CN: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

    fn step(values: &[(ObjectIdentifier, Tag, &[u8])]) -> RelativeDistinguishedName {
        let values = values.iter().map(|(oid, tag, octets)| AttributeTypeAndValue {
            oid: *oid,
            value: Any::new(*tag, *octets).unwrap(),
        });
        let set = SetOfVec::try_from(values.collect::<Vec<_>>()).unwrap();
        let mut rdn = RelativeDistinguishedName::default();
        for value in set.into_vec() {
            rdn.insert(value).unwrap();
        }
        rdn
    }

    /// As a certificate has it: the country first.
    fn subject(steps: &[RelativeDistinguishedName]) -> Name {
        use x509_cert::der::{Decode, Encode};
        Name::from_der(&steps.to_vec().to_der().unwrap()).unwrap()
    }

    fn of(organisation: (Tag, &[u8])) -> Name {
        let (tag, octets) = organisation;
        subject(&[
            step(&[(C, Tag::PrintableString, b"XK")]),
            step(&[(O, tag, octets)]),
            step(&[(CN, Tag::Utf8String, b"client 7")]),
        ])
    }

    #[test]
    fn the_string_type_of_a_value_says_nothing() {
        let utf16: Vec<u8> = "Agency".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for organisation in [
            (Tag::Utf8String, &b"Agency"[..]),
            (Tag::PrintableString, b"Agency"),
            (Tag::TeletexString, b"Agency"),
            (Tag::BmpString, &utf16),
        ] {
            assert!(same("CN=client 7,O=Agency,C=XK", &of(organisation)), "{organisation:?}");
        }
    }

    #[test]
    fn another_order_case_space_value_or_number_of_attributes_is_another_name() {
        let subject = of((Tag::PrintableString, b"Agency"));
        for other in [
            "",
            "C=XK,O=Agency,CN=client 7",
            "CN=client 7,O=agency,C=XK",
            "CN=client  7,O=Agency,C=XK",
            "CN=client 7, O=Agency, C=XK",
            "CN=client 7 ,O=Agency,C=XK",
            "CN=client 77,O=Agency,C=XK",
            "CN=client 7,OU=Agency,C=XK",
            "CN=client 7,O=Agency",
            "O=Agency,C=XK",
            "CN=client 7+O=Agency,C=XK",
            "CN=client 7,O=Agency,C=XK,C=XK",
            "no name",
        ] {
            assert!(!same(other, &subject), "{other}");
        }
        assert!(!same("CN=x", &subject_of_nothing()));
    }

    fn subject_of_nothing() -> Name {
        Name::default()
    }

    #[test]
    fn values_of_one_step_stand_in_any_order_and_escapes_are_read() {
        let both = subject(&[step(&[
            (CN, Tag::Utf8String, "Çelësi, i dytë".as_bytes()),
            (O, Tag::Utf8String, b"A+B"),
        ])]);
        assert!(same(r"CN=Çelësi\, i dytë+O=A\+B", &both));
        assert!(same(r"O=A\+B+CN=Çelësi\, i dytë", &both));
        assert!(!same(r"O=A\+B", &both));
    }

    #[test]
    fn what_is_no_text_is_never_the_same() {
        for odd in [
            (Tag::TeletexString, &b"Ag\xe9ncy"[..]),
            (Tag::Utf8String, b"\xff"),
            (Tag::BmpString, b"\0A\0"),
            (Tag::BmpString, b"\xd8\0"),
            (Tag::OctetString, b"Agency"),
            (Tag::Utf8String, b""),
            (Tag::Utf8String, b"Agency\0"),
        ] {
            let subject = of(odd);
            for registered in ["CN=client 7,O=Agency,C=XK", "CN=client 7,O=,C=XK"] {
                assert!(!same(registered, &subject), "{odd:?}");
            }
        }
        assert!(!is_one("CN=#0406") && !is_one("") && !is_one("CN=") && !is_one("agency"));
        assert!(is_one("CN=client 7,O=Agency,C=XK"));
    }
}
