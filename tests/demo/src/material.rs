//! A signed PDF taken apart: ByteRange and CMS (ISO 32000-2 section 12.8.1), the signature value and the timestamp token
//! in its unsigned attribute (RFC 5652 section 5.3, RFC 3161 appendix A), the signer's certificate.

use anyhow::{Context, Result, bail, ensure};
use cms::{
    cert::CertificateChoices,
    content_info::ContentInfo,
    signed_data::{SignedData, SignerIdentifier},
};
use der::{Decode, Encode, asn1::ObjectIdentifier};

/// id-aa-signatureTimeStampToken (RFC 3161 appendix A).
const SIGNATURE_TIMESTAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// The parts of the last signature of a PDF, as files for the judges.
#[derive(Debug)]
pub(crate) struct Material {
    /// The octets the ByteRange covers.
    pub(crate) signed_bytes: Vec<u8>,
    /// DER of the CMS.
    pub(crate) cms: Vec<u8>,
    /// The signature value, over which the timestamp is made.
    pub(crate) signature: Vec<u8>,
    /// DER of the RFC 3161 token.
    pub(crate) timestamp: Vec<u8>,
    /// DER of the signer's certificate.
    pub(crate) signer: Vec<u8>,
}

impl Material {
    /// Takes the last signature of a PDF apart; the ByteRange must cover everything but the signature itself.
    pub(crate) fn of(pdf: &[u8]) -> Result<Self> {
        let [first, first_length, second, second_length] = byte_range(pdf)?;
        ensure!(first == 0, "the ByteRange does not begin at the first octet");
        ensure!(
            second.checked_add(second_length) == Some(pdf.len()),
            "the ByteRange does not end with the file"
        );
        let part = |from: usize, to: usize| pdf.get(from..to).context("the ByteRange leads outside the file");
        let contents = part(first_length, second)?;
        let hexadecimal = contents
            .strip_prefix(b"<")
            .and_then(|rest| rest.strip_suffix(b">"))
            .context("the gap of the ByteRange is not exactly the signature")?;
        let padded = hex::decode(hexadecimal).context("the signature is not hexadecimal")?;
        let cms = der_of(&padded)?.to_vec();
        let signed_bytes = [part(0, first_length)?, part(second, pdf.len())?].concat();
        let (signature, timestamp, signer) = of_cms(&cms)?;
        Ok(Self {
            signed_bytes,
            cms,
            signature,
            timestamp,
            signer,
        })
    }
}

fn byte_range(pdf: &[u8]) -> Result<[usize; 4]> {
    let name = b"/ByteRange";
    let at = pdf
        .windows(name.len())
        .rposition(|window| window == name)
        .context("the PDF has no /ByteRange")?;
    let rest = pdf.get(at + name.len()..).unwrap_or_default();
    let open = rest
        .iter()
        .position(|octet| *octet == b'[')
        .context("/ByteRange is not an array")?;
    let close = rest
        .iter()
        .position(|octet| *octet == b']')
        .context("/ByteRange is not an array")?;
    let inside = std::str::from_utf8(rest.get(open + 1..close).unwrap_or_default())?;
    let numbers: Vec<usize> = inside.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    numbers
        .try_into()
        .map_err(|_| anyhow::anyhow!("/ByteRange has not four numbers"))
}

/// The DER value at the beginning of octets that end in padding; the padding must be zeros.
fn der_of(padded: &[u8]) -> Result<&[u8]> {
    let length = match padded {
        [0x30, short, ..] if *short < 0x80 => 2 + usize::from(*short),
        [0x30, 0x81, a, ..] => 3 + usize::from(*a),
        [0x30, 0x82, a, b, ..] => 4 + usize::from(u16::from_be_bytes([*a, *b])),
        [0x30, 0x83, a, b, c, ..] => 5 + usize::try_from(u32::from_be_bytes([0, *a, *b, *c]))?,
        _ => bail!("the signature is not DER"),
    };
    let padding = padded.get(length..).context("the signature is cut short")?;
    ensure!(
        padding.iter().all(|octet| *octet == 0),
        "something hides behind the signature"
    );
    Ok(padded.get(..length).unwrap_or_default())
}

type Parts = (Vec<u8>, Vec<u8>, Vec<u8>);

fn of_cms(cms: &[u8]) -> Result<Parts> {
    let content = ContentInfo::from_der(cms).context("the CMS is not DER")?;
    let data: SignedData = content.content.decode_as().context("the CMS is not SignedData")?;
    let [signer] = data.signer_infos.0.as_slice() else {
        bail!("the CMS has not exactly one signer")
    };
    let token = signer
        .unsigned_attrs
        .iter()
        .flat_map(|attributes| attributes.iter())
        .find(|attribute| attribute.oid == SIGNATURE_TIMESTAMP)
        .and_then(|attribute| attribute.values.get(0))
        .context("the signature carries no timestamp (it is B-B, not B-T)")?
        .to_der()?;
    let SignerIdentifier::IssuerAndSerialNumber(named) = &signer.sid else {
        bail!("the signer is not named by issuer and serial number");
    };
    let certificate = data
        .certificates
        .iter()
        .flat_map(|set| set.0.iter())
        .find_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => Some(certificate).filter(|certificate| {
                let body = certificate.tbs_certificate();
                body.issuer() == &named.issuer && body.serial_number() == &named.serial_number
            }),
            CertificateChoices::Other(_) => None,
        })
        .context("the CMS does not carry the signer's certificate")?;
    Ok((signer.signature.as_bytes().to_vec(), token, certificate.to_der()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn octets_hidden_behind_the_signature_are_found() {
        assert_eq!(der_of(&[0x30, 1, 5, 0, 0]).unwrap(), [0x30, 1, 5]);
        assert!(der_of(&[0x30, 1, 5, 0, 7]).is_err());
        assert!(der_of(&[0x30, 0x82, 1, 0]).is_err());
    }

    #[test]
    fn a_byte_range_that_leaves_octets_out_is_refused() {
        let whole = |range: &str| format!("%PDF /ByteRange {range} <3000>").into_bytes();
        for range in ["[0 5 9 1]", "[1 2 3 4]", "[0 1 2]", "[0 99 99 1]"] {
            assert!(Material::of(&whole(range)).is_err(), "{range}");
        }
    }
}
