//! What the CA asks of a subscriber's key: possession, and that it is a good key (EN 319 411-1 section 6.3.1, 6.1.1, P-07).

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Encode, ErrorKind, Reader, Sequence, SliceReader, Tag, TagNumber, Tagged};
use signum_pki::{key_check, signature};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::IssueError;

/// RFC 2986 section 4.2: CertificationRequest.
#[derive(Sequence)]
struct Pkcs10<'a> {
    info: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitStringRef<'a>,
}

/// The key of a PKCS#10 request (DER) as SubjectPublicKeyInfo, after its signature proved possession (RFC 2986 section 3).
pub(crate) fn proven_key(pkcs10: &[u8]) -> Result<Vec<u8>, IssueError> {
    let malformed = |_| IssueError::refused("pkcs10_malformed", "not a PKCS#10 request");
    let request = Pkcs10::from_der(pkcs10).map_err(malformed)?;
    let spki = key_of(&request).and_then(|key| key.to_der()).map_err(malformed)?;
    key_check::check(&spki).map_err(|weakness| IssueError::refused("weak_key", weakness.to_string()))?;
    let signed = request.info.to_der().map_err(malformed)?;
    let proven = signature::is_accepted(&request.algorithm)
        && request
            .signature
            .as_bytes()
            .is_some_and(|octets| signature::verifies(&spki, &request.algorithm, &signed, octets));
    if !proven {
        return Err(IssueError::refused(
            "no_proof_of_possession",
            "the request is not signed with the key it asks to certify",
        ));
    }
    Ok(spki)
}

/// RFC 2986 section 4.1: version 0, subject, key and attributes. What subject and attributes say is not heeded; that they
/// have their form is. Some programs leave attributes out where there are none.
fn key_of(request: &Pkcs10<'_>) -> der::Result<SubjectPublicKeyInfoOwned> {
    request.info.sequence(|info: &mut SliceReader<'_>| {
        if u8::decode(info)? != 0 {
            return Err(ErrorKind::Value { tag: Tag::Integer }.into());
        }
        AnyRef::decode(info)?.tag().assert_eq(Tag::Sequence)?;
        let key = SubjectPublicKeyInfoOwned::decode(info)?;
        if !info.is_finished() {
            let attributes = AnyRef::decode(info)?;
            attributes.tag().assert_eq(ATTRIBUTES)?;
            let mut each = SliceReader::new(attributes.value())?;
            while !each.is_finished() {
                AnyRef::decode(&mut each)?.tag().assert_eq(Tag::Sequence)?;
            }
        }
        Ok(key)
    })
}

