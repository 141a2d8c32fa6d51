//! The whole way from upload to a B-T file with software keys, checked by our own reading and by outside tools.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use signum_core::Timestamp;
use signum_pki::TimeStampError;

use super::*;
use crate::pades::{self, ByteRange, Limits};
use crate::test_key::{Role, TestKey};

struct Authorities {
    root: TestKey,
    signer: TestKey,
    tsa: TestKey,
}

fn authorities() -> Authorities {
    let root = TestKey::new("TEST Root", &Role::Authority, 1, None);
    let signer = TestKey::new("TEST Signer", &Role::Signer, 2, Some(&root));
    let tsa = TestKey::new("TEST TSA", &Role::TimeStamping, 3, Some(&root));
    Authorities { root, signer, tsa }
}

fn covered(file: &[u8], range: ByteRange) -> Vec<u8> {
    [&file[..range.first_length], &file[range.second_start..]].concat()
}

fn prepared(pdf: &[u8]) -> pades::Prepared {
    let limits = Limits { max_size: 1 << 20 };
    pades::prepare(pdf, Timestamp::from_seconds(1_790_000_000), limits).unwrap()
}

fn signed(a: &Authorities, digest: &[u8; 32]) -> (SignedCms, Vec<u8>) {
    let attributes = a.signer.attributes(digest);
    let signature = a.signer.sign(&attributes);
    let cms = SignedCms::assemble(&attributes, &signature, &a.signer.der(), &[a.root.der()]).unwrap();
    (cms, signature)
}

fn sign_pdf(a: &Authorities, pdf: &[u8], folder: &std::path::Path) -> Vec<u8> {
    let prepared = prepared(pdf);
    let (cms, signature) = signed(a, &prepared.digest);
    let nonce = &[7; 8];
    let response = a.tsa.time_stamp(folder, &query(&signature, nonce).unwrap());
    let token = token(&response, &signature, nonce, &[], &[a.root.der()]).unwrap();
    let cms = cms.with_timestamp(&token.der).unwrap();
    let content = covered(&prepared.bytes, prepared.byte_range);
    let checked = check(cms.as_der(), &content, &prepared.digest, &a.signer.der()).unwrap();
    assert!(checked.timestamped);
    pades::embed(prepared.bytes, prepared.byte_range, cms.as_der()).unwrap()
}

/// With `SIGNUM_PADES_OUT=folder` the files are left there for outside judges.
#[test]
fn every_kind_of_document_is_signed_at_level_b_t() {
    let a = authorities();
    let scratch = tempfile::tempdir().unwrap();
    let out = std::env::var_os("SIGNUM_PADES_OUT").map_or(scratch.path().to_owned(), std::path::PathBuf::from);
    for name in [
        "plain",
        "three-pages",
        "object-streams",
        "linearized",
        "form",
        "form-indirect",
    ] {
        let path = format!("{}/../tests/fixtures/pdf/{name}.pdf", env!("CARGO_MANIFEST_DIR"));
        let once = sign_pdf(&a, &std::fs::read(path).unwrap(), scratch.path());
        std::fs::write(out.join(format!("{name}-signed.pdf")), &once).unwrap();
        let twice = sign_pdf(&a, &once, scratch.path());
        assert!(twice.starts_with(&once));
        std::fs::write(out.join(format!("{name}-signed-twice.pdf")), &twice).unwrap();
    }
    std::fs::write(out.join("root.pem"), a.root.certificate.to_pem().unwrap()).unwrap();
}

#[test]
fn a_signature_over_another_document_is_not_accepted() {
    let a = authorities();
    let (cms, _) = signed(&a, &[1; 32]);
    let refused = check(&cms.to_der().unwrap(), b"text", &[2; 32], &a.signer.der());
    assert!(matches!(refused, Err(CmsError::MessageDigest)));
    // The digest is as stated, the content is not.
    let refused = check(&cms.to_der().unwrap(), b"text", &[1; 32], &a.signer.der());
    assert!(matches!(refused, Err(CmsError::Signature(_))));
}

#[test]
fn a_signature_by_another_key_is_not_accepted() {
    let a = authorities();
    let content = b"text";
    let digest: [u8; 32] = sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(content)).into();
    let (good, _) = signed(&a, &digest);
    assert!(
        !check(&good.to_der().unwrap(), content, &digest, &a.signer.der())
            .unwrap()
            .timestamped
    );
    let attributes = a.signer.attributes(&digest);
    let forged = SignedCms::assemble(&attributes, &a.root.sign(&attributes), &a.signer.der(), &[]).unwrap();
    let refused = check(&forged.to_der().unwrap(), content, &digest, &a.signer.der());
    assert!(matches!(refused, Err(CmsError::Signature(_))));
}

#[test]
fn attributes_that_are_not_der_are_refused() {
    let a = authorities();
    let mut attributes = a.signer.attributes(&[1; 32]);
    let last = attributes.len() - 1;
    attributes.truncate(last);
    assert!(SignedCms::assemble(&attributes, b"", &a.signer.der(), &[]).is_err());
}

#[test]
fn a_token_for_another_signature_or_nonce_is_refused() {
    let a = authorities();
    let folder = tempfile::tempdir().unwrap();
    let nonce = &[9; 8];
    let response = a.tsa.time_stamp(folder.path(), &query(b"signature", nonce).unwrap());
    let roots = [a.root.der()];
    assert!(token(&response, b"signature", nonce, &[], &roots).is_ok());
    let refused = |signature: &[u8], nonce: &[u8; 8]| token(&response, signature, nonce, &[], &roots).unwrap_err();
    assert_eq!(refused(b"another", nonce), TimeStampError::OtherData);
    assert_eq!(refused(b"signature", &[8; 8]), TimeStampError::OtherData);
    let stranger = [TestKey::new("Another Root", &Role::Authority, 1, None).der()];
    let refused = token(&response, b"signature", nonce, &[], &stranger).unwrap_err();
    assert!(matches!(refused, TimeStampError::Certificate(_)));
    // PKIStatusInfo { status rejection(2) }
    let rejected = [0x30, 5, 0x30, 3, 2, 1, 2];
    assert_eq!(
        token(&rejected, b"signature", nonce, &[], &roots).unwrap_err(),
        TimeStampError::Rejected
    );
}
