//! The token: TSTInfo in CMS SignedData with DER-sorted sets (RFC 3161 section 2.4.2, RFC 5652 section 5, EN 319 422 section 5).
//!
//! Written octet by octet: everything but TSTInfo, digest and signature is the same in all stamps of a unit.

use const_oid::ObjectIdentifier;
use der::Encode;
use der::asn1::{OctetString, Uint};
use sha2::{Digest, Sha256};
use signum_core::Timestamp;
use signum_pki::oid;
use signum_pki::qc::QcStatement;
use signum_pki::tsp::gen_time::GenTime;
use signum_pki::tsp::request::TimeStampReq;
use signum_pki::tsp::response::{Accuracy, TstInfo};

use super::unit::Unit;
use crate::tbs::extension;
use crate::tlv::{self, CONTEXT_0, INTEGER, OCTET_STRING, SEQUENCE};

const SET: u8 = 0x31;
/// AlgorithmIdentifier of SHA-256 without parameters (RFC 5754 section 2).
const SHA256: [u8; 13] = [
    SEQUENCE, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
];

/// DER of the TSTInfo; genTime has milliseconds, rounded down.
///
/// `qualified` adds esi4-qtstStatement-1 (EN 319 422 section 9.1): the stamp is a qualified one of the European Union.
pub(super) fn info(request: &TimeStampReq, serial: &[u8], now: Timestamp, qualified: bool) -> der::Result<Vec<u8>> {
    let statements = || extension(oid::QC_STATEMENTS, false, &vec![QcStatement::qualified_time_stamp()]);
    let since_epoch = now.since(Timestamp(0));
    TstInfo {
        version: 1,
        policy: oid::BTSP,
        message_imprint: request.message_imprint.clone(),
        serial_number: Uint::new(serial)?.into(),
        gen_time: GenTime::from_unix_duration(since_epoch)?,
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

/// The signed attributes contentType, messageDigest (SHA-256) and signingCertificateV2 as one SET OF, which is what is signed
/// (RFC 5652 section 5.4).
pub(crate) struct Attributes(Vec<u8>);

impl Attributes {
    pub(super) fn new(content: &[u8], unit: &Unit) -> der::Result<Self> {
        let digest = OctetString::new(Sha256::digest(content).as_slice())?;
        Ok(Self(set(
            SET,
            vec![
                attribute(oid::CONTENT_TYPE, &oid::TST_INFO.to_der()?)?,
                attribute(oid::MESSAGE_DIGEST, &digest.to_der()?)?,
                unit.named.clone(),
            ],
        )))
    }

    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

/// DER of an Attribute with one value.
pub(super) fn attribute(kind: ObjectIdentifier, value: &[u8]) -> der::Result<Vec<u8>> {
    let mut content = kind.to_der()?;
    tlv::value(&mut content, SET, value);
    let mut out = Vec::with_capacity(content.len() + 4);
    tlv::value(&mut out, SEQUENCE, &content);
    Ok(out)
}

/// A SET OF: members in the order of their octets (X.690 section 11.6).
pub(super) fn set(tag: u8, mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort_unstable();
    let content = members.concat();
    let mut out = Vec::with_capacity(content.len() + 6);
    tlv::value(&mut out, tag, &content);
    out
}

/// DER of the ContentInfo.
pub(super) fn assemble(
    content: &[u8],
    attributes: &Attributes,
    signature: &[u8],
    unit: &Unit,
    with_chain: bool,
) -> der::Result<Vec<u8>> {
    let mut signed = Vec::with_capacity(4096);
    // Version 3, since the content is not id-data (RFC 5652 section 5.1).
    tlv::value(&mut signed, INTEGER, &[3]);
    tlv::value(&mut signed, SET, &SHA256);
    let mut octets = Vec::with_capacity(content.len() + 8);
    tlv::value(&mut octets, OCTET_STRING, content);
    let mut encapsulated = oid::TST_INFO.to_der()?;
    tlv::value(&mut encapsulated, CONTEXT_0, &octets);
    tlv::value(&mut signed, SEQUENCE, &encapsulated);
    if with_chain {
        signed.extend_from_slice(&unit.chain);
    }
    let mut signer = Vec::with_capacity(1024);
    tlv::value(&mut signer, SEQUENCE, &signer_info(attributes, signature, unit));
    tlv::value(&mut signed, SET, &signer);
    let mut whole = Vec::with_capacity(signed.len() + 8);
    tlv::value(&mut whole, SEQUENCE, &signed);
    let mut info = oid::SIGNED_DATA.to_der()?;
    tlv::value(&mut info, CONTEXT_0, &whole);
    let mut out = Vec::with_capacity(info.len() + 8);
    tlv::value(&mut out, SEQUENCE, &info);
    Ok(out)
}

/// The content of the SignerInfo, version 1: the signer is named by issuer and serial number (RFC 5652 section 5.3).
fn signer_info(attributes: &Attributes, signature: &[u8], unit: &Unit) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    tlv::value(&mut out, INTEGER, &[1]);
    out.extend_from_slice(&unit.signer);
    out.extend_from_slice(&SHA256);
    // [0] IMPLICIT in place of the SET's tag.
    out.push(CONTEXT_0);
    out.extend_from_slice(attributes.0.get(1..).unwrap_or_default());
    out.extend_from_slice(&unit.algorithm);
    tlv::value(&mut out, OCTET_STRING, signature);
    out
}