/// attributes [0] IMPLICIT.
const ATTRIBUTES: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use der::asn1::BitString;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::hash::MessageDigest;
    use openssl::nid::Nid;
    use openssl::pkey::{PKey, Private};
    use openssl::rsa::Rsa;
    use openssl::sign::Signer;
    use openssl::stack::Stack;
    use openssl::x509::extension::SubjectAlternativeName;
    use openssl::x509::{X509NameBuilder, X509ReqBuilder};

    use super::*;

    fn elliptic(curve: Nid) -> PKey<Private> {
        let group = EcGroup::from_curve_name(curve).unwrap();
        PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
    }

    /// As OpenSSL makes it, with a name and an attribute.
    fn request(key: &PKey<Private>, digest: MessageDigest) -> Vec<u8> {
        let mut request = X509ReqBuilder::new().unwrap();
        request.set_pubkey(key).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "Shembulli").unwrap();
        request.set_subject_name(&name.build()).unwrap();
        let mut wanted = Stack::new().unwrap();
        let names = SubjectAlternativeName::new()
            .dns("example.org")
            .build(&request.x509v3_context(None));
        wanted.push(names.unwrap()).unwrap();
        request.add_extensions(&wanted).unwrap();
        request.sign(key, digest).unwrap();
        request.build().to_der().unwrap()
    }

    fn refusal(pkcs10: &[u8]) -> &'static str {
        match proven_key(pkcs10) {
            Err(IssueError::Refused { code, .. }) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_key_that_is_certified_is_the_one_openssl_put_there() {
        let rsa = PKey::from_rsa(Rsa::generate(3072).unwrap()).unwrap();
        for (key, digest) in [
            (elliptic(Nid::X9_62_PRIME256V1), MessageDigest::sha256()),
            (elliptic(Nid::SECP384R1), MessageDigest::sha384()),
            (elliptic(Nid::SECP384R1), MessageDigest::sha512()),
            (rsa, MessageDigest::sha256()),
        ] {
            let found = proven_key(&request(&key, digest)).unwrap();
            assert_eq!(found, key.public_key_to_der().unwrap());
        }
    }

    #[test]
    fn no_octet_of_a_request_can_be_changed() {
        let whole = request(&elliptic(Nid::X9_62_PRIME256V1), MessageDigest::sha256());
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(proven_key(&changed).is_err(), "octet {at}");
        }
        assert_eq!(refusal(&[whole.as_slice(), &[0]].concat()), "pkcs10_malformed");
        assert_eq!(refusal(&whole[..whole.len() - 1]), "pkcs10_malformed");
    }

    /// A request of fields as `change` leaves them (version, subject, key, attributes, each in DER), signed with `key`.
    fn signed(key: &PKey<Private>, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
        let whole = request(key, MessageDigest::sha256());
        let whole = Pkcs10::from_der(&whole).unwrap();
        let mut fields = Vec::new();
        let mut info = SliceReader::new(whole.info.value()).unwrap();
        while !info.is_finished() {
            fields.push(AnyRef::decode(&mut info).unwrap().to_der().unwrap());
        }
        change(&mut fields);
        let content = fields.concat();
        let info = AnyRef::new(Tag::Sequence, &content).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let signature = signer.sign_oneshot_to_vec(&info.to_der().unwrap()).unwrap();
        let signature = BitStringRef::from_bytes(&signature).unwrap();
        let algorithm = whole.algorithm.clone();
        let made = Pkcs10 {
            info,
            algorithm,
            signature,
        };
        made.to_der().unwrap()
    }

    #[test]
    fn a_proof_over_what_has_not_the_form_of_a_request_is_refused() {
        let key = elliptic(Nid::X9_62_PRIME256V1);
        assert!(proven_key(&signed(&key, |_| ())).is_ok());
        // Written without attributes by some programs.
        assert!(proven_key(&signed(&key, |fields| fields.truncate(3))).is_ok());
        let null = || vec![0x05, 0x00];
        for malformed in [
            signed(&key, |fields| fields[0] = vec![0x02, 0x01, 0x01]),
            signed(&key, |fields| fields[1] = null()),
            signed(&key, |fields| fields[2] = null()),
            signed(&key, |fields| fields[3] = null()),
            signed(&key, |fields| fields[3] = vec![0xa0, 0x02, 0x05, 0x00]),
            signed(&key, |fields| fields[3] = vec![0xa0, 0x03, 0x30, 0x05, 0x00]),
            signed(&key, |fields| fields.push(null())),
            signed(&key, |fields| fields.truncate(2)),
        ] {
            assert_eq!(refusal(&malformed), "pkcs10_malformed");
        }
    }

    #[test]
    fn a_key_in_another_encoding_is_refused_so_that_it_cannot_be_certified_twice() {
        let rsa = PKey::from_rsa(Rsa::generate(3072).unwrap()).unwrap();
        let without_parameters = signed(&rsa, |fields| {
            let mut spki = SubjectPublicKeyInfoOwned::from_der(&fields[2]).unwrap();
            spki.algorithm.parameters = None;
            fields[2] = spki.to_der().unwrap();
        });
        let elliptic = elliptic(Nid::X9_62_PRIME256V1);
        let compressed = signed(&elliptic, |fields| {
            let mut spki = SubjectPublicKeyInfoOwned::from_der(&fields[2]).unwrap();
            let point = spki.subject_public_key.raw_bytes();
            let half = [&[2 + (point[64] & 1)], &point[1..33]].concat();
            spki.subject_public_key = BitString::from_bytes(&half).unwrap();
            fields[2] = spki.to_der().unwrap();
        });
        assert_eq!(refusal(&without_parameters), "weak_key");
        assert_eq!(refusal(&compressed), "weak_key");
    }

    #[test]
    fn a_request_signed_with_another_key_or_with_sha_1_proves_nothing() {
        let (key, other) = (elliptic(Nid::X9_62_PRIME256V1), elliptic(Nid::X9_62_PRIME256V1));
        let digest = MessageDigest::sha256();
        let (own, foreign) = (request(&key, digest), request(&other, digest));
        let own = Pkcs10::from_der(&own).unwrap();
        let foreign = Pkcs10::from_der(&foreign).unwrap();
        let mixed = Pkcs10 {
            info: own.info,
            algorithm: own.algorithm,
            signature: foreign.signature,
        };
        assert_eq!(refusal(&mixed.to_der().unwrap()), "no_proof_of_possession");
        assert_eq!(refusal(&request(&key, MessageDigest::sha1())), "no_proof_of_possession");
    }
}
