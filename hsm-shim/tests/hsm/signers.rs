//! Keys of the token behind the certificate and CMS builders and in JWS; OpenSSL judges.

use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cms::builder::{SignedDataBuilder, SignerInfoBuilder};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::signed_data::{EncapsulatedContentInfo, SignerIdentifier};
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_hsm_shim::local::Local;
use signum_hsm_shim::signer::{HsmSignature, HsmSigner};
use signum_hsm_shim::{Hsm, HsmError, KeyUri, SignatureAlgorithm, jws};
use spki::DynSignatureAlgorithmIdentifier;
use x509_cert::Certificate;
use x509_cert::builder::profile::cabf::Root;
use x509_cert::builder::{AsyncBuilder, CertificateBuilder};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfo;
use x509_cert::time::Validity;

use crate::bench::{TOKEN, in_own_process, open_token};
use crate::module::Module;

const ALGORITHMS: [SignatureAlgorithm; 5] = SignatureAlgorithm::ALL;

#[test]
fn every_algorithm_signs_a_certificate_and_a_message_that_openssl_accepts() {
    in_own_process(|directory| {
        let hsm: Arc<dyn Hsm> = Arc::new(Local::new(Arc::new(open_token(directory))));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            for algorithm in ALGORITHMS {
                if algorithm == SignatureAlgorithm::Ed25519 && !Module::under_test().has_ed25519() {
                    continue;
                }
                let key = KeyUri::new(TOKEN, algorithm.name());
                hsm.generate(&key, algorithm.key()).await.unwrap();
                let signer = HsmSigner::open(hsm.clone(), key, algorithm).await.unwrap();
                let certificate = self_signed(&signer).await;
                let pem = directory.join("root.pem");
                std::fs::write(
                    &pem,
                    der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, &certificate.to_der().unwrap())
                        .unwrap(),
                )
                .unwrap();
                openssl(&["verify", "-check_ss_sig", "-CAfile"], &[&pem, &pem]);
                if algorithm != SignatureAlgorithm::Ed25519 {
                    message(&signer, &certificate, directory).await;
                }
            }
        });
    });
}

async fn self_signed(signer: &HsmSigner) -> Certificate {
    let subject = Name::from_str("CN=Test root,O=Signum test,C=XX").unwrap();
    let builder = CertificateBuilder::new(
        Root::new(false, subject).unwrap(),
        SerialNumber::from(42_u32),
        Validity::from_now(Duration::from_secs(3600)).unwrap(),
        SubjectPublicKeyInfo::from_der(&signer.public_key().spki).unwrap(),
    );
    builder.unwrap().build_async::<_, HsmSignature>(signer).await.unwrap()
}

async fn message(signer: &HsmSigner, certificate: &Certificate, directory: &Path) {
    let content = EncapsulatedContentInfo {
        econtent_type: ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1"),
        econtent: Some(der::Any::new(der::Tag::OctetString, b"signed in the token".to_vec()).unwrap()),
    };
    let digest = match signer
        .signature_algorithm_identifier()
        .unwrap()
        .oid
        .to_string()
        .as_str()
    {
        "1.2.840.10045.4.3.3" => "2.16.840.1.101.3.4.2.2",
        _ => "2.16.840.1.101.3.4.2.1",
    };
    let digest = spki::AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new(digest).unwrap(),
        parameters: None,
    };
    let tbs = certificate.tbs_certificate();
    let sid = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: tbs.issuer().clone(),
        serial_number: tbs.serial_number().clone(),
    });
    let info = SignerInfoBuilder::new(sid, digest.clone(), &content, None).unwrap();
    let mut builder = SignedDataBuilder::new(&content);
    builder.add_digest_algorithm(digest).unwrap();
    builder
        .add_certificate(CertificateChoices::Certificate(certificate.clone()))
        .unwrap();
    builder
        .add_signer_info_async::<_, HsmSignature>(info, signer)
        .await
        .unwrap();
    let file = directory.join("message.der");
    std::fs::write(&file, builder.build().unwrap().to_der().unwrap()).unwrap();
    openssl(&["cms", "-verify", "-inform", "DER", "-noverify", "-in"], &[&file]);
}

fn openssl(words: &[&str], files: &[&Path]) {
    let output = Command::new("openssl").args(words).args(files).output().unwrap();
    assert!(
        output.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_compact_token_verifies_and_a_foreign_key_is_noticed() {
    in_own_process(|directory| {
        let hsm = Local::new(Arc::new(open_token(directory)));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (key, es256) = (KeyUri::new(TOKEN, "tokens"), SignatureAlgorithm::EcdsaSha256);
            let public = hsm.generate(&key, es256.key()).await.unwrap();
            let header = r#"{"alg":"ES256"}"#;
            let token = jws::compact(&hsm, &key, es256, Some(&public.spki), header, b"{}")
                .await
                .unwrap();
            let (input, signature) = token.rsplit_once('.').unwrap();
            assert_eq!(input, "eyJhbGciOiJFUzI1NiJ9.e30");
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            assert!(crate::faults::patient::verifies(
                &public.spki,
                &Sha256::digest(input),
                &signature
            ));
            let foreign = jws::compact(&hsm, &key, es256, Some(b"another"), header, b"{}").await;
            assert_eq!(foreign, Err(HsmError::PublicKeyMismatch("tokens".into())));
        });
    });
}
