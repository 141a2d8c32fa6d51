//! The token: TSTInfo in CMS SignedData with DER-sorted sets (RFC 3161 section 2.4.2, RFC 5652 section 5, EN 319 422 section 5).

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, OctetString, SetOfVec, Uint};
use der::{Decode, Encode};
use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_pki::oid;
use signum_pki::qc::QcStatement;
use signum_pki::tsp::request::TimeStampReq;
use signum_pki::tsp::response::{Accuracy, TstInfo};
use signum_pki::tsp::signing_certificate::SigningCertificateV2;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;

use crate::tbs::{extension, generalized_time};

/// DER of the TSTInfo. genTime has whole seconds, rounded down, which the accuracy of one second covers.
///
/// `qualified` adds esi4-qtstStatement-1 (EN 319 422 section 9.1): the stamp is a qualified one of the European Union.
pub(super) fn info(request: &TimeStampReq, serial: &[u8], now: Timestamp, qualified: bool) -> der::Result<Vec<u8>> {
    let statements = || extension(oid::QC_STATEMENTS, false, &vec![QcStatement::qualified_time_stamp()]);
    TstInfo {
        version: 1,
        policy: oid::BTSP,
        message_imprint: request.message_imprint.clone(),
        serial_number: Uint::new(serial)?.into(),
        gen_time: generalized_time(now)?,
        accuracy: Some(Accuracy {
            seconds: Some(1),
            millis: None,
            micros: None,
        }),
        ordering: false,
        nonce: request.nonce.clone(),
        tsa: None,
        extensions: qualified.then(statements).transpose()?.map(|e| vec![e]),
    }
    .to_der()
}

/// contentType, messageDigest (SHA-256) and signingCertificateV2.
pub(super) fn attributes(content: &[u8], certificate: &[u8], parsed: &Certificate) -> der::Result<SignedAttributes> {
    let tbs = parsed.tbs_certificate();
    let named = SigningCertificateV2::sha256(certificate, tbs.issuer().clone(), tbs.serial_number().clone())?;
    let digest = OctetString::new(Sha256::digest(content).as_slice())?;
    SetOfVec::try_from(vec![
        attribute(oid::CONTENT_TYPE, &oid::TST_INFO)?,
        attribute(oid::MESSAGE_DIGEST, &digest)?,
        attribute(oid::SIGNING_CERTIFICATE_V2, &named)?,
    ])
}

fn attribute<T: Encode>(kind: ObjectIdentifier, value: &T) -> der::Result<Attribute> {
    Ok(Attribute {
        oid: kind,
        values: SetOfVec::try_from(vec![Any::from_der(&value.to_der()?)?])?,
    })
}

/// DER of the ContentInfo.
pub(super) fn assemble(
    content: Vec<u8>,
    attributes: SignedAttributes,
    signature: Vec<u8>,
    algorithm: AlgorithmIdentifierOwned,
    signer: &Certificate,
    chain: Vec<Certificate>,
) -> der::Result<Vec<u8>> {
    let sha256 = AlgorithmIdentifierOwned {
        oid: oid::SHA256,
        parameters: None,
    };
    let tbs = signer.tbs_certificate();
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: tbs.issuer().clone(),
            serial_number: tbs.serial_number().clone(),
        }),
        digest_alg: sha256.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let chain: Vec<_> = chain.into_iter().map(CertificateChoices::Certificate).collect();
    let certificates = (!chain.is_empty())
        .then(|| CertificateSet::try_from(chain))
        .transpose()?;
    let data = SignedData {
        // Version 3, since the content is not id-data (RFC 5652 section 5.1).
        version: CmsVersion::V3,
        digest_algorithms: SetOfVec::try_from(vec![sha256])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: oid::TST_INFO,
            econtent: Some(Any::from_der(&OctetString::new(content)?.to_der()?)?),
        },
        certificates,
        crls: None,
        signer_infos: SignerInfos::try_from(vec![info])?,
    };
    ContentInfo {
        content_type: oid::SIGNED_DATA,
        content: Any::from_der(&data.to_der()?)?,
    }
    .to_der()
}
