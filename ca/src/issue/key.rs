//! What the CA asks of a subscriber's key: possession, and that it is a good key (EN 319 411-1 section 6.3.1, 6.1.1, P-07).

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Encode, Reader, Sequence, SliceReader};
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

/// RFC 2986 section 4.1: version, subject and key; what follows is not heeded.
fn key_of(request: &Pkcs10<'_>) -> der::Result<SubjectPublicKeyInfoOwned> {
    request.info.sequence(|info: &mut SliceReader<'_>| {
        u8::decode(info)?;
        AnyRef::decode(info)?;
        let key = SubjectPublicKeyInfoOwned::decode(info)?;
        info.read_slice(info.remaining_len())?;
        Ok(key)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use openssl::ec::{EcGroup, EcKey};
    use openssl::hash::MessageDigest;
    use openssl::nid::Nid;
    use openssl::pkey::{PKey, Private};
    use openssl::rsa::Rsa;
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
